"""Which reading is the slot's: the first good answer within the tolerance after it, gathered per group of series."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from wattledger.archive import Frame
from wattledger.catalog import MappedPoint
from wattledger.engine.assembly import RecordedSeries, SlotGroup
from wattledger.engine.scaling import scaled
from wattledger.engine.windows import WindowedPoint
from wattledger.measure import Aggregate, Quality, next_slot, slot_at_or_before, tolerance_s


@dataclass(slots=True)
class _Pending:
    """What came so far for one slot."""

    slot: datetime
    previous: datetime  # the slot before: the window of the aggregates begins there
    answers: dict[MappedPoint, float | None] = field(default_factory=dict)
    offset_s: float | None = None


class SlotKeeper:
    """Gathers the readings of one group, slot after slot, and hands out each slot's frame once.

    All times are those of the trusted wall clock. A slot is open from its time until its frame is complete or the
    tolerance has passed.
    """

    def __init__(self, group: SlotGroup, *, zone: ZoneInfo) -> None:
        self.group = group
        self._zone = zone
        self._tolerance = timedelta(seconds=tolerance_s(group.minutes))
        self._asked = frozenset(m.point for m in group.members if m.aggregate is Aggregate.LAST)
        self._windows = {m.point: WindowedPoint() for m in group.members if m.aggregate is not Aggregate.LAST}
        self._pending: _Pending | None = None
        self._done: datetime | None = None
        self._current: tuple[datetime, datetime] | None = None  # the slot at or before now, and the next

    def due(self, now: datetime) -> frozenset[MappedPoint]:
        """The points whose answer the present slot still waits for; empty when it has all or its time is over."""
        pending = self._open(now)
        if pending is None or now > pending.slot + self._tolerance:
            return frozenset()
        return self._asked - pending.answers.keys()

    def take(self, answers: Mapping[MappedPoint, float | None], *, at: datetime) -> None:
        """Answers read at `at`: the slot's own if it waits for them, and values of the window in any case."""
        start, _ = self._slots(at)
        for point in self._windows.keys() & answers.keys():
            value = answers[point]
            if value is not None:
                self._windows[point].add(value, at=at, start=start)
        pending = self._open(at)
        if pending is None or not pending.slot <= at <= pending.slot + self._tolerance:
            return
        fresh = (self._asked & answers.keys()) - pending.answers.keys()
        if fresh and pending.offset_s is None:
            pending.offset_s = (at - pending.slot).total_seconds()
        pending.answers.update({point: answers[point] for point in fresh})

    def finished(self, now: datetime) -> Frame | None:
        """The frame of a slot that is complete or whose tolerance is over; None where there is none or it is empty."""
        pending = self._pending or self._open(now)
        if pending is None:
            return None
        complete = self._asked <= pending.answers.keys()
        if not complete and pending.slot <= now <= pending.slot + self._tolerance:
            return None
        self._pending, self._done = None, pending.slot
        return self._frame(pending)

    def break_off(self) -> Frame | None:
        """What was answered for the slot in work, as far as it came, and begin anew with the next call.

        For an end, a change of the plant or a step of the clock: what was read in time is not lost by it. None where
        nothing was answered yet.
        """
        pending, self._pending = self._pending, None
        self._current = self._done = None
        self._windows = {point: WindowedPoint() for point in self._windows}
        return self._frame(pending) if pending is not None and pending.answers else None

    def _slots(self, now: datetime) -> tuple[datetime, datetime]:
        if self._current is None or not self._current[0] <= now < self._current[1]:
            minutes, zone = self.group.minutes, self._zone
            self._current = (
                slot_at_or_before(now, minutes=minutes, zone=zone),
                next_slot(now, minutes=minutes, zone=zone),
            )
        return self._current

    def _open(self, now: datetime) -> _Pending | None:
        slot, _ = self._slots(now)
        if self._pending is not None or slot == self._done:
            return self._pending
        if now > slot + self._tolerance:
            return None
        before = slot_at_or_before(slot - timedelta(seconds=1), minutes=self.group.minutes, zone=self._zone)
        self._pending = _Pending(slot, before)
        return self._pending

    def _frame(self, pending: _Pending) -> Frame | None:
        found = [self._reading(member, pending) for member in self.group.members]
        if all(value is None for value, _ in found):
            return None
        return Frame(
            slot=pending.slot,
            step_s=self.group.minutes * 60,
            offset_s=pending.offset_s or 0.0,
            series=tuple(member.series for member in self.group.members),
            decimals=tuple(member.decimals for member in self.group.members),
            values=tuple(value for value, _ in found),
            qualities=tuple(quality for _, quality in found) if any(quality for _, quality in found) else None,
        )

    def _reading(self, member: RecordedSeries, pending: _Pending) -> tuple[int | None, Quality]:
        if member.aggregate is Aggregate.LAST:
            value = pending.answers.get(member.point)
            return scaled(value, decimals=member.decimals), Quality.GOOD
        window = self._windows[member.point].closed(start=pending.previous)
        if window is None:
            return None, Quality.GOOD
        return scaled(window.value(member.aggregate), decimals=member.decimals), window.quality
