"""Home, and what this software is."""

from __future__ import annotations

from importlib.metadata import version
from typing import Final

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET

from wattledger.apps.accounts.pages import requires
from wattledger.apps.accounts.rights import Right
from wattledger.apps.system.condition import condition
from wattledger.apps.system.home import services
from wattledger.apps.system.licences import components

MOST_TO_DO: Final = 6  # events on home; the page of alarms has them all


@require_GET
@requires(Right.OPERATE)
def home(request: HttpRequest) -> HttpResponse:
    """Greeting, doors, what wants somebody, and how the services do."""
    now = condition()
    to_do = None if now.open_events is None else now.open_events[:MOST_TO_DO]
    context = {"condition": now, "to_do": to_do, "services": services(now), "now": timezone.localtime()}
    return render(request, "system/home.html", context)


@require_GET
@requires(Right.OPEN)
def about(request: HttpRequest) -> HttpResponse:
    """Version and licences; open, because the login page leads here."""
    return render(request, "system/about.html", {"version": version("wattledger"), "components": components()})
