"""What goes wrong is told as a problem, in four languages, and never as a page or a stack trace."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.db import OperationalError

from wattledger.apps.rest.problems import STATUS
from wattledger.apps.rest.texts import TEXTS
from wattledger.archive import ArchiveError
from wattledger.journal import JournalUnavailableError
from wattledger.plant import DataFolder


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "code"),
    [
        ("GET", "/nothing", None, 404, "not_found"),
        ("GET", "/", None, 404, "not_found"),
        ("GET", "/devices/", None, 404, "not_found"),
        ("GET", "/devices/d1", None, 404, "not_found"),
        ("GET", "/devices/1", None, 404, "not_found"),
        ("GET", "/devices/b1", None, 404, "not_found"),
        ("GET", "/devices/d0", None, 404, "not_found"),
        ("GET", "/devices/d-1", None, 404, "not_found"),
        ("GET", "/devices/d" + "9" * 40, None, 404, "not_found"),
        ("GET", "/devices/d%00", None, 404, "not_found"),
        ("GET", "/devices/d²", None, 404, "not_found"),
        ("GET", "/jobs/j1", None, 404, "not_found"),
        ("PUT", "/devices", None, 405, "method_not_allowed"),
        ("DELETE", "/site", None, 405, "method_not_allowed"),
        ("PATCH", "/me", b"{}", 405, "method_not_allowed"),
        ("POST", "/buses", b"", 415, "unsupported_media_type"),
        ("POST", "/buses", b"{", 400, "malformed"),
        ("POST", "/buses", b"\xff\xfe", 400, "malformed"),
        ("POST", "/buses", b'{"port": ' + b"9" * 5000 + b"}", 400, "malformed"),
        ("POST", "/buses", b"[" * 100_000, 400, "malformed"),
        ("POST", "/buses", b"null", 422, "not_object"),
        ("POST", "/buses", b"[]", 422, "not_object"),
        ("POST", "/buses", b'"x"', 422, "not_object"),
        ("POST", "/buses", b'{"kind": "modbus-tcp", "name": "\\ud800", "host": "x"}', 422, "not_text"),
        ("POST", "/buses", b'{"kind": "modbus-tcp", "name": "x", "host": "x", "timeout_s": NaN}', 422, None),
        ("GET", "/events?start=yesterday", None, 422, "not_time"),
        ("GET", "/events?start=2026-01-01T00:00:00", None, 422, "not_time"),
        ("GET", "/events?start=0001-01-01T00:00:00%2B14:00", None, 422, "not_time"),
        ("GET", "/events?start=9999-12-31T23:59:59-14:00", None, 422, "not_time"),
        ("GET", "/events?status=some", None, 422, "not_one_of"),
        ("GET", "/events?next=-1", None, 422, "not_a_cursor"),
        ("GET", "/events?next=" + "9" * 30, None, 422, "not_a_cursor"),
        ("GET", "/events?limit=100000", None, 422, "too_big"),
        ("GET", "/events?" + "code=x&" * 300, None, 400, "too_many_parameters"),
        ("GET", "/devices?%00=1", None, 422, "unknown_parameter"),
    ],
)
def test_every_refusal_is_a_problem(
    api: Any, method: str, path: str, body: bytes | None, status: int, code: str | None
) -> None:
    response = api(method, path, body)

    assert response.status_code == status, response.content
    assert response.headers["Content-Type"] == "application/problem+json"
    problem = response.json()
    assert problem["status"] == status
    assert problem["detail"]
    assert code in (None, problem["code"])


@pytest.mark.parametrize("content_type", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""])
def test_bodies_of_other_types_are_refused(api: Any, content_type: str) -> None:
    response = api("POST", "/buses", b"{}", Content_Type=content_type)

    assert (response.status_code, response.json()["code"]) == (415, "unsupported_media_type")


def test_a_body_that_is_too_large_is_refused(api: Any) -> None:
    response = api("POST", "/buses", b" " * (4 * 1024 * 1024 + 1))

    assert (response.status_code, response.json()["code"]) == (413, "too_large")
    assert "4194304" in response.json()["detail"]


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "There is nothing at this address, or it was deleted."),
        ("fr", "Il n’y a rien à cette adresse, ou cela a été supprimé."),
        ("de-CH, en;q=0.5", "Unter dieser Adresse gibt es nichts, oder es wurde gelöscht."),
        ("nl", "Op dit adres is niets, of het is verwijderd."),
        ("xx", "There is nothing at this address, or it was deleted."),
    ],
)
def test_problems_are_told_in_the_language_of_the_request(caller: Callable[..., Any], language: str, text: str) -> None:
    for path in ("/nothing", "/devices/d1"):
        response = caller(language=language)("GET", path)

        assert response.json()["detail"] == text
        assert response.json()["code"] == "not_found"
        assert "Accept-Language" in response.headers["Vary"]
        assert response.headers["Content-Language"] == language[:2].replace("xx", "en")


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (RuntimeError("a secret of the inside"), 500, "internal_error"),
        (OperationalError("database is locked"), 503, "busy"),
        (ArchiveError("/a/secret/path is damaged"), 503, "archive_unreadable"),
        (JournalUnavailableError("/a/secret/path is locked"), 503, "journal_unavailable"),
    ],
)
def test_errors_of_the_inside_are_told_without_their_detail(
    api: Any, monkeypatch: pytest.MonkeyPatch, error: Exception, status: int, code: str
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr("wattledger.apps.devices.profile_api.catalog", fail)

    response = api("GET", "/profiles")

    assert (response.status_code, response.json()["code"]) == (status, code)
    assert "secret" not in response.content.decode()


def test_an_engine_that_does_not_run_is_said_and_the_rest_goes_on(api: Any, bus: str, meter: Any) -> None:
    for method, path in (
        ("GET", f"/devices/{meter['id']}/live"),
        ("GET", "/state"),
        ("GET", f"/buses/{bus}/statistics"),
        ("POST", f"/devices/{meter['id']}/identify"),
    ):
        response = api(method, path)
        assert (response.status_code, response.json()["code"]) == (503, "engine_unreachable"), path

    health = api("GET", "/health")
    assert (health.status_code, health.json()) == (
        503,
        {"status": "degraded", "services": {"web": "ok", "engine": "down", "worker": "down"}, "archive": None},
    )
    assert api.get(f"/readings?device={meter['id']}&point=active_power.total")["rows"] == []


def test_every_problem_has_a_text(folder: DataFolder) -> None:
    assert set(STATUS) <= set(TEXTS)


def test_answers_forbid_what_pages_could_do(api: Any) -> None:
    headers = api("GET", "/me").headers

    assert headers["Content-Security-Policy"] == "default-src 'none'; frame-ancestors 'none'"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["Cache-Control"] == "no-store"
    assert headers["X-Frame-Options"] == "DENY"
    assert "Strict-Transport-Security" not in headers
