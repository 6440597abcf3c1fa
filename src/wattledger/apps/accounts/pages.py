"""The gate before every page: who is logged in, with which right.

    @require_POST
    @requires(Right.CONFIGURE)
    def set_enabled(request: HttpRequest, device_id: int) -> HttpResponse: ...

A view without `requires` does not exist: the middleware and the rights matrix of the tests refuse it.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any
from urllib.parse import urlencode

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import resolve_url
from django.utils.http import url_has_allowed_host_and_scheme

from wattledger.apps.accounts.models import BrowserSession, User
from wattledger.apps.accounts.rights import Right
from wattledger.apps.accounts.sessions import session_of

RIGHT = "right"  # the attribute of a view that says which one it asks for
NEXT = "next"

View = Callable[..., HttpResponseBase]


def requires(right: Right, *, before_duties: bool = False) -> Callable[[View], View]:
    """Declare the one right that a page asks for; without a login, one is asked for first.

    `before_duties`: open even while the user has to accept the licence or to change his password.
    """

    def declare(view: View) -> View:
        @wraps(view)
        def guarded(request: HttpRequest, **path: Any) -> HttpResponseBase:
            refused = None if right is Right.OPEN else _refusal(request, right, before_duties=before_duties)
            return refused or view(request, **path)

        setattr(guarded, RIGHT, right)
        return guarded

    return declare


def login_of(request: HttpRequest) -> BrowserSession:
    """The login behind a page that `requires` let through."""
    session = session_of(request)
    if session is None:
        raise PermissionDenied
    return session


def visitor(request: HttpRequest) -> User:
    """Who looks at a page that `requires` let through."""
    return login_of(request).user


def is_partial(request: HttpRequest) -> bool:
    """Whether htmx asks, which puts the answer into the page that is there."""
    return request.headers.get("HX-Request") == "true"


def go_to(request: HttpRequest, to: str) -> HttpResponse:
    """Leave for another page, also where htmx would swap the answer in."""
    if is_partial(request):
        return HttpResponse(status=204, headers={"HX-Redirect": resolve_url(to)})
    return HttpResponseRedirect(resolve_url(to))


def asked_next(request: HttpRequest) -> str:
    """Where a login leads: the page that was asked for when it is one of ours, else home."""
    wanted = request.POST.get(NEXT) or request.GET.get(NEXT) or ""
    return wanted if url_has_allowed_host_and_scheme(wanted, allowed_hosts=None) else "/"


def _refusal(request: HttpRequest, right: Right, *, before_duties: bool) -> HttpResponse | None:
    session = session_of(request)
    if session is None:
        wanted = request.headers.get("HX-Current-URL", "") if is_partial(request) else request.get_full_path()
        return go_to(request, f"{resolve_url('login')}?{urlencode({NEXT: _path(wanted)})}")
    duty = session.user.duty
    if duty is not None and not before_duties:
        return go_to(request, f"first-{duty}")
    if not session.user.may(right):
        raise PermissionDenied
    return None


def _path(address: str) -> str:
    """Without the host, which a page cannot be trusted to name."""
    return "/" + address.split("://", 1)[-1].partition("/")[2] if "://" in address else address
