"""Reading points of one device: as few requests as possible, and each failure costs no more than its own points."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from wattledger.catalog import DeviceMap, MappedPoint
from wattledger.fieldbus.decoding import decode
from wattledger.fieldbus.errors import AnswerTimeoutError, LinkError, RefusedError, RequestError
from wattledger.fieldbus.link import Link, Reply
from wattledger.fieldbus.manners import Manners
from wattledger.fieldbus.memory import BlockMemory
from wattledger.fieldbus.modbus.pdu import ILLEGAL_ADDRESS, ILLEGAL_VALUE, ReadRegisters
from wattledger.fieldbus.planning import Read

SPLITTING_CODES = frozenset({ILLEGAL_ADDRESS, ILLEGAL_VALUE})  # the range is refused, not the device in trouble
MOST_SILENCES = 2  # a device that fell silent in the middle must not cost its timeout for each remaining read


_Outcome: TypeAlias = "Reply[tuple[int, ...]] | RequestError | LinkError"


@dataclass(frozen=True, slots=True)
class PointValue:
    """What a point read as, in its quantity's inside unit, and when its answer was whole (monotonic seconds).

    None: the device answered that it has no value.
    """

    value: float | None
    read_at: float


@dataclass(frozen=True, slots=True)
class ReadFailure:
    """Points that have no value because a request failed, or was not sent after others had failed."""

    points: tuple[MappedPoint, ...]
    error: RequestError | LinkError


@dataclass(frozen=True, slots=True)
class PointValues:
    """The outcome of reading points: each is in `values` or in one of the `failures`."""

    values: Mapping[MappedPoint, PointValue]
    failures: tuple[ReadFailure, ...] = ()

    @property
    def error(self) -> RequestError | LinkError | None:
        """The first failure's error; None: all points were answered."""
        return self.failures[0].error if self.failures else None


async def read_points(
    link: Link, unit_id: int, device_map: DeviceMap, points: Sequence[MappedPoint], *, memory: BlockMemory
) -> PointValues:
    """Read `points` of the device and remember in `memory` what it refuses.

    Never raises for what the device or the bus does: that stands in `failures`. When the first request meets silence
    nothing more is asked of the device, nor after the link is lost.
    """
    return await _Reading(link, unit_id, device_map, memory).read(points)


class _Reading:
    """One call of `read_points`."""

    def __init__(self, link: Link, unit_id: int, device_map: DeviceMap, memory: BlockMemory) -> None:
        self._link = link
        self._unit_id = unit_id
        self._map = device_map
        self._manners = Manners.of(device_map.limits)
        self._memory = memory
        self._values: dict[MappedPoint, PointValue] = {}
        self._failures: list[ReadFailure] = []
        self._silences = 0

    async def read(self, points: Sequence[MappedPoint]) -> PointValues:
        waiting = deque(self._memory.plan(self._map, points, request_cost=self._link.request_cost(self._unit_id)))
        self._report_known_refusals(points)
        while waiting:
            reads = [waiting.popleft() for _ in range(min(self._width(), len(waiting)))]
            smaller: list[Read] = []
            hopeless: RequestError | LinkError | None = None
            for read, outcome in zip(reads, await self._ask_all(reads), strict=True):
                if isinstance(outcome, Reply):
                    self._decode(read, outcome)
                    continue
                pieces = self._smaller_reads(read, outcome)
                smaller += pieces
                if not pieces:
                    self._failures.append(ReadFailure(read.points, outcome))
                    hopeless = outcome if self._is_hopeless(outcome) else hopeless
            waiting.extendleft(reversed(smaller))
            if hopeless is not None:
                self._failures += [ReadFailure(left.points, hopeless) for left in waiting]
                break
        return PointValues(self._values, tuple(self._failures))

    def _width(self) -> int:
        """How many reads to have under way: one until the device has spoken, so that silence costs one timeout."""
        return self._link.in_flight if self._values and self._manners.gap_s == 0 else 1

    async def _ask_all(self, reads: Sequence[Read]) -> list[_Outcome]:
        if len(reads) == 1:
            return [await self._ask(reads[0])]
        async with asyncio.TaskGroup() as tasks:
            asked = [tasks.create_task(self._ask(read)) for read in reads]
        return [task.result() for task in asked]

    async def _ask(self, read: Read) -> _Outcome:
        request = ReadRegisters(read.function, read.address, read.count)
        # A slow device's own time beats the bus's; a patient bus (a long way) beats a quick device.
        timeout_s = max(self._link.timeout_s, self._map.limits.timeout_ms / 1000)
        try:
            return await self._link.request(self._unit_id, request, timeout_s=timeout_s, manners=self._manners)
        except (RequestError, LinkError) as error:
            return error

    def _smaller_reads(self, read: Read, error: RequestError | LinkError) -> tuple[Read, ...]:
        if isinstance(error, RefusedError) and error.code in SPLITTING_CODES:
            return self._memory.learn_refusal(read)
        return ()

    def _report_known_refusals(self, points: Sequence[MappedPoint]) -> None:
        refused = tuple(point for point in points if self._memory.is_refused(point))
        if refused:
            text = f"unit {self._unit_id}: refused before when asked alone, not asked again"
            self._failures.append(ReadFailure(refused, RefusedError(text, code=ILLEGAL_ADDRESS)))

    def _is_hopeless(self, error: RequestError | LinkError) -> bool:
        if isinstance(error, LinkError):
            return True
        self._silences += isinstance(error, AnswerTimeoutError) or (
            isinstance(error, RefusedError) and error.means_silence
        )
        return self._silences >= MOST_SILENCES or (self._silences > 0 and not self._values)

    def _decode(self, read: Read, reply: Reply[tuple[int, ...]]) -> None:
        for point in read.points:
            start = point.address - read.address
            value = decode(point, reply.answer[start : start + point.words])
            self._values[point] = PointValue(value, reply.received_at)
