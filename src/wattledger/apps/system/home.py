"""What home tells in a line each: how the services of this server do, from what they say themselves."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from django.utils import formats, timezone
from django.utils.translation import gettext, ngettext

from wattledger.apps.measurements.storage import storage
from wattledger.apps.rest.server import journal
from wattledger.apps.system.condition import Condition
from wattledger.archive import ArchiveError
from wattledger.engine.api import EngineState
from wattledger.journal import JournalError

DAYS_A_YEAR = 365.25
LONGEST_TOLD_YEARS = 20  # beyond, a forecast is no promise that anybody could check


@dataclass(frozen=True, slots=True)
class Service:
    """One service: `state` is ok, warning, critical or none (nothing to judge)."""

    name: str
    state: str
    text: str


def services(now: Condition) -> list[Service]:
    """How each service does."""
    return list(_services(now))


def _services(now: Condition) -> Iterator[Service]:
    yield _acquisition(now)
    if now.engine is not None:
        yield _recording(now.engine)
        yield _time(now.engine)
    yield _memory()
    yield _work()


def _acquisition(now: Condition) -> Service:
    name, devices = gettext("Acquisition"), now.devices
    if now.engine is None:
        return Service(name, "critical", gettext("does not answer"))
    if not devices.declared:
        return Service(name, "none", gettext("no device declared yet"))
    text = ngettext(
        "%(answering)d of %(declared)d device", "%(answering)d of %(declared)d devices", devices.declared
    ) % {"answering": devices.answering, "declared": devices.declared}
    return Service(name, "warning" if devices.in_trouble else "ok", text)


def _recording(engine: EngineState) -> Service:
    name = gettext("Recording")
    match engine.archive:
        case "full":
            return Service(name, "critical", gettext("no space left"))
        case "failed":
            return Service(name, "critical", gettext("cannot be written"))
    if engine.highest_slot is None:
        return Service(name, "none", gettext("no reading yet"))
    slot = timezone.localtime(engine.highest_slot)
    today = slot.date() == timezone.localdate()
    shown = formats.date_format(slot, "TIME_FORMAT" if today else "SHORT_DATETIME_FORMAT")
    return Service(name, "ok", gettext("last reading %(time)s") % {"time": shown})


def _time(engine: EngineState) -> Service:
    name = gettext("Time")
    if engine.clock.trusted:
        return Service(name, "ok", gettext("trusted"))
    return Service(name, "warning", gettext("not trusted, readings wait"))


def _memory() -> Service:
    name = gettext("Memory")
    try:
        usage, coming, _ = storage({})
    except ArchiveError:
        return Service(name, "critical", gettext("cannot be read"))
    if usage.oldest is None or coming.history_days is None:
        return Service(name, "none", gettext("nothing recorded yet"))
    since = formats.date_format(timezone.localtime(usage.oldest), "SHORT_DATE_FORMAT")
    return Service(
        name, "none", gettext("since %(date)s, %(room)s") % {"date": since, "room": _room(coming.history_days)}
    )


def _room(days: float) -> str:
    years = int(days / DAYS_A_YEAR)
    if years >= LONGEST_TOLD_YEARS:
        return gettext("room for more than %(years)d years") % {"years": LONGEST_TOLD_YEARS}
    if years >= 1:
        return ngettext("room for %(years)d year", "room for %(years)d years", years) % {"years": years}
    return ngettext("room for %(days)d day", "room for %(days)d days", int(days)) % {"days": int(days)}


def _work() -> Service:
    name = gettext("Background work")
    try:
        works = journal().jobs.has_worker()
    except JournalError:
        return Service(name, "critical", gettext("the list of events cannot be read"))
    return Service(name, "ok", gettext("ready")) if works else Service(name, "warning", gettext("stopped"))
