"""Who gets in: tokens, passwords, and what is kept of them."""

from __future__ import annotations

import hmac
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import DatabaseError
from hypothesis import given
from hypothesis import strategies as st

from wattledger.apps.accounts import tokens
from wattledger.apps.accounts.models import ApiToken, User
from wattledger.apps.accounts.passwords import SPECIAL, weaknesses
from wattledger.apps.accounts.tokens import create_token, digest_of, find_token
from wattledger.apps.accounts.tries import MOST_OF_ALL, MOST_TRIES, PAUSE, note_right, note_wrong, pause_left
from wattledger.plant import DataFolder

GOOD = "Correct-Horse7"


def test_a_token_acts_as_its_user(api: Any) -> None:
    me = api.get("/me")

    assert (me["identifier"], me["profile"], me["must_change_password"]) == ("admin", "administrator", True)
    assert me["rights"] == ["administer", "configure", "open", "operate", "own"]


@pytest.mark.parametrize(
    "header",
    [
        None, "", "Bearer", "Bearer ", "Bearer wrong", "Basic YWRtaW46YWRtaW4=", "bearer\twl_x", "wl_x",
        "Bearer " + "x" * 5000, "Bearer é",
    ],
)  # fmt: skip
def test_what_is_no_valid_token_is_refused(caller: Callable[..., Any], header: str | None) -> None:
    response = caller("anonymous")("GET", "/me", **({} if header is None else {"Authorization": header}))

    assert response.status_code == 401
    assert response.headers["WWW-Authenticate"] == "Bearer"
    assert response.json()["code"] == "not_authenticated"


def test_the_secret_of_a_token_is_kept_nowhere(folder: DataFolder, api: Any) -> None:
    made = api.post("/tokens", {"name": "Export"}, Idempotency_Key="once")
    again = api.post("/tokens", {"name": "Export"}, Idempotency_Key="once")

    assert made["secret"].startswith("wl_")
    assert len(made["secret"]) == 46
    assert made["prefix"] == made["secret"][:8]
    assert again == made | {"secret": None}
    everything = b"".join(path.read_bytes() for path in folder.root.rglob("*") if path.is_file())
    assert made["secret"].encode() not in everything
    assert digest_of(made["secret"]).encode() in everything


def test_a_revoked_token_opens_nothing_and_stays_in_the_list(api: Any, caller: Callable[..., Any]) -> None:
    made = api.post("/tokens", {"name": "Export"})
    other = type(api)(made["secret"])

    assert other("GET", "/me").status_code == 200
    assert api("DELETE", f"/tokens/{made['id']}").status_code == 204
    assert api("DELETE", f"/tokens/{made['id']}").status_code == 204

    assert other("GET", "/me").status_code == 401
    assert [row["name"] for row in api.get("/tokens")["items"] if row["revoked"]] == ["Export"]
    codes = [event["code"] for event in api.get("/events?code=token_revoked&code=token_created")["items"]]
    assert codes == ["token_revoked", "token_created", "token_created"]


def test_nobody_sees_or_revokes_the_tokens_of_others(api: Any, caller: Callable[..., Any]) -> None:
    made = api.post("/tokens", {"name": "Export"})
    viewer = caller("viewer")

    assert [row["name"] for row in viewer.get("/tokens")["items"]] == ["tests"]
    assert viewer("DELETE", f"/tokens/{made['id']}").status_code == 404
    assert type(api)(made["secret"])("GET", "/me").status_code == 200


def test_an_expired_token_opens_nothing(folder: DataFolder) -> None:
    user = User.objects.get(identifier="admin")
    ends = datetime(2026, 12, 1, tzinfo=UTC)
    secret = create_token(user, name="short", expires=ends, actor="tests").secret

    assert find_token(secret, now=lambda: ends - timedelta(seconds=1)) is not None
    assert find_token(secret, now=lambda: ends) is None


def test_the_tokens_of_a_disabled_user_open_nothing(api: Any, caller: Callable[..., Any]) -> None:
    viewer = caller("viewer")
    assert viewer("GET", "/me").status_code == 200

    User.objects.filter(identifier="viewer").update(enabled=False)

    assert viewer("GET", "/me").status_code == 401


