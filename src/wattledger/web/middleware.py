"""What every answer of the server carries, and how the API answers where no operation of it did."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

from asgiref.sync import iscoroutinefunction
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils import timezone, translation
from django.utils.cache import patch_vary_headers
from django.utils.decorators import sync_and_async_middleware
from django.utils.deprecation import MiddlewareMixin

from wattledger.apps.accounts.languages import page_language
from wattledger.apps.accounts.pages import RIGHT
from wattledger.apps.accounts.sessions import note_use, session_of
from wattledger.apps.building.queries import site_zone
from wattledger.apps.rest.problems import CONTENT_TYPE, ProblemError, problem_response

log = logging.getLogger(__name__)

API = "/api/"
PULSE = "/pulse/"  # asked by the page itself, so no sign that somebody is there
# An answer of the API is never a page: nothing in it may be run, loaded or framed.
API_POLICY = "default-src 'none'; frame-ancestors 'none'"
# Pages load from this server only and run nothing that stands in them; the tips of charts set styles of elements.
PAGE_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; style-src-attr 'unsafe-inline'; img-src 'self' data:; "
    "font-src 'self'; connect-src 'self'; manifest-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'"
)
PERMISSIONS = "camera=(), microphone=(), geolocation=(), payment=(), usb=()"
_CODES = {400: "malformed", 401: "not_authenticated", 403: "forbidden", 404: "not_found", 405: "method_not_allowed"}

Answering = Callable[[HttpRequest], HttpResponseBase]
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


def local_words(get_response: Answering) -> Answering:
    """Speaks the language of who asks and tells times of the site's zone; programs say their language themselves.

    A page that somebody opened keeps his login alive.
    """

    def answer(request: HttpRequest) -> HttpResponseBase:
        if request.path.startswith(API):
            language, zone = translation.get_language_from_request(request), None
        else:
            language, zone = page_language(request), site_zone()
            session = session_of(request)
            if session is not None and request.path != PULSE:
                note_use(session, at=datetime.now(UTC))
        with translation.override(language), timezone.override(zone):
            response = get_response(request)
        patch_vary_headers(response, ("Accept-Language",))
        response.headers.setdefault("Content-Language", language)
        return response

    return answer


class DeclaredRights(MiddlewareMixin):
    """Keeps pages closed whose view declares no right; the API has a gate of its own."""

    def process_view(self, request: HttpRequest, view: object, _args: object, _kwargs: object) -> None:
        """Raise PermissionDenied before the view runs."""
        if not request.path.startswith(API) and not hasattr(view, RIGHT):
            log.error("%s: the view declares no right", request.path)
            raise PermissionDenied


def _secure(request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
    if request.path.startswith(API):
        response.headers.setdefault("Content-Security-Policy", API_POLICY)
        response.headers.setdefault("Cache-Control", "no-store")
        response.headers.setdefault("Referrer-Policy", "no-referrer")
    else:
        response.headers.setdefault("Content-Security-Policy", PAGE_POLICY)
        # The next user of this browser sees none of it. What is the same for all said so before.
        response.headers.setdefault("Cache-Control", "no-store, private")
        response.headers.setdefault("Permissions-Policy", PERMISSIONS)
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
