"""Entries: what is appended to the journal, one line each, never changed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from uuid import uuid4

from wattledger.journal.events import EVENTS, Code, Kind, Param, Severity


class Act(StrEnum):
    """What an entry says of its occurrence."""

    RAISED = "raised"  # the first entry of every occurrence
    REPEATED = "repeated"  # fired again, `count` times
    ENDED = "ended"
    ACKNOWLEDGED = "acknowledged"


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the journal.

    `id` grows in the order of appending, 0 before that. `time` is UTC: for RAISED when it first fired, for REPEATED
    when it last fired. `severity`, `kind`, `standing`, `needs_acknowledgement` and `text` repeat what was true when it
    was written, `text` in English. `actor` is the user in whose name it happened, None the server itself.
    """

    occurrence: str
    act: Act
    time: datetime
    code: str
    key: str
    source: str
    kind: Kind
    severity: Severity
    standing: bool
    needs_acknowledgement: bool
    text: str
    params: Mapping[str, Param] = field(default_factory=dict)
    actor: str | None = None
    comment: str = ""
    count: int = 1
    id: int = 0


def new_occurrence() -> str:
    """An id that no other process gives."""
    return uuid4().hex


def entry_for(  # the fields of an entry, all by name
    code: Code,
    act: Act,
    *,
    time: datetime,
    occurrence: str,
    key: str,
    params: Mapping[str, Param],
    source: str,
    actor: str | None = None,
    count: int = 1,
) -> Entry:
    """An entry of a known code; raises ValueError when `params` do not fit it."""
    kind_of = EVENTS[code]
    return Entry(
        occurrence=occurrence,
        act=act,
        time=time,
        code=code.value,
        key=key,
        source=source,
        kind=kind_of.kind,
        severity=kind_of.severity,
        standing=kind_of.standing,
        needs_acknowledgement=kind_of.needs_acknowledgement,
        text=kind_of.text(params),
        params=dict(params),
        actor=actor,
        count=count,
    )


EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)


def to_us(time: datetime) -> int:
    """Microseconds since 1970 UTC: how every time is stored, exact both ways."""
    return (time - EPOCH) // MICROSECOND


def from_us(microseconds: int) -> datetime:
    """The UTC time that `to_us` stored."""
    return EPOCH + timedelta(microseconds=microseconds)
