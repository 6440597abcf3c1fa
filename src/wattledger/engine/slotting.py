"""Which reading is the slot's: the first good answer within the tolerance after it, gathered per group of series."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from wattledger.archive import Frame
from wattledger.catalog import MappedPoint
from wattledger.engine.assembly import RecordedSeries, SlotGroup
from wattledger.engine.scaling import scaled
from wattledger.engine.windows import WindowedPoint
from wattledger.measure import Aggregate, Quality, next_slot, slot_at_or_before, tolerance_s

# A meter that says "not available" may have a value a little later (it starts, it computes); one that never has is
# not asked for ever.
EMPTY_PAUSES_S = (2.0, 5.0, 10.0, 20.0)


@dataclass(slots=True)
class _Empty:
    """How often a point had no value for the slot, and when it is asked again; None: no more."""

    times: int
    again: datetime | None


@dataclass(slots=True)
class _Pending:
    """What came so far for one slot."""

    slot: datetime
    previous: datetime  # the slot before: the window of the aggregates begins there
    values: dict[MappedPoint, float] = field(default_factory=dict)
    empty: dict[MappedPoint, _Empty] = field(default_factory=dict)
    offset_s: float | None = None
    is_fresh: bool = False  # something came that was not handed out yet
    is_handed_out: bool = False


class SlotKeeper:
    """Gathers the readings of one group, slot after slot, and hands them out as soon as they came.

    Where a slot's answers come in several visits, each hands out the frame again with what is new in it: the archive
    adds what was missing, and nothing that was answered waits in memory. All times are those of the trusted wall clock.
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
        """The points whose value the present slot still waits for; empty when it has all or its time is over."""
        pending = self._open(now)
        if pending is None or now > pending.slot + self._tolerance:
            return frozenset()
        resting = {p for p, empty in pending.empty.items() if empty.again is None or now < empty.again}
        return self._asked - pending.values.keys() - resting

    def rests_until(self, now: datetime) -> datetime | None:
        """The next slot, before which nothing is waited for; None while the present one still waits for something."""
        return self._slots(now)[1] if self._open(now) is None else None

    def take(self, answers: Mapping[MappedPoint, float | None], *, at: datetime) -> None:
        """Answers read at `at`: the slot's own if it waits for them, and values of the window in any case."""
        start, _ = self._slots(at)
        for point, window in self._windows.items():
            value = answers.get(point)
            if value is not None:
                window.add(value, at=at, start=start)
        pending = self._open(at)
        if pending is None or not pending.slot <= at <= pending.slot + self._tolerance:
            return
        for point in (self._asked & answers.keys()) - pending.values.keys():
            value = answers[point]
            if value is None:
                self._note_empty(pending, point, at=at)
            else:
                pending.values[point] = value
                pending.offset_s = (at - pending.slot).total_seconds() if pending.offset_s is None else pending.offset_s
                pending.is_fresh = True

    def never(self, points: Iterable[MappedPoint]) -> None:
        """The device does not know these points at all: the present slot does not wait for them."""
        if self._pending is not None:
            for point in self._asked.intersection(points):
                self._pending.empty[point] = _Empty(len(EMPTY_PAUSES_S), again=None)

    def finished(self, now: datetime) -> Frame | None:
        """The frame to be recorded now; None when nothing came since it was last handed out."""
        pending = self._pending or self._open(now)
        if pending is None:
            return None
        is_over = self._is_settled(pending) or not pending.slot <= now <= pending.slot + self._tolerance
        if not pending.is_fresh and not (is_over and not pending.is_handed_out):
            frame = None
        else:
            frame = self._frame(pending)
            pending.is_fresh, pending.is_handed_out = False, True
        if is_over:
            self._pending, self._done = None, pending.slot
        return frame

    def restart(self) -> None:
        """Begin anew: the wall clock stepped, and what is gathered belongs to no window of the new time."""
        self._pending = self._current = self._done = None
        self._windows = {point: WindowedPoint() for point in self._windows}

    def _note_empty(self, pending: _Pending, point: MappedPoint, *, at: datetime) -> None:
        times = pending.empty[point].times if point in pending.empty else 0
        pause_s = EMPTY_PAUSES_S[times] if times < len(EMPTY_PAUSES_S) else None
        again = None if pause_s is None else at + timedelta(seconds=pause_s)
        pending.empty[point] = _Empty(times + 1, again)

    def _is_settled(self, pending: _Pending) -> bool:
        given_up = {point for point, empty in pending.empty.items() if empty.again is None}
        return self._asked <= pending.values.keys() | given_up

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
            return scaled(pending.values.get(member.point), decimals=member.decimals), Quality.GOOD
        window = self._windows[member.point].of(start=pending.previous)
        if window is None:
            return None, Quality.GOOD
        value = scaled(window.value(member.aggregate), decimals=member.decimals)
        return value, window.quality(end=pending.slot)
