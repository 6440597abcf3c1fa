"""What templates have besides Django's own: icons and figures. HTML stands in templates, here are values only."""

from __future__ import annotations

from datetime import datetime

from django import template
from django.utils import formats, timezone
from django.utils.timesince import timesince

from wattledger.apps.alarms.texts import event_text
from wattledger.journal import Event, Severity

register = template.Library()

SYMBOLS = {
    Severity.CRITICAL: "alert-octagon",
    Severity.MAJOR: "alert-triangle",
    Severity.MINOR: "alert-square-rounded",
    Severity.WARNING: "alert-circle",
}
NO_BREAK = "\u00a0"
A_MINUTE_S = 60


@register.inclusion_tag("parts/icon.html")
def icon(name: str, size: str = "", label: str = "") -> dict[str, str]:
    """A symbol of the sprite; without a label it is hidden from readers, because a word stands beside it."""
    return {"name": name, "size": size, "label": label}


@register.filter
def symbol(event: Event) -> str:
    """The symbol of an event: its severity by its shape, filled while it is open."""
    if event.kind == "information":
        return "info-circle"
    return SYMBOLS[event.severity] + ("-filled" if event.is_open else "")


@register.filter
def severity_symbol(severity: Severity) -> str:
    """The symbol of the gravest of several events."""
    return f"{SYMBOLS[severity]}-filled"


@register.filter
def told(event: Event) -> str:
    """The text of an event in the language of the page."""
    return event_text(event)


@register.filter
def moment(time: datetime) -> str:
    """The hour of today, or date and hour, of the site's zone."""
    local = timezone.localtime(time)
    today = timezone.localdate()
    return formats.date_format(local, "TIME_FORMAT" if local.date() == today else "SHORT_DATETIME_FORMAT")


@register.filter
def lasted(time: datetime) -> str:
    """How long ago, in its largest unit; a clock that was set back counts from now on."""
    seconds = max((timezone.now() - time).total_seconds(), 0)
    return timesince(time, depth=1) if seconds >= A_MINUTE_S else f"{seconds:.0f}{NO_BREAK}s"
