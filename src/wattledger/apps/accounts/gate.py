"""The gate before every operation of the API: who asks, with which right, in which form.

    @router.get("/buses")
    @requires(Right.CONFIGURE)
    def list_buses(request: HttpRequest) -> BusPage: ...

An operation without `requires` does not exist: the rights matrix of the tests refuses it.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import TypeVar, cast

from django.http import HttpRequest
from ninja.operation import Operation
from ninja.security import HttpBearer
from ninja.utils import check_csrf, contribute_operation_callback

from wattledger.apps.accounts.models import ApiToken, BrowserSession, Duty, User
from wattledger.apps.accounts.rights import Right
from wattledger.apps.accounts.sessions import session_of
from wattledger.apps.accounts.tokens import find_token, note_use
from wattledger.apps.rest.problems import FieldError, FieldProblem, ProblemError

View = TypeVar("View", bound=Callable[..., object])
Credential = ApiToken | BrowserSession

# What a browser must do first, as pages ask it; a program with a token does not come by the pages.
DUTIES = {Duty.LICENCE: "licence_not_accepted", Duty.PASSWORD: "password_to_change"}
READING = ("GET", "HEAD", "OPTIONS")


def requires(right: Right) -> Callable[[View], View]:
    """Declare the one right that an operation asks for."""

    def declare(view: View) -> View:
        def contribute(operation: Operation) -> None:
            operation.auth_callbacks = [Gate(right, operation) if right is Right.OPEN else BearerGate(right, operation)]

        contribute_operation_callback(view, contribute)
        return view

    return declare


class Gate:
    """Lets requests through that have the right form; this one asks nobody who he is."""

    def __init__(self, right: Right, operation: Operation) -> None:
        self.right = right
        self._parameters = frozenset(name for model in operation.models for name in _query_names(model))
        self._takes_body = any(_source(model) == "body" for model in operation.models)

    def __call__(self, request: HttpRequest) -> bool:
        """True, or ProblemError."""
        self.check_form(request)
        return True

    def check_form(self, request: HttpRequest) -> None:
        """Refuse parameters that do not exist, given twice where one is taken, and bodies of another type."""
        unknown = [name for name in request.GET if name not in self._parameters]
        if unknown:
            raise FieldError(*(FieldProblem(name[:100], "unknown_parameter") for name in unknown[:10]))
        if self._takes_body and request.content_type != "application/json":
            raise ProblemError("unsupported_media_type")


class BearerGate(Gate, HttpBearer):
    """Asks for an access token, or the login of a browser, whose user has the right."""

    def __init__(self, right: Right, operation: Operation) -> None:
        Gate.__init__(self, right, operation)
        HttpBearer.__init__(self)

    def __call__(self, request: HttpRequest) -> bool:
        """True with `user_of(request)` known, or ProblemError."""
        if getattr(request, "credential", None) is None:
            if "Authorization" in request.headers:
                HttpBearer.__call__(self, request)
            else:
                self._take_login(request)
        if not user_of(request).may(self.right):
            raise ProblemError("forbidden")
        self.check_form(request)
        return True

    def authenticate(self, request: HttpRequest, token: str) -> bool:
        """Find the token and note its use."""
        found = find_token(token)
        if found is None:
            return False
        note_use(found, at=datetime.now(UTC))
        request.credential = found  # type: ignore[attr-defined]
        return True

    def _take_login(self, request: HttpRequest) -> None:
        """A cookie is sent by the browser whoever made it ask, so a change must also show what only our pages know."""
        session = session_of(request)
        if session is None:
            return
        if request.method not in READING and check_csrf(request) is not None:
            raise ProblemError("foreign_page")
        if session.user.duty is not None:
            raise ProblemError(DUTIES[session.user.duty])
        request.credential = session  # type: ignore[attr-defined]


def credential_of(request: HttpRequest) -> Credential:
    """The token or login by which the request passed the gate; raises ProblemError when it had none that is valid."""
    credential = getattr(request, "credential", None)
    if credential is None:
        raise ProblemError("not_authenticated")
    return cast("Credential", credential)


def user_of(request: HttpRequest) -> User:
    """Who asks."""
    return credential_of(request).user


def _source(model: object) -> str:
    return str(getattr(model, "__ninja_param_source__", ""))


def _query_names(model: object) -> list[str]:
    return list(getattr(model, "__ninja_flatten_map__", {})) if _source(model) == "query" else []
