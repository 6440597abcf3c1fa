"""Events: what the entries of one occurrence amount to."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from wattledger.journal.entries import Act, Entry
from wattledger.journal.events import Kind, Param, Severity


@dataclass(frozen=True, slots=True)
class Event:
    """One occurrence as it stands. Times are UTC; `ended` and the acknowledgement are None until they happen.

    `params`, `text` and `source` are those of the last firing. `position` is where it stands in the list: newer events
    have a higher one.
    """

    occurrence: str
    position: int
    code: str
    key: str
    source: str
    kind: Kind
    severity: Severity
    needs_acknowledgement: bool
    text: str
    params: Mapping[str, Param]
    actor: str | None
    first_fired: datetime
    last_fired: datetime
    count: int
    is_standing: bool
    ended: datetime | None = None
    acknowledged: datetime | None = None
    acknowledged_by: str | None = None
    comment: str = ""

    @property
    def is_open(self) -> bool:
        """Whether somebody should look at it: the condition lasts, or an alarm waits for its acknowledgement."""
        return self.is_standing or (self.needs_acknowledgement and self.acknowledged is None)


def fold(entries: Iterable[Entry]) -> list[Event]:
    """The events that `entries`, given in any order, amount to; newest first.

    An entry whose occurrence has no RAISED among them says nothing; neither does ending what does not stand, nor a
    second acknowledgement.
    """
    events: dict[str, Event] = {}
    for entry in sorted(entries, key=lambda entry: entry.id):
        before = events.get(entry.occurrence)
        if before is None:
            if entry.act is Act.RAISED:
                events[entry.occurrence] = _raised(entry)
        else:
            events[entry.occurrence] = _after(before, entry)
    return sorted(events.values(), key=lambda event: event.position, reverse=True)


def _raised(entry: Entry) -> Event:
    return Event(
        occurrence=entry.occurrence,
        position=entry.id,
        code=entry.code,
        key=entry.key,
        source=entry.source,
        kind=entry.kind,
        severity=entry.severity,
        needs_acknowledgement=entry.needs_acknowledgement,
        text=entry.text,
        params=entry.params,
        actor=entry.actor,
        first_fired=entry.time,
        last_fired=entry.time,
        count=entry.count,
        is_standing=entry.standing,
    )


def _after(event: Event, entry: Entry) -> Event:
    match entry.act:
        case Act.REPEATED:
            return replace(
                event,
                count=event.count + entry.count,
                last_fired=max(event.last_fired, entry.time),
                is_standing=True,
                ended=None,
                params=entry.params,
                text=entry.text,
                source=entry.source,
            )
        case Act.ENDED if event.is_standing:
            return replace(event, is_standing=False, ended=entry.time)
        case Act.ACKNOWLEDGED if event.acknowledged is None:
            return replace(event, acknowledged=entry.time, acknowledged_by=entry.actor, comment=entry.comment)
        case _:
            return event
