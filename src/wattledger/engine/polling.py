"""One bus, polled for as long as it is configured: slots before live values, energies before everything."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from wattledger.catalog import MappedPoint
from wattledger.engine.acquisition import POLL_PERIOD_S, DeviceAcquisition
from wattledger.engine.api import DeviceCondition
from wattledger.engine.clock import Clock, ClockWatch
from wattledger.engine.events import EngineEvents
from wattledger.engine.links import BusLink
from wattledger.engine.live import LiveTable
from wattledger.engine.recording import Recorder
from wattledger.fieldbus import (
    AnswerTimeoutError,
    Backoff,
    FieldbusError,
    LinkError,
    PointValues,
    RefusedError,
    read_points,
)
from wattledger.journal import Code
from wattledger.plant import Bus

log = logging.getLogger(__name__)

LONGEST_NAP_S = 0.25  # slots are on whole seconds: none begins unseen for longer than this
SHORTEST_NAP_S = 0.005
FIRST_RESTART_S = 1.0
MOST_RESTART_S = 60.0


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What every poller shares."""

    clock: Clock
    watch: ClockWatch
    live: LiveTable
    recorder: Recorder
    events: EngineEvents


def bus_key(bus_id: int) -> str:
    """Under which key the journal keeps what stands of a bus."""
    return f"bus {bus_id}"


@dataclass(frozen=True, slots=True)
class _Visit:
    """What to ask of which device now."""

    acquisition: DeviceAcquisition
    points: frozenset[MappedPoint]
    live: bool = False


class BusPoller:
    """Asks the devices of one bus, one after the other, whatever is due most urgently."""

    def __init__(
        self, bus: Bus, acquisitions: list[DeviceAcquisition], link: BusLink, surroundings: Surroundings
    ) -> None:
        self.bus = bus
        self.acquisitions = acquisitions
        self.link = link
        self._around = surroundings

    async def keep_polling(self) -> None:
        """Poll until cancelled; the one place that survives what nobody foresaw."""
        pauses = Backoff(first_s=FIRST_RESTART_S, most_s=MOST_RESTART_S)
        key = bus_key(self.bus.id)
        self._around.events.end(Code.BUS_DOWN, key)  # left standing by an engine that was killed
        while True:
            began_s = self._around.clock.monotonic()
            try:
                await self._poll()
            except Exception as error:
                log.exception("bus %s: polling failed", self.bus.name)
                reason = f"{type(error).__name__}: {error}"
                self._around.events.begin(Code.BUS_DOWN, key, params={"bus": self.bus.name, "reason": reason})
            if self._around.clock.monotonic() - began_s > MOST_RESTART_S:
                pauses.reset()  # it went well for a while
            await asyncio.sleep(pauses.next_s())
            self._around.events.end(Code.BUS_DOWN, key)

    def break_off(self) -> None:
        """Record what was answered for the slots in work: polling ends, or the wall clock stepped."""
        for acquisition in self.acquisitions:
            self._around.recorder.record(acquisition.break_off())

    async def _poll(self) -> None:
        while True:
            now = self._around.watch.trusted_now()
            if now is not None:
                self._record_finished(now)
            visit = self._most_urgent(now)
            if visit is None:
                await asyncio.sleep(self._nap_s())
            else:
                await self._visit(visit)

    def _record_finished(self, now: datetime) -> None:
        for acquisition in self.acquisitions:
            self._around.recorder.record(acquisition.finished(now))

    def _most_urgent(self, now: datetime | None) -> _Visit | None:
        monotonic_s = self._around.clock.monotonic()
        awake = [one for one in self.acquisitions if not one.is_resting(monotonic_s)]
        recorded = (
            _first_due(awake, lambda one: one.due_for_holding(monotonic_s))
            if now is None
            else _first_due(awake, lambda one: one.due_at_slot(now, energies=True, monotonic_s=monotonic_s))
            or _first_due(awake, lambda one: one.due_at_slot(now, energies=False, monotonic_s=monotonic_s))
        )
        if recorded is not None:
            return recorded
        first = min(awake, key=DeviceAcquisition.live_due_s, default=None)
        if first is not None and first.live_due_s() <= monotonic_s:
            return _Visit(first, first.due_live(monotonic_s), live=True)
        return None

    def _nap_s(self) -> float:
        monotonic_s = self._around.clock.monotonic()
        wakes = (max(one.live_due_s(), one.resting_until_s()) - monotonic_s for one in self.acquisitions)
        return max(SHORTEST_NAP_S, min(LONGEST_NAP_S, *wakes)) if self.acquisitions else LONGEST_NAP_S

    async def _visit(self, visit: _Visit) -> None:
        one = visit.acquisition
        points = sorted(visit.points, key=lambda point: (point.function, point.address, point.channel))
        got = await read_points(self.link, one.setup.device.unit_id, one.setup.map, points, memory=one.memory)
        if one not in self.acquisitions:
            return  # taken out of the plant meanwhile
        monotonic_s = self._around.clock.monotonic()
        if visit.live:
            one.asked(visit.points, monotonic_s)
        self._judge(one, got, monotonic_s)
        read_s = max((answer.read_at for answer in got.values.values()), default=monotonic_s)
        self._use(one, _answers(one, got), read_s=read_s, age_s=monotonic_s - read_s)

    def _use(
        self, one: DeviceAcquisition, answers: Mapping[MappedPoint, float | None], *, read_s: float, age_s: float
    ) -> None:
        self._around.live.put(one.setup, answers, read_s=read_s, periods=POLL_PERIOD_S)
        now = self._around.watch.trusted_now()
        if now is not None:
            one.take(answers, at=now - timedelta(seconds=age_s))
        elif answers:
            self._around.recorder.hold(one.hold(answers, boot=self._around.clock.boot, monotonic_s=read_s))

    def _judge(self, one: DeviceAcquisition, got: PointValues, monotonic_s: float) -> None:
        now = self._around.clock.now()
        failed = [f for f in got.failures if not all(one.memory.is_refused(point) for point in f.points)]
        if got.values or not failed:
            one.answered()
        else:
            one.failed(monotonic_s)
        if not failed:
            one.condition.answered(now)
            return
        one.missed(monotonic_s)
        one.condition.failed(_condition(failed[0].error), str(failed[0].error), now)


def _first_due(
    acquisitions: Iterable[DeviceAcquisition], due: Callable[[DeviceAcquisition], frozenset[MappedPoint]]
) -> _Visit | None:
    return next((_Visit(one, points) for one in acquisitions if (points := due(one))), None)


def _answers(one: DeviceAcquisition, got: PointValues) -> dict[MappedPoint, float | None]:
    """Values with the installation's ratio applied; a point that the device does not know at all has none."""
    answers: dict[MappedPoint, float | None] = {
        point: None if answer.value is None else answer.value * one.setup.factor(point)
        for point, answer in got.values.items()
    }
    for failure in got.failures:
        answers.update(dict.fromkeys(point for point in failure.points if one.memory.is_refused(point)))
    return answers


def _condition(error: FieldbusError) -> DeviceCondition:
    match error:
        case LinkError():
            return DeviceCondition.UNREACHABLE
        case AnswerTimeoutError() | RefusedError(means_silence=True):  # a gateway says so for the device behind it
            return DeviceCondition.SILENT
        case _:
            return DeviceCondition.REFUSING
