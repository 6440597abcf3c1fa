"""Repeating a POST safely: the answer to a request with an `Idempotency-Key` is kept for a day and given again.

Only successes are kept. A key belongs to one user and one request; what is kept of the request is a keyed hash, because
a body may hold a password.

An act on the database and its kept answer are one transaction, so that after a power cut either both are there or
neither is. What the engine does (to take past readings, to ask a device who it is) cannot be part of it, need not be
because doing it twice comes to the same, and must not be because it would hold the write lock for as long as a device
takes to answer.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import nullcontext
from datetime import UTC, datetime, timedelta
from functools import wraps
from typing import TypeVar

from django.db import IntegrityError, transaction
from django.http import HttpRequest, HttpResponse
from django.utils.crypto import salted_hmac
from ninja.decorators import decorate_view
from ninja.operation import Operation

from wattledger.apps.accounts.gate import user_of
from wattledger.apps.accounts.models import KeptAnswer
from wattledger.apps.rest.problems import ProblemError, bad_field

HEADER = "Idempotency-Key"
MOST_KEY = 200
KEPT = timedelta(hours=24)
ABANDONED = timedelta(minutes=2)  # no request takes that long: its process died, and the key is free again

View = TypeVar("View", bound=Callable[..., object])
Run = Callable[..., HttpResponse]


def repeatable(*, hide: tuple[str, ...] = ()) -> Callable[[View], View]:
    """Declare that a POST with a key is done once, however often it is sent; `hide` are fields that are not kept."""

    def declare(view: View) -> View:
        return decorate_view(lambda run: _once(run, hide))(view)

    return declare


def is_one_transaction(operation: Operation) -> bool:
    """Whether the act is one on the database alone: it made something (201), or has nothing to tell of it (204).

    The other acts (200, 202) are of the engine, or on the jobs, which stand in another file.
    """
    return any(status in (201, 204) for status in operation.response_models)


def _once(run: Run, hide: tuple[str, ...]) -> Run:
    operation = getattr(run, "__self__", None)
    if not isinstance(operation, Operation):
        raise TypeError("@repeatable stands directly above the view, before any other decorator")

    @wraps(run)
    def answered_once(request: HttpRequest, **path: object) -> HttpResponse:
        key = request.headers.get(HEADER)
        if key is None:
            return run(request, **path)
        try:
            for gate in operation.auth_callbacks:
                gate(request)
            kept = _claim(request, _checked(key))
            if kept.status is not None:
                return _again(kept)
            return _first(lambda: run(request, **path), kept, hide, together=is_one_transaction(operation))
        except Exception as error:  # noqa: BLE001 - every error becomes a problem, as ninja does around the view
            return operation.api.on_exception(request, error)

    return answered_once


def _checked(key: str) -> str:
    if not (0 < len(key) <= MOST_KEY and key.isascii() and key.isprintable()):
        raise bad_field(HEADER, "not_valid")
    return key


def _claim(request: HttpRequest, key: str) -> KeptAnswer:
    """The row of this key: with the first answer, or new (status None) for who comes first."""
    user, now, fingerprint = user_of(request), datetime.now(UTC), _fingerprint(request)
    with transaction.atomic():
        KeptAnswer.objects.filter(created__lt=now - KEPT).delete()
        KeptAnswer.objects.filter(status=None, created__lt=now - ABANDONED).delete()
        try:
            with transaction.atomic():
                return KeptAnswer.objects.create(user=user, key=key, request=fingerprint)
        except IntegrityError:
            kept = KeptAnswer.objects.get(user=user, key=key)
    if kept.request != fingerprint:
        raise ProblemError("idempotency_key_reused")
    if kept.status is None:
        raise ProblemError("request_in_progress")
    return kept


def _first(act: Callable[[], HttpResponse], kept: KeptAnswer, hide: tuple[str, ...], *, together: bool) -> HttpResponse:
    try:
        with transaction.atomic() if together else nullcontext():
            response = act()
            if response.status_code < 300:
                _keep(response, kept, hide)
            elif together:
                transaction.set_rollback(True)
        return response
    finally:
        # Free again unless the answer was kept; it is even where telling the journal or the engine failed afterwards.
        KeptAnswer.objects.filter(pk=kept.pk, status=None).delete()


def _keep(response: HttpResponse, kept: KeptAnswer, hide: tuple[str, ...]) -> None:
    kept.status = response.status_code
    kept.body = _without(response.content, hide)
    kept.content_type = response.headers.get("Content-Type", "")
    kept.location = response.headers.get("Location", "")
    kept.save(update_fields=["status", "body", "content_type", "location"])


def _again(kept: KeptAnswer) -> HttpResponse:
    response = HttpResponse(bytes(kept.body), status=kept.status)
    if kept.content_type:
        response["Content-Type"] = kept.content_type
    if kept.location:
        response["Location"] = kept.location
    response["Idempotent-Replay"] = "true"
    return response


def _without(body: bytes, hide: tuple[str, ...]) -> bytes:
    if not hide:
        return body
    content = json.loads(body)
    return json.dumps(content | dict.fromkeys(hide)).encode()


def _fingerprint(request: HttpRequest) -> str:
    parts = f"{request.method} {request.get_full_path()}\n".encode() + request.body
    return salted_hmac("wattledger.idempotency", parts, algorithm="sha256").hexdigest()