def test_digests_are_compared_in_constant_time(folder: DataFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    secret = create_token(User.objects.get(identifier="admin"), name="x", actor="tests").secret
    compared = []
    monkeypatch.setattr(hmac, "compare_digest", lambda a, b: compared.append((a, b)) or a == b)

    assert find_token(secret) is not None
    assert compared == [(digest_of(secret), digest_of(secret))]


def test_the_use_of_a_token_is_written_at_most_every_two_minutes(folder: DataFolder) -> None:
    token = create_token(User.objects.get(identifier="admin"), name="x", actor="tests").token
    start = datetime(2026, 11, 1, tzinfo=UTC)

    noted = []
    for seconds in (0, 60, 119, 120, 130, 0):  # and the clock went back in the end
        token.refresh_from_db()
        tokens.note_use(token, at=start + timedelta(seconds=seconds))
        token.refresh_from_db()
        assert token.last_used is not None
        noted.append((token.last_used - start).total_seconds())

    assert noted == [0, 0, 0, 120, 120, 0]


def test_a_locked_database_does_not_refuse_readers(api: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def locked(*_: object, **__: object) -> None:
        raise DatabaseError("database is locked")

    monkeypatch.setattr("django.db.models.query.QuerySet.update", locked)

    assert api("GET", "/me").status_code == 200


@pytest.mark.parametrize("password", ["Hager2016.1", "_Hager2017", GOOD, "Ünïcodé-9€" + "x" * 118])
def test_good_passwords_are_taken(password: str) -> None:
    assert list(weaknesses(password, identifier="admin")) == []


@pytest.mark.parametrize(
    ("password", "code"),
    [
        ("Ab1-xyz", "password_short"),
        ("Ab1-" + "x" * 125, "password_long"),
        ("abc-1234", "password_upper"),
        ("ABC-1234", "password_lower"),
        ("Abc-defg", "password_digit"),
        ("Abcd1234", "password_special"),
        ("Abcd1234€", "password_special"),
        ("My-Admin-1", "password_identifier"),
    ],
)
def test_weak_passwords_are_refused_with_the_reason(password: str, code: str) -> None:
    assert [found for found, _ in weaknesses(password, identifier="admin")] == [code]


@given(st.text(alphabet=SPECIAL + "aA1 é", max_size=30))
def test_a_password_is_judged_by_its_signs_alone(password: str) -> None:
    codes = {code for code, _ in weaknesses(password, identifier="nobody")}

    assert ("password_special" in codes) is not any(sign in SPECIAL for sign in password)
    assert ("password_short" in codes) is (len(password) < 8)


def test_changing_the_password_asks_for_the_old_one(api: Any) -> None:
    wrong = api("POST", "/me/password", {"old": "Admin", "new": GOOD})
    weak = api("POST", "/me/password", {"old": "admin", "new": "admin"})
    done = api("POST", "/me/password", {"old": "admin", "new": GOOD})

    assert (wrong.json()["field"], wrong.json()["code"]) == ("old", "wrong_password")
    assert {error["code"] for error in weak.json()["errors"]} >= {"password_short", "password_identifier"}
    assert done.status_code == 204
    assert User.objects.get(identifier="admin").check_password(GOOD)
    assert api.get("/me")["must_change_password"] is False
    assert api("POST", "/me/password", {"old": GOOD, "new": GOOD}).json()["code"] == "password_same"


def test_guessing_the_old_password_ends_soon(api: Any) -> None:
    guesses = [api("POST", "/me/password", {"old": f"guess {n}", "new": GOOD}) for n in range(MOST_TRIES)]

    locked = api("POST", "/me/password", {"old": "admin", "new": GOOD})

    assert {guess.status_code for guess in guesses} == {422}
    assert (locked.status_code, locked.json()["code"]) == (429, "too_many_requests")
    assert "Retry-After" in locked.headers
    assert [event["actor"] for event in api.get("/events?code=login_refused")["items"]] == ["admin"]


HERE, THERE = "192.0.2.7", "192.0.2.8"


def test_the_fifth_wrong_password_begins_a_pause_that_ends_by_itself(folder: DataFolder) -> None:
    now = datetime(2026, 11, 24, 12, tzinfo=UTC)

    lefts = [note_wrong("claire", HERE, now=now).left for _ in range(MOST_TRIES)]

    assert lefts == [4, 3, 2, 1, 0]
    assert pause_left("claire", HERE, now=now) == PAUSE
    assert pause_left("claire", THERE, now=now) == timedelta()
    assert pause_left("other", HERE, now=now) == timedelta()
    assert pause_left("claire", HERE, now=now + PAUSE) == timedelta()
    assert note_wrong("claire", HERE, now=now + PAUSE + timedelta(seconds=1)).left == MOST_TRIES - 1


def test_a_right_password_forgives_those_that_were_wrong_before(folder: DataFolder) -> None:
    for _ in range(MOST_TRIES - 1):
        note_wrong("claire", HERE)

    note_right("claire", HERE)

    assert note_wrong("claire", HERE).left == MOST_TRIES - 1


def test_many_addresses_or_many_names_do_not_get_around_the_pause(folder: DataFolder) -> None:
    for number in range(MOST_OF_ALL):
        note_wrong("claire", f"198.51.100.{number}")
        note_wrong(f"name{number}", HERE)

    assert pause_left("claire", THERE) > timedelta()
    assert pause_left("somebody", HERE) > timedelta()
    assert pause_left("somebody", THERE) == timedelta()


def test_all_addresses_of_one_ipv6_network_count_as_one(folder: DataFolder) -> None:
    for number in range(MOST_TRIES):
        note_wrong("claire", f"2001:db8:1:2::{number + 1}")

    assert pause_left("claire", "2001:db8:1:2:ffff::1") > timedelta()
    assert pause_left("claire", "2001:db8:1:3::1") == timedelta()


def test_a_clock_that_was_set_back_locks_nobody_out(folder: DataFolder) -> None:
    now = datetime(2026, 11, 24, 12, tzinfo=UTC)
    for _ in range(MOST_TRIES):
        note_wrong("claire", HERE, now=now + timedelta(days=300))

    assert pause_left("claire", HERE, now=now) == timedelta()
    assert note_wrong("claire", HERE, now=now).left == MOST_TRIES - 1


def test_no_password_is_kept_of_a_repeatable_request(folder: DataFolder, api: Any) -> None:
    api.post("/me/password", {"old": "admin", "new": GOOD}, Idempotency_Key="change")
    again = api("POST", "/me/password", {"old": "admin", "new": GOOD}, Idempotency_Key="change")

    assert again.status_code == 204
    assert again.headers["Idempotent-Replay"] == "true"
    everything = b"".join(path.read_bytes() for path in Path(folder.root).rglob("*") if path.is_file())
    assert GOOD.encode() not in everything
    assert ApiToken.objects.count() == 1
