"""Repeating a POST safely: the answer to a request with an `Idempotency-Key` is kept for a day and given again.

Only successes are kept. A key belongs to one user and one request; what is kept of the request is a keyed hash, because
a body may hold a password.
"""

from __future__ import annotations

import json
from collections.abc import Callable
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
from wattledger.apps.rest.problems import ProblemError, bad_field, problem_response

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


def _once(run: Run, hide: tuple[str, ...]) -> Run:
    @wraps(run)
    def answered_once(request: HttpRequest, **path: object) -> HttpResponse:
        key = request.headers.get(HEADER)
        if key is None:
            return run(request, **path)
        try:
            _pass_gate(run, request)
            kept = _claim(request, _checked(key))
        except ProblemError as problem:
            return problem_response(problem)
        if kept.status is not None:
            return _again(kept)
        return _first(run, request, path, kept, hide)

    return answered_once


def _pass_gate(run: Run, request: HttpRequest) -> None:
    operation = getattr(run, "__self__", None)
    if not isinstance(operation, Operation):
        raise TypeError("@repeatable stands directly above the view, before any other decorator")
    for gate in operation.auth_callbacks:
        gate(request)


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


def _first(
    run: Run, request: HttpRequest, path: dict[str, object], kept: KeptAnswer, hide: tuple[str, ...]
) -> HttpResponse:
    try:
        response = run(request, **path)
    except BaseException:
        kept.delete()
        raise
    if response.status_code >= 300:
        kept.delete()
        return response
    kept.status = response.status_code
    kept.body = _without(response.content, hide)
    kept.content_type = response.headers.get("Content-Type", "")
    kept.location = response.headers.get("Location", "")
    kept.save(update_fields=["status", "body", "content_type", "location"])
    return response


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
