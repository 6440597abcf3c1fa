"""What was learnt about the blocks of one device: where it refuses to be read in one piece, or at all."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection
from itertools import pairwise

from wattledger.catalog import DeviceMap, MappedBlock, MappedPoint
from wattledger.fieldbus.anchoring import Anchorage, Place
from wattledger.fieldbus.decoding import AnswerDecoder
from wattledger.fieldbus.planning import Read, cells_of, plan_reads, read_of, runs_of

KEPT_S = 3600.0  # then all is tried anew: the meter may be another one by now, or was only starting when it refused
MOST_PLANS = 64  # sets of due points repeat with the poll classes; far more only come from changing the plant


class BlockMemory:
    """Plans reads for one device and remembers for an hour what it refused.

    A refused read is split once: at its fillers when it has some, else into its single points; from then on the same
    registers are asked in pieces that were not refused. A point refused alone is not asked again within the hour.
    `anchorage` is where the device has its registers, when only it can tell.
    """

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._learnt_at: float | None = None
        self._cuts: set[tuple[int, int]] = set()  # (function, address): no read may cross from below to this address
        self._tried_alone: set[tuple[int, int]] = set()
        self._refused: set[tuple[int, int, int]] = set()  # (function, address, end) of points
        self._plans: dict[tuple[object, ...], tuple[Read, ...]] = {}
        self._decoders: dict[Read, AnswerDecoder] = {}
        self._planned_for: Place | None = None
        self.anchorage = Anchorage()

    def plan(self, device_map: DeviceMap, points: Collection[MappedPoint], *, request_cost: int) -> tuple[Read, ...]:
        """The reads for these points, without those that were refused alone; the same set is planned only once.

        None for an anchored map as long as nobody knows where its registers stand.
        """
        if device_map.anchor is not None:
            place = self.anchorage.place
            if place is None:
                return ()
            return self.plan(place.map, [place.standing[point] for point in points], request_cost=request_cost)
        self._forget_what_is_old()
        key = (device_map.profile, device_map.version, device_map.product, request_cost, frozenset(points))
        reads = self._plans.get(key)
        if reads is None:
            if len(self._plans) >= MOST_PLANS:
                self._forget_plans()
            asked = [point for point in points if not self.is_refused(point)]
            whole = [point for point in asked if not point.is_plain]
            reads = self._plans[key] = plan_reads(
                asked,
                blocks=[piece for block in device_map.blocks for piece in self._pieces(block, whole)],
                max_registers=device_map.limits.max_registers,
                request_cost=request_cost,
            )
        return reads

    def decoder(self, read: Read) -> AnswerDecoder:
        """What decodes the answers to `read`; made once."""
        decoder = self._decoders.get(read)
        if decoder is None:
            decoder = self._decoders[read] = AnswerDecoder(read.points, address=read.address)
        return decoder

    @property
    def refuses_nothing(self) -> bool:
        """Whether no point was refused alone."""
        return not self._refused

    def is_refused(self, point: MappedPoint) -> bool:
        """Whether the device refused this point when it was asked for it alone."""
        if self.anchorage.place is not None:
            point = self.anchorage.place.standing.get(point, point)
        return (point.function, point.address, point.end) in self._refused

    def settle(self, place: Place) -> None:
        """The registers stand there: what was learnt of another place is worth nothing."""
        if self._planned_for not in (None, place):
            self._forget()
        self._planned_for = place

    def learn_refusal(self, read: Read) -> tuple[Read, ...]:
        """Remember that `read` was refused and give the smaller reads to try instead; none: it cannot be split."""
        self._forget_plans()
        if self._learnt_at is None:
            self._learnt_at = self._clock()
        cells = cells_of(read.points)
        if len(cells) == 1:
            self._refused |= {(read.function, point.address, point.end) for point in read.points}
            self._cut(read.function, cells[0].start, cells[0].end)
            return ()
        runs = list(runs_of(cells))
        if len(runs) > 1:
            for run in runs:
                self._cut(read.function, run[0].start, run[-1].end)
            return tuple(read_of(read.function, run) for run in runs)
        # Without fillers one of the points is to blame. Asked alone they tell which, and the rest stays together;
        # refused again, it is the length that the device does not like, and the points stay alone.
        places = {(read.function, cell.start) for cell in cells}
        if places & self._tried_alone:
            self._cuts |= places
        self._tried_alone |= places
        return tuple(read_of(read.function, [cell]) for cell in cells)

    def _forget_what_is_old(self) -> None:
        if self._learnt_at is not None and self._clock() - self._learnt_at >= KEPT_S:
            self._forget()

    def _forget(self) -> None:
        self._learnt_at = None
        for learnt in (self._cuts, self._tried_alone, self._refused):
            learnt.clear()
        self._forget_plans()

    def _forget_plans(self) -> None:
        self._plans.clear()
        self._decoders.clear()

    def _cut(self, function: int, start: int, end: int) -> None:
        self._cuts |= {(function, start), (function, end)}

    def _pieces(self, block: MappedBlock, whole: Collection[MappedPoint]) -> list[MappedBlock]:
        """The block between its cuts; what lies between the numbers of one point is never cut."""
        inner = sorted(
            at
            for function, at in self._cuts
            if function == block.function
            and block.start < at < block.end
            and not any(point.function == function and point.address < at < point.end for point in whole)
        )
        edges = [block.start, *inner, block.end]
        return [MappedBlock(block.function, start, end) for start, end in pairwise(edges)]
