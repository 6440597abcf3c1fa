"""What belongs to the frame itself: the pulse that keeps it true, and the addresses of the menus."""

from __future__ import annotations

from collections.abc import Callable

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET

from wattledger.apps.accounts.menus import Menu
from wattledger.apps.accounts.pages import requires, visitor
from wattledger.apps.accounts.rights import Right
from wattledger.web.navigation import entries_for


@require_GET
@requires(Right.OPERATE)
def pulse(request: HttpRequest) -> HttpResponse:
    """The parts of the frame that tell how the server does; each page asks every few seconds."""
    return render(request, "parts/pulse.html")


def first_of(menu: Menu, right: Right) -> Callable[[HttpRequest], HttpResponseBase]:
    """The view that leaves for the first page of a menu."""

    @require_GET
    @requires(right)
    def leave(request: HttpRequest) -> HttpResponse:
        entries = entries_for(menu, visitor(request))
        if not entries:
            raise PermissionDenied
        return redirect(entries[0].view)

    return leave
