"""What every answer of the server carries, and how the API answers where no operation of it did."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeVar

from asgiref.sync import iscoroutinefunction
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.decorators import sync_and_async_middleware

from wattledger.apps.rest.problems import CONTENT_TYPE, ProblemError, problem_response

API = "/api/"
# An answer of the API is never a page: nothing in it may be run, loaded or framed.
API_POLICY = "default-src 'none'; frame-ancestors 'none'"
_CODES = {400: "malformed", 401: "not_authenticated", 403: "forbidden", 404: "not_found", 405: "method_not_allowed"}

Answer = TypeVar("Answer", bound=HttpResponseBase)
Next = Callable[[HttpRequest], HttpResponseBase] | Callable[[HttpRequest], Awaitable[HttpResponseBase]]


def _around(
    get_response: Next, after: Callable[[HttpRequest, HttpResponseBase], HttpResponseBase]
) -> Callable[[HttpRequest], HttpResponseBase | Awaitable[HttpResponseBase]]:
    """A middleware that looks at the answer only, for both kinds of servers."""
    if iscoroutinefunction(get_response):

        async def awaiting(request: HttpRequest) -> HttpResponseBase:
            answer = get_response(request)
            return after(request, answer if isinstance(answer, HttpResponseBase) else await answer)

        return awaiting

    def calling(request: HttpRequest) -> HttpResponseBase:
        answer = get_response(request)
        if not isinstance(answer, HttpResponseBase):
            raise TypeError("a synchronous server answers at once")
        return after(request, answer)

    return calling


@sync_and_async_middleware
def security_headers(get_response: Next) -> Callable[[HttpRequest], HttpResponseBase | Awaitable[HttpResponseBase]]:
    """Adds what Django's own security middleware does not know."""
    return _around(get_response, _secure)


@sync_and_async_middleware
def problems_everywhere(get_response: Next) -> Callable[[HttpRequest], HttpResponseBase | Awaitable[HttpResponseBase]]:
    """Turns errors that Django or ninja answered by themselves below /api/ into problems like all others."""
    return _around(get_response, _as_problem)


def _secure(request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
    if request.path.startswith(API):
        response.headers.setdefault("Content-Security-Policy", API_POLICY)
        response.headers.setdefault("Cache-Control", "no-store")
    response.headers.setdefault("X-Frame-Options", "DENY")
    return response


def _as_problem(request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
    if (
        response.status_code < 400
        or not request.path.startswith(API)
        or response.headers.get("Content-Type", "").startswith((CONTENT_TYPE, "application/json"))
    ):
        return response
    code = _CODES.get(response.status_code, "internal_error" if response.status_code >= 500 else "malformed")
    params = {"method": request.method} if code == "method_not_allowed" else {}
    problem = problem_response(ProblemError(code, **params))
    if "Allow" in response.headers:
        problem["Allow"] = response.headers["Allow"]
    return problem
