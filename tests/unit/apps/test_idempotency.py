"""A POST with a key is done once, however often and however fast it is sent."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection, connections

from wattledger.apps.accounts.idempotency import is_one_transaction
from wattledger.apps.accounts.models import ApiToken, KeptAnswer
from wattledger.apps.building.revision import saved_revision
from wattledger.apps.devices.models import Bus
from wattledger.plant import DataFolder
from wattledger.web.api import api as ninja_api

NEW = {"kind": "modbus-tcp", "name": "Board", "host": "127.0.0.1"}


def test_the_second_time_gives_the_first_answer_and_does_nothing(api: Any) -> None:
    first = api("POST", "/buses", NEW, Idempotency_Key="k1")
    second = api("POST", "/buses", NEW, Idempotency_Key="k1")

    assert (first.status_code, second.status_code) == (201, 201)
    assert second.content == first.content
    assert second.headers["Location"] == first.headers["Location"] == f"/api/v1/buses/{first.json()['id']}"
    assert second.headers["Content-Type"] == first.headers["Content-Type"]
    assert (second.headers["Idempotent-Replay"], "Idempotent-Replay" in first.headers) == ("true", False)
    assert Bus.objects.count() == 1


def test_a_key_belongs_to_one_request_and_one_user(api: Any, caller: Callable[..., Any]) -> None:
    api.post("/buses", NEW, Idempotency_Key="k1")

    other_body = api("POST", "/buses", NEW | {"name": "Other", "port": 503}, Idempotency_Key="k1")
    other_user = caller("configurator")("POST", "/buses", NEW | {"name": "Other", "port": 503}, Idempotency_Key="k1")

    assert (other_body.status_code, other_body.json()["code"]) == (422, "idempotency_key_reused")
    assert other_user.status_code == 201


def test_what_was_refused_may_be_tried_again_with_the_same_key(api: Any) -> None:
    assert api("POST", "/buses", NEW | {"port": 0}, Idempotency_Key="k1").status_code == 422
    assert api("POST", "/buses", NEW, Idempotency_Key="k1").status_code == 201


@pytest.mark.parametrize("key", ["", "x" * 201, "é", "a\tb"])
def test_keys_that_are_none_are_refused(api: Any, key: str) -> None:
    response = api("POST", "/buses", NEW, Idempotency_Key=key)

    assert (response.status_code, response.json()["field"]) == (422, "Idempotency-Key")
    assert Bus.objects.count() == 0


def test_who_may_not_gets_no_kept_answer(api: Any, caller: Callable[..., Any]) -> None:
    refused = caller("viewer")("POST", "/buses", NEW, Idempotency_Key="k1")
    unknown = caller("anonymous")("POST", "/buses", NEW, Idempotency_Key="k1")

    assert (refused.status_code, unknown.status_code) == (403, 401)
    assert KeptAnswer.objects.count() == 0


def test_answers_are_kept_for_a_day(api: Any) -> None:
    api.post("/buses", NEW, Idempotency_Key="k1")
    KeptAnswer.objects.update(created=datetime.now(UTC) - timedelta(hours=24, minutes=1))

    again = api("POST", "/buses", NEW, Idempotency_Key="k1")

    assert (again.status_code, again.json()["code"]) == (422, "taken")


def test_a_key_whose_process_died_is_free_again(api: Any) -> None:
    api.post("/buses", NEW, Idempotency_Key="k1")
    KeptAnswer.objects.update(status=None)

    at_work = api("POST", "/buses", NEW, Idempotency_Key="k1")
    KeptAnswer.objects.update(created=datetime.now(UTC) - timedelta(minutes=3))
    free = api("POST", "/buses", NEW | {"name": "Other", "port": 503}, Idempotency_Key="k1")

    assert (at_work.status_code, at_work.json()["code"]) == (409, "request_in_progress")
    assert free.status_code == 201


@pytest.fixture
def answers_cannot_be_kept(folder: DataFolder) -> Iterator[Callable[[], None]]:
    """The power goes when an answer is about to be kept; calling it brings the power back."""
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE TRIGGER power_cut BEFORE UPDATE ON accounts_keptanswer BEGIN SELECT RAISE(ABORT, 'power cut'); END"
        )

    def again() -> None:
        with connection.cursor() as cursor:
            cursor.execute("DROP TRIGGER IF EXISTS power_cut")

    yield again
    again()


@pytest.mark.parametrize(
    ("address", "body", "made"),
    [("/buses", NEW, Bus), ("/tokens", {"name": "Another"}, ApiToken)],
    ids=["bus", "token"],
)
def test_an_act_whose_answer_could_not_be_kept_was_not_done(
    api: Any, answers_cannot_be_kept: Callable[[], None], address: str, body: dict[str, Any], made: Any
) -> None:
    before, events = made.objects.count(), len(api.get("/events?limit=1000")["items"])

    cut = api("POST", address, body, Idempotency_Key="k1")
    after_cut, events_after_cut = made.objects.count(), len(api.get("/events?limit=1000")["items"])
    answers_cannot_be_kept()
    again = api("POST", address, body, Idempotency_Key="k1")

    assert cut.status_code == 500
    assert (after_cut, events_after_cut) == (before, events)
    assert again.status_code == 201
    assert made.objects.count() == before + 1
    assert len(api.get("/events?limit=1000")["items"]) == events + 1


def test_what_follows_a_change_still_follows_when_it_had_a_key(api: Any) -> None:
    revision = saved_revision()

    api.post("/buses", NEW, Idempotency_Key="k1")

    assert saved_revision() == revision + 1
    assert [event["code"] for event in api.get("/events")["items"][:1]] == ["configuration_changed"]


def test_a_problem_leaves_nothing_behind(api: Any) -> None:
    api.post("/buses", NEW)
    revision = saved_revision()

    refused = api("POST", "/buses", NEW, Idempotency_Key="k1")

    assert (refused.status_code, refused.json()["code"]) == (422, "taken")
    assert (saved_revision(), KeptAnswer.objects.count()) == (revision, 0)


def test_acts_of_the_engine_hold_no_lock_and_all_others_are_one_with_their_answer() -> None:
    together = {
        path: is_one_transaction(operation)
        for _, router in ninja_api._routers
        for path, view in router.path_operations.items()
        for operation in view.operations
        if "POST" in operation.methods
    }

    assert together == {
        "/me/password": True,
        "/tokens": True,
        "/zones": True,
        "/switchboards": True,
        "/buses": True,
        "/buses/{bus_id}/scan": False,  # jobs stand in the file of the journal
        "/buses/{bus_id}/statistics/reset": False,
        "/certificates": True,
        "/devices": True,
        "/devices/{device_id}/identify": False,
        "/io/relay-test": False,
        "/jobs/{job_id}/cancel": False,
        "/readings": False,
    }


def test_many_at_once_make_one(api: Any) -> None:
    together = threading.Barrier(6)

    def send(_: int) -> Any:
        together.wait()
        try:
            return type(api)(api.token)("POST", "/buses", NEW, Idempotency_Key="k1")
        finally:
            connections.close_all()

    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(send, range(6)))

    assert Bus.objects.count() == 1
    assert {answer.status_code for answer in answers} <= {201, 409}
    assert len({answer.content for answer in answers if answer.status_code == 201}) == 1


def test_many_changes_at_once_are_all_told_and_counted(api: Any, bus: str) -> None:
    before = api.get("/site")["version"]

    def send(number: int) -> int:
        try:
            return int(type(api)(api.token)("PATCH", "/site", {"name": f"Site {number}"}).status_code)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(6) as pool:
        statuses = list(pool.map(send, range(12)))

    assert statuses == [200] * 12
    assert api.get("/site")["version"] == before + 12
    assert len(api.get("/events?code=configuration_changed&limit=1000")["items"]) == 13
