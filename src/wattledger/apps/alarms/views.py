"""The page of alarms and events."""

from __future__ import annotations

from urllib.parse import urlencode

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET, require_POST
from django.views.decorators.vary import vary_on_headers

from wattledger.apps.accounts.pages import asked_next, is_partial, requires, visitor
from wattledger.apps.accounts.rights import Right
from wattledger.apps.accounts.toasts import toast
from wattledger.apps.rest.server import journal
from wattledger.journal import Kind, Severity, UnknownOccurrenceError

AT_ONCE = 50
ALL = "all"
TABS = {"active": _("Active"), ALL: _("All events")}
SEVERITIES = {
    Severity.CRITICAL: _("Critical"),
    Severity.MAJOR: _("Major"),
    Severity.MINOR: _("Minor"),
    Severity.WARNING: _("Warning"),
}
MOST_COMMENT = 500  # signs
OPEN_KINDS = (Kind.ALARM, Kind.ERROR, Kind.WARNING)  # what is over when it is told needs nobody
MOST_DIGITS = 18  # of a position in the journal


@require_GET
@vary_on_headers("HX-Request")
@requires(Right.OPERATE)
def alarms(request: HttpRequest) -> HttpResponse:
    """What is active, or everything that happened; filters stand in the address."""
    tab = request.GET.get("show", "active")
    tab = tab if tab in TABS else "active"
    severity = request.GET.get("severity", "")
    severity = severity if severity in SEVERITIES else ""
    after = request.GET.get("after", "")
    found = journal().events(
        active_only=tab == "active",
        kinds=OPEN_KINDS if tab == "active" else (),
        severities=(Severity(severity),) if severity else (),
        limit=AT_ONCE,
        after=int(after) if after.isascii() and after.isdecimal() and len(after) <= MOST_DIGITS else None,
    )
    context = {
        "events": found.events,
        "more": _address(tab, severity, after=found.next) if found.next is not None else "",
        "here": _address(tab, severity),
        "tab": tab,
        "tabs": [(name, label, _address(name, severity)) for name, label in TABS.items()],
        "severity": severity,
        "severities": [(name, label, _address(tab, name)) for name, label in SEVERITIES.items()],
        "every_severity": _address(tab, ""),
    }
    return render(request, "alarms/alarms.html#rows" if is_partial(request) else "alarms/alarms.html", context)


@require_POST
@requires(Right.OPERATE)
def acknowledge(request: HttpRequest, occurrence: str) -> HttpResponse:
    """Record who has seen an alarm and what he says of it."""
    comment = request.POST.get("comment", "").strip()[:MOST_COMMENT]
    if not comment:
        toast(request, gettext("Say in a few words what was done; the alarm is not acknowledged yet."), is_error=True)
        return redirect(asked_next(request))
    try:
        is_first = journal().acknowledge(occurrence, actor=visitor(request).identifier, comment=comment)
    except UnknownOccurrenceError as error:
        raise Http404 from error
    text = gettext("Alarm acknowledged") if is_first else gettext("Somebody else acknowledged it first")
    toast(request, text)
    return redirect(asked_next(request))


def _address(tab: str, severity: str, *, after: int | None = None) -> str:
    chosen = {"show": tab if tab == ALL else "", "severity": severity, "after": "" if after is None else str(after)}
    query = urlencode({name: value for name, value in chosen.items() if value})
    return f"?{query}" if query else "?"
