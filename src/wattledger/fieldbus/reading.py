"""Reading points of one device: as few requests as possible, and each failure costs no more than its own points."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from wattledger.catalog import DeviceMap, MappedPoint
from wattledger.fieldbus.errors import DoubledUnitError, LinkError, RefusedError, RequestError, is_no_answer
from wattledger.fieldbus.link import Link, Reply
from wattledger.fieldbus.manners import Manners
from wattledger.fieldbus.memory import BlockMemory
from wattledger.fieldbus.modbus.pdu import ILLEGAL_ADDRESS, ILLEGAL_VALUE, ReadRegisters
from wattledger.fieldbus.planning import Read

SPLITTING_CODES = frozenset({ILLEGAL_ADDRESS, ILLEGAL_VALUE})  # the range is refused, not the device in trouble
MOST_LOSSES = 2  # a device that fell silent, or is garbled, must not cost its timeout for each remaining read


_Outcome: TypeAlias = "Reply[tuple[int, ...]] | RequestError | LinkError"


@dataclass(frozen=True, slots=True)
class PointValue:
    """What a point read as, in its quantity's inside unit, and when its answer was whole (monotonic seconds).

    None: the device answered that it has no value.
    """

    value: float | None
    read_at: float


@dataclass(frozen=True, slots=True)
class PointAnswer:
    """What one request was answered with, and when the answer was whole (monotonic seconds).

    `registers` are those from `address` on, as they came.
    """

    values: Mapping[MappedPoint, float | None]
    read_at: float
    address: int
    registers: Sequence[int]

    def registers_of(self, point: MappedPoint) -> tuple[int, ...]:
        """What one of the points was decoded from, number by number as in `MappedPoint.spans`."""
        pieces = (self.registers[start - self.address : end - self.address] for start, end in point.spans)
        return tuple(register for piece in pieces for register in piece)


@dataclass(frozen=True, slots=True)
class ReadFailure:
    """Points that have no value because a request failed, or was not sent after others had failed."""

    points: tuple[MappedPoint, ...]
    error: RequestError | LinkError


@dataclass(frozen=True, slots=True)
class PointValues:
    """The outcome of reading points: each is in one of the `answers` or of the `failures`."""

    answers: tuple[PointAnswer, ...]
    failures: tuple[ReadFailure, ...] = ()

    @property
    def values(self) -> dict[MappedPoint, PointValue]:
        """All that was answered, by point."""
        return {
            point: PointValue(value, answer.read_at)
            for answer in self.answers
            for point, value in answer.values.items()
        }

    @property
    def error(self) -> RequestError | LinkError | None:
        """The first failure's error; None: all points were answered."""
        return self.failures[0].error if self.failures else None


async def read_points(
    link: Link,
    unit_id: int,
    device_map: DeviceMap,
    points: Collection[MappedPoint],
    *,
    memory: BlockMemory,
    timeout_s: float | None = None,
    retries: int | None = None,
) -> PointValues:
    """Read `points` of the device and remember in `memory` what it refuses.

    `timeout_s` None: the slower of the device's and the bus's own; `retries` as in `Link.request`.
    Never raises for what the device or the bus does: that stands in `failures`. When the first request is not answered,
    or with noise only, nothing more is asked of the device, nor after the link is lost. Where two devices turn out to
    answer, none of the answers counts.
    """
    return await _Reading(link, unit_id, device_map, memory, timeout_s=timeout_s, retries=retries).read(points)


class _Reading:
    """One call of `read_points`."""

    def __init__(
        self,
        link: Link,
        unit_id: int,
        device_map: DeviceMap,
        memory: BlockMemory,
        *,
        timeout_s: float | None,
        retries: int | None,
    ) -> None:
        self._link = link
        self._unit_id = unit_id
        self._map = device_map
        self._manners = Manners.of(device_map.limits)
        self._memory = memory
        # A slow device's own time beats the bus's; a patient bus (a long way) beats a quick device.
        self._timeout_s = timeout_s or max(link.timeout_s, device_map.limits.timeout_ms / 1000)
        self._retries = retries
        self._answers: list[PointAnswer] = []
        self._failures: list[ReadFailure] = []
        self._losses = 0

    async def read(self, points: Collection[MappedPoint]) -> PointValues:
        waiting = deque(self._memory.plan(self._map, points, request_cost=self._link.request_cost(self._unit_id)))
        self._report_known_refusals(points)
        while waiting:
            reads = [waiting.popleft() for _ in range(min(self._width(), len(waiting)))]
            smaller: list[Read] = []
            hopeless: RequestError | LinkError | None = None
            for read, outcome in zip(reads, await self._ask_all(reads), strict=True):
                if isinstance(outcome, Reply):
                    values = self._memory.decoder(read).decode(outcome.answer)
                    self._answers.append(PointAnswer(values, outcome.received_at, read.address, outcome.answer))
                    continue
                pieces = self._smaller_reads(read, outcome)
                smaller += pieces
                if not pieces:
                    self._failures.append(ReadFailure(read.points, outcome))
                    hopeless = outcome if self._is_hopeless(outcome) else hopeless
            waiting.extendleft(reversed(smaller))
            if hopeless is not None:
                self._failures += [ReadFailure(left.points, hopeless) for left in waiting]
                self._distrust_after(hopeless)
                break
        return PointValues(tuple(self._answers), tuple(self._failures))

    def _width(self) -> int:
        """How many reads to have under way: one until the device has spoken, so that silence costs one timeout."""
        return self._link.in_flight if self._answers and self._manners.gap_s == 0 else 1

    async def _ask_all(self, reads: Sequence[Read]) -> list[_Outcome]:
        if len(reads) == 1:
            return [await self._ask(reads[0])]
        async with asyncio.TaskGroup() as tasks:
            asked = [tasks.create_task(self._ask(read)) for read in reads]
        return [task.result() for task in asked]

    async def _ask(self, read: Read) -> _Outcome:
        request = ReadRegisters(read.function, read.address, read.count)
        try:
            return await self._link.request(
                self._unit_id, request, timeout_s=self._timeout_s, manners=self._manners, retries=self._retries
            )
        except (RequestError, LinkError) as error:
            return error

    def _smaller_reads(self, read: Read, error: RequestError | LinkError) -> tuple[Read, ...]:
        if isinstance(error, RefusedError) and error.code in SPLITTING_CODES:
            return self._memory.learn_refusal(read)
        return ()

    def _report_known_refusals(self, points: Collection[MappedPoint]) -> None:
        if self._memory.refuses_nothing:
            return
        refused = tuple(point for point in points if self._memory.is_refused(point))
        if refused:
            text = f"unit {self._unit_id}: refused before when asked alone, not asked again"
            self._failures.append(ReadFailure(refused, RefusedError(text, code=ILLEGAL_ADDRESS)))

    def _is_hopeless(self, error: RequestError | LinkError) -> bool:
        if isinstance(error, LinkError | DoubledUnitError):
            return True
        self._losses += is_no_answer(error)
        return self._losses >= MOST_LOSSES or (self._losses > 0 and not self._answers)

    def _distrust_after(self, error: RequestError | LinkError) -> None:
        if isinstance(error, DoubledUnitError):
            self._failures += [ReadFailure(tuple(answer.values), error) for answer in self._answers]
            self._answers.clear()
