"""Problems: how the API says what went wrong (RFC 9457), with a code for programs and a text for people.

ProblemError       any answer that is no success
└── FieldError     one or several fields of the request are not as they should be (422)
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus

from django.http import HttpResponse, JsonResponse

from wattledger.apps.rest.texts import text_of

CONTENT_TYPE = "application/problem+json"
MOST_NAMED = 5  # users of a thing in one text

STATUS = {
    "malformed": 400,
    "too_many_parameters": 400,
    "not_authenticated": 401,
    "forbidden": 403,
    "foreign_page": 403,
    "licence_not_accepted": 403,
    "password_to_change": 403,
    "not_found": 404,
    "method_not_allowed": 405,
    "version_conflict": 409,
    "in_use": 409,
    "request_in_progress": 409,
    "engine_refused": 409,
    "scan_pending": 409,
    "not_scannable": 409,
    "relay_held": 409,
    "no_relay": 409,
    "too_large": 413,
    "unsupported_media_type": 415,
    "invalid": 422,
    "idempotency_key_reused": 422,
    "too_many_requests": 429,
    "too_many_streams": 429,
    "internal_error": 500,
    "engine_unreachable": 503,
    "archive_unreadable": 503,
    "journal_unavailable": 503,
    "vault_unavailable": 503,
    "busy": 503,
    "configuration_unavailable": 503,
}


@dataclass(frozen=True, slots=True)
class FieldProblem:
    """What is wrong with one field; `field` is a path as `circuits.0.zone`, `params` fill the text of the code."""

    field: str
    code: str
    params: Mapping[str, object] = dataclasses.field(default_factory=dict)


class ProblemError(Exception):
    """Why a request is not answered as asked; `code` is one of STATUS, `params` fill its text."""

    def __init__(self, code: str, **params: object) -> None:
        super().__init__(code)
        self.code = code
        self.params = params
        self.fields: tuple[FieldProblem, ...] = ()


class FieldError(ProblemError):
    """Fields of the request that cannot be taken as they are."""

    def __init__(self, *fields: FieldProblem) -> None:
        super().__init__("invalid")
        self.fields = fields


def bad_field(field: str, code: str, /, **params: object) -> FieldError:
    """The error of one field."""
    return FieldError(FieldProblem(field, code, params))


def in_use(users: Sequence[str]) -> ProblemError:
    """Why something is not deleted: the first of those that use it are named."""
    more = ["…"] if len(users) > MOST_NAMED else []
    return ProblemError("in_use", users=", ".join([*users[:MOST_NAMED], *more]))


def problem_response(error: ProblemError) -> HttpResponse:
    """The answer that tells of the problem, in the language of the request.

    With a single bad field, code, field and text are those of the field; `errors` lists them all.
    """
    listed = [
        {"field": bad.field, "code": bad.code, "detail": text_of(bad.code, bad.params)} for bad in _unique(error.fields)
    ]
    status = STATUS[error.code]
    content: dict[str, object] = {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "code": error.code,
        "detail": text_of(error.code, error.params),
    }
    if listed:
        content |= listed[0] | {"errors": listed}
    response = JsonResponse(content, status=status, content_type=CONTENT_TYPE)
    if status == 401:
        response["WWW-Authenticate"] = "Bearer"
    if status in (429, 503):
        response["Retry-After"] = "5"
    return response


def _unique(fields: Sequence[FieldProblem]) -> list[FieldProblem]:
    """Without those that a union of types reports several times for the same field."""
    first = {(bad.field, bad.code): bad for bad in reversed(fields)}
    return list(reversed(first.values()))
