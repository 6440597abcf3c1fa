"""People at browsers: logging in and out, what comes first, idleness, and the API by login."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.test import Client, override_settings

from wattledger.apps.accounts.models import ApiToken, BrowserSession, User
from wattledger.apps.accounts.rights import Right
from wattledger.apps.accounts.sessions import COOKIE, IDLE, MOST_SESSIONS, begin_session, note_use
from wattledger.apps.accounts.tries import MOST_TRIES
from wattledger.apps.measurements.stream import may_still
from wattledger.apps.rest.server import journal
from wattledger.journal import Code
from wattledger.plant import DataFolder

GOOD = "Tilleul-2026"


def log_in(client: Client, identifier: str = "admin", password: str = "admin", **more: str) -> Any:
    return client.post("/login/", {"identifier": identifier, "password": password, **more})


def codes() -> list[str]:
    return [event.code for event in journal().events().events]


def test_the_first_login_leads_through_licence_and_password_to_the_page_that_was_asked_for(folder: DataFolder) -> None:
    client = Client()
    first = client.get("/operation/alarms/?show=all")
    entered = log_in(client, next="/operation/alarms/?show=all")

    assert first.headers["Location"] == "/login/?next=%2Foperation%2Falarms%2F%3Fshow%3Dall"
    assert entered.headers["Location"] == "/operation/alarms/?show=all"
    assert client.get("/").headers["Location"] == "/first/licence/"
    client.post("/first/licence/")
    assert client.get("/").headers["Location"] == "/first/password/"
    weak = client.post("/first/password/", {"old": "admin", "new": "admin", "repeated": "admin"})
    assert weak.status_code == 422
    done = client.post("/first/password/", {"old": "admin", "new": GOOD, "repeated": GOOD})
    assert done.headers["Location"] == "/"
    assert client.get("/").status_code == 200
    admin = User.objects.get(identifier="admin")
    assert (admin.duty, admin.check_password(GOOD)) == (None, True)
    assert codes().count(Code.LICENCE_ACCEPTED) == 1


def test_a_wrong_password_says_how_many_tries_are_left_and_nothing_of_who_exists(folder: DataFolder) -> None:
    answers = [log_in(Client(), name, "wrong").content.decode() for name in ("admin", "nobody")]

    shown = [re.search(r"Unknown name or password\. (\d) tries left", page) for page in answers]
    assert [found and found[1] for found in shown] == ["4", "4"]
    assert User.objects.get(identifier="admin").last_login is None


def test_after_too_many_tries_even_the_right_password_waits_also_after_a_restart(folder: DataFolder) -> None:
    for _ in range(MOST_TRIES):
        log_in(Client(), password="wrong")

    locked = log_in(Client())

    assert locked.status_code == 422
    assert "Wait 5 minutes" in locked.content.decode()
    assert codes().count(Code.LOGIN_REFUSED) == 1
    assert COOKIE not in locked.cookies


def test_neither_name_nor_password_of_a_refused_login_is_kept(folder: DataFolder) -> None:
    log_in(Client(), "My-Secret-1", "Other-Secret-2")

    everything = b"".join(path.read_bytes() for path in Path(folder.root).rglob("*") if path.is_file())
    assert b"My-Secret-1" not in everything
    assert b"Other-Secret-2" not in everything


def test_a_login_leads_to_pages_of_this_server_only(folder: DataFolder) -> None:
    for foreign in ("https://evil.example/", "//evil.example/", "javascript:alert(1)"):
        assert log_in(Client(), next=foreign).headers["Location"] == "/"


def test_the_cookie_of_a_login_is_for_this_host_over_https_alone_and_kept_as_a_hash(folder: DataFolder) -> None:
    cookie = log_in(Client()).cookies[COOKIE]

    assert (cookie["secure"], cookie["httponly"], cookie["samesite"], cookie["domain"]) == (True, True, "Lax", "")
    everything = b"".join(path.read_bytes() for path in Path(folder.root).rglob("*") if path.is_file())
    assert cookie.value.encode() not in everything


def test_logging_out_ends_the_login_for_whoever_has_the_cookie(folder: DataFolder, visit: Callable[..., Any]) -> None:
    browser = visit()
    thief = Client()
    thief.cookies[COOKIE] = browser.cookies[COOKIE].value
    assert thief.get("/me/").status_code == 200

    browser.post("/logout/")

    assert thief.get("/me/").headers["Location"].startswith("/login/")


def test_a_login_ends_without_use_and_lives_on_with_it(folder: DataFolder, visit: Callable[..., Any]) -> None:
    browser = visit()
    session = BrowserSession.objects.get()
    almost = datetime.now(UTC) + IDLE - timedelta(seconds=1)

    note_use(session, at=almost)
    assert BrowserSession.objects.get().expires == almost + IDLE
    BrowserSession.objects.update(expires=datetime.now(UTC) - timedelta(seconds=1))

    assert browser.get("/me/").headers["Location"].startswith("/login/")


def test_the_pulse_of_an_open_page_is_no_use(folder: DataFolder, visit: Callable[..., Any]) -> None:
    browser = visit()
    BrowserSession.objects.update(last_used=datetime.now(UTC) - timedelta(minutes=10))
    before = BrowserSession.objects.get().expires

    browser.get("/pulse/")
    assert BrowserSession.objects.get().expires == before
    browser.get("/me/")
    assert BrowserSession.objects.get().expires > before


def test_an_expired_login_sends_the_page_to_the_door_and_back(folder: DataFolder) -> None:
    headers = {"HX-Request": "true", "HX-Current-URL": "https://10.0.0.1:8888/operation/alarms/"}

    answer = Client(headers=headers).get("/pulse/")

    assert answer.status_code == 204
    assert answer.headers["HX-Redirect"] == "/login/?next=%2Foperation%2Falarms%2F"


def test_who_is_disabled_is_out_at_once_with_pages_streams_and_api(
    folder: DataFolder, visit: Callable[..., Any]
) -> None:
    browser = visit("viewer")
    session = BrowserSession.objects.get()
    assert may_still(session, Right.OPERATE)
    assert browser.get("/api/v1/me").status_code == 200

    User.objects.filter(identifier="viewer").update(enabled=False)

    assert not may_still(session, Right.OPERATE)
    assert browser.get("/").headers["Location"].startswith("/login/")
    assert browser.get("/api/v1/me").status_code == 401


def test_changing_the_password_ends_all_other_logins(folder: DataFolder, visit: Callable[..., Any]) -> None:
    here, elsewhere = visit(), visit()

    answer = here.post("/me/password/", {"old": "admin", "new": GOOD, "repeated": GOOD})

    assert answer.status_code == 302
    assert here.get("/me/").status_code == 200
    assert elsewhere.get("/me/").headers["Location"].startswith("/login/")


def test_a_login_can_be_ended_from_another_but_not_by_somebody_else(
    folder: DataFolder, visit: Callable[..., Any]
) -> None:
    here, elsewhere, other = visit(), visit(), visit("viewer")
    number = BrowserSession.objects.filter(user__identifier="admin").latest("pk").pk

    assert other.post(f"/me/sessions/{number}/end/").status_code == 404
    assert elsewhere.get("/me/").status_code == 200
    here.post(f"/me/sessions/{number}/end/")

    assert elsewhere.get("/me/").headers["Location"].startswith("/login/")


def test_a_user_has_a_bounded_number_of_logins(folder: DataFolder) -> None:
    admin = User.objects.get(identifier="admin")

    for _ in range(MOST_SESSIONS + 3):
        begin_session(admin, address="192.0.2.7", browser="x" * 500)

    assert BrowserSession.objects.count() == MOST_SESSIONS


def test_the_api_by_login_asks_for_the_same_duties_as_pages(folder: DataFolder) -> None:
    client = Client()
    log_in(client)

    assert client.get("/api/v1/me").json()["code"] == "licence_not_accepted"
    client.post("/first/licence/")
    assert client.get("/api/v1/me").json()["code"] == "password_to_change"
    client.post("/first/password/", {"old": "admin", "new": GOOD, "repeated": GOOD})
    assert client.get("/api/v1/me").json()["identifier"] == "admin"


def test_a_foreign_page_cannot_change_anything_with_somebody_s_cookie(
    folder: DataFolder, visit: Callable[..., Any]
) -> None:
    browser = visit(enforce_csrf_checks=True)
    page = browser.get("/me/").content.decode()
    [token] = set(re.findall(r'"X-CSRFToken": "(\w+)"', page))
    wanted = {"data": {"name": "x"}, "content_type": "application/json"}

    assert browser.post("/api/v1/tokens", **wanted).json()["code"] == "foreign_page"
    assert browser.post("/me/theme/", {"theme": "dark"}).status_code == 403
    assert ApiToken.objects.count() == 0
    assert browser.post("/api/v1/tokens", **wanted, headers={"X-CSRFToken": token}).status_code == 201
    assert browser.post("/me/theme/", {"theme": "dark"}, headers={"X-CSRFToken": token}).status_code == 302


def test_the_super_admin_is_reset_in_setup_mode_only(folder: DataFolder) -> None:
    admin = User.objects.get(identifier="admin")
    admin.set_password(GOOD)
    admin.must_change_password = False
    admin.save()
    begin_session(admin, address="192.0.2.7", browser="tests")

    assert "/login/reset/" not in Client().get("/login/").content.decode()
    assert Client().post("/login/reset/").status_code == 403
    with override_settings(SETUP_MODE=True):
        assert "/login/reset/" in Client().get("/login/").content.decode()
        assert Client().post("/login/reset/").status_code == 302

    admin.refresh_from_db()
    assert (admin.check_password("admin"), admin.must_change_password) == (True, True)
    assert BrowserSession.objects.count() == 0
    assert codes().count(Code.SUPER_ADMIN_RESET) == 1


@pytest.mark.parametrize(("choice", "kept"), [("dark", "dark"), ("light", "light"), ("", ""), ("pink", "")])
def test_the_theme_that_was_chosen_is_told_before_the_first_paint(
    folder: DataFolder, visit: Callable[..., Any], choice: str, kept: str
) -> None:
    browser = visit()

    browser.post("/me/theme/", {"theme": choice})

    assert User.objects.get(identifier="admin").theme == kept
    assert f'data-theme="{kept or "system"}"' in browser.get("/").content.decode()
