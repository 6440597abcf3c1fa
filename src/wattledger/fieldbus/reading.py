"""Reading points of one device: as few requests as possible, and each failure costs no more than its own points."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeAlias

from wattledger.catalog import DeviceMap, Limits, MappedAnchor, MappedPoint
from wattledger.fieldbus.errors import (
    DoubledUnitError,
    LinkError,
    MisplacedError,
    RefusedError,
    RequestError,
    is_no_answer,
)
from wattledger.fieldbus.header_check import HeaderCheck
from wattledger.fieldbus.link import Link, Reply
from wattledger.fieldbus.manners import Manners
from wattledger.fieldbus.memory import BlockMemory
from wattledger.fieldbus.modbus.pdu import ILLEGAL_ADDRESS, ILLEGAL_VALUE, ReadRegisters
from wattledger.fieldbus.planning import Read

SPLITTING_CODES = frozenset({ILLEGAL_ADDRESS, ILLEGAL_VALUE})  # the range is refused, not the device in trouble
TRIES_TO_FIND = 2  # registers that moved are looked for once in the same visit
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

    `registers` are those from `address` on, as they came. `standing` are the points as they stand there, where a map
    counts from an anchor; others stand as they say themselves.
    """

    values: Mapping[MappedPoint, float | None]
    read_at: float
    address: int
    registers: Sequence[int]
    standing: Mapping[MappedPoint, MappedPoint] = field(default_factory=dict)

    def registers_of(self, point: MappedPoint) -> tuple[int, ...]:
        """What one of the points was decoded from, number by number as in `MappedPoint.spans`."""
        spans = self.standing.get(point, point).spans
        pieces = (self.registers[start - self.address : end - self.address] for start, end in spans)
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

    def renamed(self, names: Mapping[MappedPoint, MappedPoint]) -> PointValues:
        """The same, of the points that these stand for."""
        return PointValues(
            tuple(
                replace(
                    answer,
                    values={names[point]: value for point, value in answer.values.items()},
                    standing={names[point]: point for point in answer.values},
                )
                for answer in self.answers
            ),
            tuple(ReadFailure(tuple(names[point] for point in lost.points), lost.error) for lost in self.failures),
        )

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

    The registers of an anchored map are searched for before they are read, where nobody knows where they stand; a long
    search fails with SearchUnfinishedError and goes on the next time. Their block's header is read along: when it is
    another one nothing of the answer counts, and they are searched for anew.
    """
    device = _Device(link, unit_id, device_map.limits, timeout_s=timeout_s, retries=retries)
    if device_map.anchor is None:
        return await _Reading(device, device_map, memory).read(points)
    return await _read_anchored(device, device_map, device_map.anchor, points, memory)


async def _read_anchored(
    device: _Device, device_map: DeviceMap, anchor: MappedAnchor, points: Collection[MappedPoint], memory: BlockMemory
) -> PointValues:
    got = PointValues(())
    for _ in range(TRIES_TO_FIND):
        try:
            place = await memory.anchorage.locate(device_map, anchor, device.registers)
        except (RequestError, LinkError) as error:
            return PointValues((), (ReadFailure(tuple(points), error),))
        memory.settle(place)
        standing = [place.standing[point] for point in points]
        got = await _Reading(device, place.map, memory, header=HeaderCheck(place.model)).read(standing)
        got = got.renamed(place.declared)
        if got.answers or not got.failures:
            break
        memory.anchorage.doubt()
        if not isinstance(got.error, MisplacedError):
            break
    return got


class _Device:
    """How one device is asked in one visit."""

    def __init__(
        self, link: Link, unit_id: int, limits: Limits, *, timeout_s: float | None, retries: int | None
    ) -> None:
        self._link = link
        self._unit_id = unit_id
        self.manners = Manners.of(limits)
        # A slow device's own time beats the bus's; a patient bus (a long way) beats a quick device.
        self._timeout_s = timeout_s or max(link.timeout_s, limits.timeout_ms / 1000)
        self._retries = retries

    @property
    def name(self) -> str:
        """What errors call it."""
        return f"unit {self._unit_id}"

    @property
    def request_cost(self) -> int:
        """What one more request costs, in registers that could be read along in the same time."""
        return self._link.request_cost(self._unit_id)

    @property
    def width(self) -> int:
        """How many requests to have under way at once."""
        return self._link.in_flight if self.manners.gap_s == 0 else 1

    async def ask(self, request: ReadRegisters) -> Reply[tuple[int, ...]]:
        """The answer; raises RequestError and LinkError."""
        return await self._link.request(
            self._unit_id, request, timeout_s=self._timeout_s, manners=self.manners, retries=self._retries
        )

    async def registers(self, request: ReadRegisters) -> tuple[int, ...]:
        """What the registers hold; raises RequestError and LinkError."""
        return (await self.ask(request)).answer


class _Reading:
    """One call of `read_points`; `header` None: nothing but the points is read."""

    def __init__(
        self, device: _Device, device_map: DeviceMap, memory: BlockMemory, *, header: HeaderCheck | None = None
    ) -> None:
        self._device = device
        self._map = device_map
        self._memory = memory
        self._header = header
        self._answers: list[PointAnswer] = []
        self._failures: list[ReadFailure] = []
        self._losses = 0

    async def read(self, points: Collection[MappedPoint]) -> PointValues:
        waiting = deque(self._plan(points))
        self._report_known_refusals(points)
        while waiting:
            reads = [waiting.popleft() for _ in range(min(self._width(), len(waiting)))]
            smaller: list[Read] = []
            hopeless: RequestError | LinkError | None = None
            for read, outcome in zip(reads, await self._ask_all(reads), strict=True):
                if isinstance(outcome, Reply):
                    self._answers.append(self._answer(read, outcome))
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
        return self._device.width if self._answers else 1

    def _plan(self, points: Collection[MappedPoint]) -> tuple[Read, ...]:
        cost = self._device.request_cost
        reads = self._memory.plan(self._map, points, request_cost=cost)
        if self._header is None or not reads:
            return reads
        return self._header.along_with(reads, most=self._map.limits.max_registers, request_cost=cost)

    def _answer(self, read: Read, reply: Reply[tuple[int, ...]]) -> PointAnswer:
        values = self._memory.decoder(read).decode(reply.answer) if read.points else {}
        return PointAnswer(values, reply.received_at, read.address, reply.answer)

    async def _ask_all(self, reads: Sequence[Read]) -> list[_Outcome]:
        if len(reads) == 1:
            return [await self._ask(reads[0])]
        async with asyncio.TaskGroup() as tasks:
            asked = [tasks.create_task(self._ask(read)) for read in reads]
        return [task.result() for task in asked]

    async def _ask(self, read: Read) -> _Outcome:
        try:
            reply = await self._device.ask(ReadRegisters(read.function, read.address, read.count))
            if self._header is not None:
                self._header.check(read, reply.answer)
        except (RequestError, LinkError) as error:
            return error if self._header is None else self._header.verdict(read, error)
        return reply

    def _smaller_reads(self, read: Read, error: RequestError | LinkError) -> tuple[Read, ...]:
        if not isinstance(error, RefusedError) or error.code not in SPLITTING_CODES:
            return ()
        if self._header is not None and self._header.is_along_with(read):
            return self._header.apart()
        return self._memory.learn_refusal(read)

    def _report_known_refusals(self, points: Collection[MappedPoint]) -> None:
        if self._memory.refuses_nothing:
            return
        refused = tuple(point for point in points if self._memory.is_refused(point))
        if refused:
            text = f"{self._device.name}: refused before when asked alone, not asked again"
            self._failures.append(ReadFailure(refused, RefusedError(text, code=ILLEGAL_ADDRESS)))

    def _is_hopeless(self, error: RequestError | LinkError) -> bool:
        if isinstance(error, LinkError | DoubledUnitError | MisplacedError):
            return True
        self._losses += is_no_answer(error)
        return self._losses >= MOST_LOSSES or (self._losses > 0 and not self._answers)

    def _distrust_after(self, error: RequestError | LinkError) -> None:
        if isinstance(error, DoubledUnitError):
            self._failures += [ReadFailure(tuple(answer.values), error) for answer in self._answers]
            self._answers.clear()
