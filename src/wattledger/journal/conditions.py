"""When a standing condition is worth another entry: pure decisions, the same in every process and after every restart.

A condition that lasts is told once and then at growing distances; one that comes and goes is one occurrence, told at
growing distances as well. Nothing is lost in between: firings are counted and go with the next entry.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from wattledger.journal.entries import Act, Entry, entry_for, new_occurrence
from wattledger.journal.events import Code, Param

FIRST_REPEAT = timedelta(seconds=60)  # doubled with each further entry …
LONGEST_REPEAT = timedelta(hours=6)  # … so a device that is silent for a year costs four entries a day
FIRST_FLAP = timedelta(seconds=2)
LONGEST_FLAP = timedelta(minutes=10)
# Back within this time it is the same trouble still; longer than LONGEST_FLAP, else a flapping condition that waits for
# its next entry would come back as a new occurrence.
SAME_TROUBLE = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class Written:
    """What the file holds of the newest occurrence of a condition."""

    last: Entry  # the newest that tells of a coming, firing or going
    repeats: int
    ends: int
    acknowledged: bool

    @property
    def is_standing(self) -> bool:
        """Whether the condition holds by what is written."""
        return self.last.act is not Act.ENDED

    def continues(self, now: datetime) -> bool:
        """Whether a firing now is the same trouble: it stands, or ended just before and nobody has dealt with it."""
        return self.is_standing or (not self.acknowledged and abs(now - self.last.time) < SAME_TROUBLE)

    def repeat_due(self) -> datetime:
        """When the next firing of what stands is worth an entry."""
        return self.last.time + _growing(FIRST_REPEAT, LONGEST_REPEAT, self.repeats - self.ends)

    def flap_due(self) -> datetime:
        """When the next coming or going is worth an entry; the first end is so at once."""
        if self.ends == 0:
            return self.last.time
        return self.last.time + _growing(FIRST_FLAP, LONGEST_FLAP, self.ends - 1)


@dataclass(slots=True)
class Condition:
    """What a process knows of one condition: how it is, and the firings that no entry tells of yet."""

    code: Code
    key: str
    is_standing: bool = False
    changed: datetime | None = None  # when it last began or ended; None: nobody said anything yet
    unwritten: int = 0
    first_fired: datetime | None = None  # of the unwritten ones
    last_fired: datetime | None = None
    params: Mapping[str, Param] = field(default_factory=dict)
    source: str = ""

    def fire(self, now: datetime, params: Mapping[str, Param], source: str) -> None:
        """It holds, again or still."""
        if not self.is_standing:
            self.changed = now
        self.is_standing = True
        self.unwritten += 1
        self.first_fired = self.first_fired or now
        self.last_fired = now
        self.params = dict(params)
        self.source = source

    def end(self, now: datetime, source: str) -> None:
        """It holds no longer."""
        if self.is_standing or self.changed is None:
            self.changed = now
        self.is_standing = False
        self.source = source or self.source

    def forgotten(self) -> None:
        """The file that told of it is gone: what stands is to be told again."""
        if self.is_standing and not self.unwritten:
            self.unwritten = 1
            self.first_fired = self.last_fired

    def written(self) -> None:
        """All that was to be told stands in the file."""
        self.unwritten = 0
        self.first_fired = None


def entries_due(condition: Condition, written: Written | None, now: datetime, *, at_once: bool) -> list[Entry]:
    """What to append so that the file says how the condition is; nothing while it can wait and `at_once` is not set."""
    if condition.unwritten and (written is None or not written.continues(_fired(condition.first_fired))):
        return _raised(condition)
    if written is None:
        return []
    comes_or_goes = condition.is_standing != written.is_standing
    if not comes_or_goes and not condition.unwritten:
        return []
    due = written.flap_due() if comes_or_goes or not written.is_standing else written.repeat_due()
    # A clock that went back must not silence a condition until it has caught up.
    if not (at_once or now >= due or now < written.last.time):
        return []
    return _continued(condition, written.last)


def _raised(condition: Condition) -> list[Entry]:
    raised = _entry(condition, Act.RAISED, new_occurrence(), time=_fired(condition.first_fired))
    more = condition.unwritten - 1
    again = [replace(raised, act=Act.REPEATED, time=_fired(condition.last_fired), count=more)] if more else []
    return [raised, *again, *_ended(condition, raised)]


def _continued(condition: Condition, last: Entry) -> list[Entry]:
    if not condition.unwritten:
        return _ended(condition, last)
    time = _fired(condition.last_fired)
    again = _entry(condition, Act.REPEATED, last.occurrence, time=time, count=condition.unwritten)
    return [again, *_ended(condition, again)]


def _ended(condition: Condition, before: Entry) -> list[Entry]:
    if condition.is_standing or condition.changed is None:
        return []
    source = condition.source or before.source
    return [replace(before, act=Act.ENDED, time=condition.changed, source=source, count=1, id=0)]


def _entry(condition: Condition, act: Act, occurrence: str, *, time: datetime, count: int = 1) -> Entry:
    return entry_for(
        condition.code,
        act,
        time=time,
        occurrence=occurrence,
        key=condition.key,
        params=condition.params,
        source=condition.source,
        count=count,
    )


def _fired(time: datetime | None) -> datetime:
    if time is None:
        raise ValueError("a condition that never fired has nothing to tell")
    return time


def _growing(first: timedelta, longest: timedelta, steps: int) -> timedelta:
    factor: int = 1 << min(max(steps, 0), 32)
    return min(first * factor, longest)
