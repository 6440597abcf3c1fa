"""The UTC days, months and years of which there is a sealed file each: `2026-03-02`, `2026-03`, `2026`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import IntEnum
from functools import lru_cache


class Span(IntEnum):
    """How long a period is; the number is the length of its name."""

    YEAR = 4
    MONTH = 7
    DAY = 10


@dataclass(frozen=True, slots=True, order=True)
class Period:
    """A day, a month or a year, by its name; names of one span sort by time."""

    name: str

    @property
    def span(self) -> Span:
        return Span(len(self.name))

    @property
    def start(self) -> int:
        """Its first second since 1970."""
        return int(self._first.timestamp())

    @property
    def end(self) -> int:
        """The first second behind it."""
        first = self._first
        if self.span is Span.DAY:
            return int((first + timedelta(days=1)).timestamp())
        if self.span is Span.MONTH:
            return int((first + timedelta(days=32)).replace(day=1).timestamp())
        return int(first.replace(year=first.year + 1).timestamp())

    def within(self, span: Span) -> Period:
        """The longer period in which this one lies."""
        return Period(self.name[:span])

    @property
    def _first(self) -> datetime:
        return datetime.fromisoformat((self.name + "-01-01")[: Span.DAY]).replace(tzinfo=UTC)


@lru_cache(maxsize=256)  # each frame of a tick asks for those of the same slot
def period_at(second: int, span: Span) -> Period:
    """The period in which a second since 1970 lies."""
    return Period(datetime.fromtimestamp(second, UTC).date().isoformat()[:span])
