"""Readings taken while the clock is in doubt: kept undated, and dated once it is trusted within the same boot."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from wattledger.archive import MOST_HELD_FRAMES, Frame, HeldFrame
from wattledger.catalog import MappedPoint
from wattledger.engine.assembly import SlotGroup
from wattledger.engine.gathering import Gathering, monotonic_s
from wattledger.engine.scaling import scaled
from wattledger.measure import Aggregate, slot_at_or_before, tolerance_s

# One reading a minute falls into the tolerance of every slot, wherever the grid will turn out to lie.
HOLD_PERIOD_S = 60.0


@dataclass(frozen=True, slots=True)
class Dated:
    """What became of held frames."""

    frames: tuple[Frame, ...]
    undatable: int  # from an earlier boot, whose monotonic clock is gone, or of what is no longer recorded


class HoldingQueue:
    """Undated frames on their way to the archive."""

    def __init__(self) -> None:
        self._waiting: deque[HeldFrame] = deque(maxlen=MOST_HELD_FRAMES)
        self.arrived = asyncio.Event()
        self.gathering = Gathering()

    def hold(self, frames: Sequence[HeldFrame]) -> None:
        """Take frames; returns at once."""
        self._waiting.extend(frames)
        if frames:
            self.gathering.came(monotonic_s())
            self.arrived.set()

    def waiting(self) -> list[HeldFrame]:
        """What the archive has not got yet, oldest first."""
        return list(self._waiting)

    def forget(self, frames: Sequence[HeldFrame]) -> None:
        """The archive has got these, the oldest."""
        kept = {id(frame) for frame in frames}
        while self._waiting and id(self._waiting[0]) in kept:
            self._waiting.popleft()


def hold_period_s(groups: Iterable[SlotGroup]) -> float:
    """How often to read while the clock is in doubt, so that one reading falls into each slot's tolerance."""
    return min((tolerance_s(group.minutes) for group in groups), default=HOLD_PERIOD_S)


def held_frame(
    group: SlotGroup, answers: Mapping[MappedPoint, float | None], *, boot: str, monotonic_s: float
) -> HeldFrame | None:
    """What of these answers the group would record, without a time; None when that is nothing.

    Means and extremes are not among it: the window they belong to is not known.
    """
    members = [m for m in group.members if m.aggregate is Aggregate.LAST]
    values = tuple(scaled(answers.get(member.point), decimals=member.decimals) for member in members)
    if all(value is None for value in values):
        return None
    return HeldFrame(
        boot=boot,
        monotonic_s=monotonic_s,
        series=tuple(member.series for member in members),
        decimals=tuple(member.decimals for member in members),
        values=values,
    )


def date_held(
    held: Sequence[HeldFrame],
    groups: Iterable[SlotGroup],
    *,
    boot: str,
    now: datetime,
    monotonic_s: float,
    zone: ZoneInfo,
) -> Dated:
    """Give held frames their slots, reckoning back from a trusted `now` by the monotonic clock.

    A frame that lies in no slot's tolerance stands for no slot and is dropped: the next one did.
    """
    minutes = {member.series: group.minutes for group in groups for member in group.members}
    frames, undatable = [], 0
    for frame in held:
        if frame.boot != boot or frame.series[0] not in minutes:
            undatable += 1
            continue
        read_at = now - timedelta(seconds=monotonic_s - frame.monotonic_s)
        dated = _dated(frame, minutes[frame.series[0]], read_at=read_at, zone=zone)
        if dated is not None:
            frames.append(dated)
    return Dated(tuple(frames), undatable)


def _dated(frame: HeldFrame, minutes: int, *, read_at: datetime, zone: ZoneInfo) -> Frame | None:
    slot = slot_at_or_before(read_at, minutes=minutes, zone=zone)
    offset_s = (read_at - slot).total_seconds()
    if offset_s > tolerance_s(minutes):
        return None
    return Frame(slot, minutes * 60, offset_s, frame.series, frame.decimals, frame.values)
