"""What is done to an archive beside recording, a slice at a time: sealing, compaction, and files that are no more.

A day is sealed some hours after its end, and a month some days after its own: until then what comes late finds its
frames. What lies over a month is folded in when there is enough of it, since the whole file is written anew.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from wattledger.archive.embedded.building import Build
from wattledger.archive.embedded.connection import translated
from wattledger.archive.embedded.hot import Writing
from wattledger.archive.embedded.late_rows import months_with_late_rows
from wattledger.archive.embedded.letting_go import Forgetting, drop_month
from wattledger.archive.embedded.periods import Period, Span, period_at
from wattledger.archive.embedded.rezoning import YearBuild, days_of_other_days, years_of_other_days
from wattledger.archive.embedded.schema import DAY_S
from wattledger.archive.embedded.sealed import FOLDER, sealed_name
from wattledger.archive.embedded.space import check_space, oldest_too_much
from wattledger.archive.embedded.staging import staged_months
from wattledger.archive.interface import Tended

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Rhythm:
    """When what is done."""

    slice_s: float = 0.008  # the last step may take some milliseconds more; a tick waits 20 ms at most
    seal_after_s: int = 2 * 3600  # after the end of a day
    compact_after_s: int = 2 * DAY_S  # after the end of a month
    enough_late: int = 5_000  # rows over a month; one series of 5 minutes has 8,640 readings in it
    most_single: int = 1_000  # readings of one import; more are staged
    most_late: int = 20_000  # rows in all; imports in whatever pieces are staged beyond
    fold_imports_after_s: float = 30.0  # without another import
    fold_again_after_s: float = 6 * 3600.0  # a month is written anew as a whole: not for each of many little imports
    late_look_every_s: float = 600.0
    keep_unnamed_s: float = 60.0  # a reader that has begun opens its files within that


class Tending:
    """The work that is due and the piece that is on its way. Used by the writer's thread."""

    def __init__(self, rhythm: Rhythm, *, durable: bool) -> None:
        self._rhythm = rhythm
        self._durable = durable
        self._build: Build | YearBuild | None = None
        self._unnamed: dict[str, float] = {}  # files that are no part of the archive, and since when
        self._at_once: set[str] = set()  # of them those whose space is wanted
        self._late_look_s = 0.0
        self._folded_s: dict[Period, float] = {}  # when months were written last
        self._forgetting = Forgetting()
        self._rest: Iterator[bool] = iter(())  # of what the last file was made of

    def slice(self, writing: Writing, *, now: int, zone: ZoneInfo, most_bytes: int | None) -> Tended:
        """Do some of what is due at `now`. Raises ArchiveError; it may then be tried again later."""
        try:
            with translated(writing.memory.sealed.folder / FOLDER):
                return self._piece(writing, now=now, zone=zone, most_bytes=most_bytes)
        except BaseException:
            self.give_up()
            raise

    def _piece(self, writing: Writing, *, now: int, zone: ZoneInfo, most_bytes: int | None) -> Tended:
        if self._build is not None:
            return self._advance(self._build, writing)
        if next(self._rest, False):
            writing.look_at_overlay()
            return Tended(more=True)
        self._remove_unnamed(writing)
        if (month := oldest_too_much(writing, most_bytes=most_bytes)) is not None:
            self._at_once = {str(name) for name in drop_month(writing, month)}
            log.warning("the readings of %s go: there is no space for more", month.name)
            return Tended(more=True, dropped=month.name)
        self._build = self._begun(writing, now=now, zone=zone)
        return Tended(more=self._build is not None)

    def give_up(self) -> None:
        """Forget what is on its way; it is begun anew."""
        self._rest = iter(())
        if self._build is not None:
            self._build.discard()
            self._build = None

    def _advance(self, build: Build | YearBuild, writing: Writing) -> Tended:
        if build.is_outdated(writing):
            self.give_up()
            return Tended(more=True)
        until_s = time.monotonic() + self._rhythm.slice_s
        while build.step():
            if time.monotonic() >= until_s:
                return Tended(more=True)
        self._rest = build.name_it(writing)
        self._build = None
        self._folded_s[build.period] = time.monotonic()
        log.info("%s is sealed", build.name)
        return Tended(more=True, set_aside=tuple(path.name for path in build.set_aside))

    def _begun(self, writing: Writing, *, now: int, zone: ZoneInfo) -> Build | YearBuild | None:
        for period in self._due(writing, now=now, zone=zone):
            check_space(writing, period)
            kind = YearBuild if period.span is Span.YEAR else Build
            return kind(writing, period, zone=zone, durable=self._durable)
        return None

    def _due(self, writing: Writing, *, now: int, zone: ZoneInfo) -> Iterator[Period]:
        yield from days_due(writing, now=now - self._rhythm.seal_after_s)
        yield from months_due(writing, now=now - self._rhythm.compact_after_s)
        if time.monotonic() >= writing.memory.staged_s + self._rhythm.fold_imports_after_s:
            yield from filter(self._has_rested, staged_months(writing.connection))
        if time.monotonic() >= self._late_look_s:
            yield from filter(self._has_rested, months_overlaid(writing, now=now, enough=self._rhythm.enough_late))
            yield from self._forgetting.months(writing)
            self._late_look_s = time.monotonic() + self._rhythm.late_look_every_s
        yield from days_of_other_days(writing.memory.sealed, zone)
        yield from years_of_other_days(writing.memory.sealed, zone)

    def _has_rested(self, month: Period) -> bool:
        """Whether the month was not written anew a short while ago."""
        folded_s = self._folded_s.get(month)
        return folded_s is None or time.monotonic() - folded_s >= self._rhythm.fold_again_after_s

    def _remove_unnamed(self, writing: Writing) -> None:
        """Remove files some time after they went out of the archive."""
        folder = writing.memory.sealed.folder / FOLDER
        named = {str(name) for name in writing.memory.sealed.names}
        unnamed = {
            path.name
            for path in (folder.iterdir() if folder.is_dir() else ())
            if sealed_name(path.name) is not None and path.name not in named
        }
        since = {name: self._unnamed.get(name, time.monotonic()) for name in unnamed}
        old = {name for name, at in since.items() if time.monotonic() - at >= self._rhythm.keep_unnamed_s}
        for name in old | (self._at_once & unnamed):
            (folder / name).unlink(missing_ok=True)
            del since[name]
        self._unnamed, self._at_once = since, set()


def days_due(writing: Writing, *, now: int) -> Iterator[Period]:
    """Days that have frames and are over, oldest first."""
    for day in sorted(writing.memory.days):
        if (day + 1) * DAY_S <= now:
            yield period_at(day * DAY_S, Span.DAY)


def months_due(writing: Writing, *, now: int) -> Iterator[Period]:
    """Months that are over and have days to be drawn together."""
    days = {name.period for name in writing.memory.sealed.names if name.period.span is Span.DAY}
    for month in sorted({day.within(Span.MONTH) for day in days}):
        if month.end <= now:
            yield month


def months_overlaid(writing: Writing, *, now: int, enough: int) -> Iterator[Period]:
    """Months over which so much lies that it is worth folding in, as far as their days have no frames."""
    for month in months_with_late_rows(writing.connection):
        hot = {day for day in writing.memory.days if month.start <= day * DAY_S < month.end}
        end = min([day * DAY_S for day in hot] + [month.end, now])
        (count,) = writing.connection.execute(
            "SELECT count(*) FROM (SELECT 1 FROM late WHERE slot >= ? AND slot < ? LIMIT ?)",
            (month.start, end, enough),
        ).fetchone()
        if count == enough:
            yield month
