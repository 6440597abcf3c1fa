"""One bus, polled for as long as it is configured: slots before live values, energies before everything."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum, auto

from wattledger.catalog import MappedPoint
from wattledger.engine.acquisition import POLL_PERIOD_S, DeviceAcquisition
from wattledger.engine.api import DeviceCondition
from wattledger.engine.clock import Clock, ClockWatch
from wattledger.engine.clock_setting import ClockSetter
from wattledger.engine.events import EngineEvents
from wattledger.engine.holding import HoldingQueue
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
PROBING_SHARE = 0.2  # of a bus's time, for devices that did not speak; the rest belongs to those that do


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What every poller shares."""

    clock: Clock
    watch: ClockWatch
    live: LiveTable
    recorder: Recorder
    held: HoldingQueue
    events: EngineEvents


def bus_key(bus_id: int) -> str:
    """Under which key the journal keeps what stands of a bus."""
    return f"bus {bus_id}"


def in_order(points: Iterable[MappedPoint]) -> list[MappedPoint]:
    """Points as they are asked for: the same points are always planned in the same order."""
    return sorted(points, key=lambda point: (point.function, point.address, point.channel))


class _Purpose(Enum):
    SLOT = auto()
    HOLDING = auto()
    LIVE = auto()


@dataclass(frozen=True, slots=True)
class _Visit:
    """What to ask of which device now."""

    acquisition: DeviceAcquisition
    points: frozenset[MappedPoint]
    purpose: _Purpose


class BusPoller:
    """Asks the devices of one bus, one after the other, whatever is due most urgently."""

    def __init__(
        self, bus: Bus, acquisitions: list[DeviceAcquisition], link: BusLink, surroundings: Surroundings
    ) -> None:
        self.bus = bus
        self.acquisitions = acquisitions
        self.link = link
        self.clocks = ClockSetter(
            link,
            lambda: self.acquisitions,
            clock=surroundings.clock,
            watch=surroundings.watch,
            events=surroundings.events,
        )
        self._around = surroundings
        self._probe_after_s = 0.0

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

    @property
    def is_recording(self) -> bool:
        """Whether devices that speak are still to be read for the present slots, so that nothing else may be asked."""
        well = [one for one in self.acquisitions if not one.is_failing]
        return _to_record(well, self._around.watch.trusted_now(), self._around.clock.monotonic()) is not None

    def speaks_with(self, unit_id: int) -> bool:
        """Whether there is a device at this address that answered when it was asked last, or was not asked yet."""
        return any(one.setup.device.unit_id == unit_id and not one.is_failing for one in self.acquisitions)

    def restart_slots(self) -> None:
        """The wall clock stepped."""
        for acquisition in self.acquisitions:
            acquisition.restart_slots()

    async def _poll(self) -> None:
        while True:
            now = self._around.watch.trusted_now()
            if now is not None:
                self._record_finished(now)
            visit = self._most_urgent(now)
            may_wait = visit is None or visit.purpose is _Purpose.LIVE
            if may_wait and now is not None and await self.clocks.look_after_next(now):
                continue
            if visit is None:
                await asyncio.sleep(self._nap_s())
            else:
                await self._visit(visit)

    def _record_finished(self, now: datetime) -> None:
        for acquisition in self.acquisitions:
            self._around.recorder.record(acquisition.finished(now))

    def _most_urgent(self, now: datetime | None) -> _Visit | None:
        """What to do next: what is recorded, of those that speak; a silent one within its share; then live values."""
        monotonic_s = self._around.clock.monotonic()
        awake = [one for one in self.acquisitions if not one.is_resting(monotonic_s)]
        well = [one for one in awake if not one.is_failing]
        may_probe = monotonic_s >= self._probe_after_s or all(one.is_failing for one in self.acquisitions)
        failing = [one for one in awake if one.is_failing] if may_probe else []
        return (
            _to_record(well, now, monotonic_s)
            or _to_record(failing, now, monotonic_s)
            or _to_show(failing, monotonic_s)
            or _to_show(well, monotonic_s)
        )

    def _nap_s(self) -> float:
        monotonic_s = self._around.clock.monotonic()
        wakes = (max(one.live_due_s(), one.resting_until_s()) - monotonic_s for one in self.acquisitions)
        return max(SHORTEST_NAP_S, min(LONGEST_NAP_S, *wakes)) if self.acquisitions else LONGEST_NAP_S

    async def _visit(self, visit: _Visit) -> None:
        one, began_s = visit.acquisition, self._around.clock.monotonic()
        was_failing = one.is_failing
        points = in_order(visit.points)
        got = await read_points(self.link, one.setup.device.unit_id, one.setup.map, points, memory=one.memory)
        if one not in self.acquisitions:
            return  # taken out of the plant meanwhile
        monotonic_s = self._around.clock.monotonic()
        if visit.purpose is _Purpose.LIVE:
            one.asked(visit.points, monotonic_s)
        elif visit.purpose is _Purpose.HOLDING:
            one.held(monotonic_s)
        if was_failing:
            self._probe_after_s = monotonic_s + (monotonic_s - began_s) * (1 / PROBING_SHARE - 1)
        self._judge(one, got, monotonic_s)
        self._use(visit, got, monotonic_s)

    def _use(self, visit: _Visit, got: PointValues, monotonic_s: float) -> None:
        """Each answer counts for the moment at which it came: a visit may last across a slot."""
        one, around = visit.acquisition, self._around
        now = around.watch.trusted_now()
        for read_s, answers in _by_time(one, got).items():
            around.live.put(one.setup, answers, read_s=read_s, periods=POLL_PERIOD_S)
            if now is not None:
                one.take(answers, at=now - timedelta(seconds=monotonic_s - read_s))
            elif visit.purpose is _Purpose.HOLDING:
                around.held.hold(one.hold(answers, boot=around.clock.boot, monotonic_s=read_s))
        one.never(point for failure in got.failures for point in failure.points if one.memory.is_refused(point))
        if now is not None:
            around.recorder.record(one.finished(now))

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


def _to_record(acquisitions: list[DeviceAcquisition], now: datetime | None, monotonic_s: float) -> _Visit | None:
    if now is None:
        return _first(acquisitions, lambda one: one.due_for_holding(monotonic_s), _Purpose.HOLDING)
    return _first(
        acquisitions, lambda one: one.due_at_slot(now, energies=True, monotonic_s=monotonic_s), _Purpose.SLOT
    ) or _first(acquisitions, lambda one: one.due_at_slot(now, energies=False, monotonic_s=monotonic_s), _Purpose.SLOT)


def _first(
    acquisitions: Iterable[DeviceAcquisition],
    due: Callable[[DeviceAcquisition], frozenset[MappedPoint]],
    purpose: _Purpose,
) -> _Visit | None:
    return next((_Visit(one, points, purpose) for one in acquisitions if (points := due(one))), None)


def _to_show(acquisitions: list[DeviceAcquisition], monotonic_s: float) -> _Visit | None:
    one = min(acquisitions, key=DeviceAcquisition.live_due_s, default=None)
    if one is None or one.live_due_s() > monotonic_s:
        return None
    return _Visit(one, one.due_live(monotonic_s), _Purpose.LIVE)


def _by_time(one: DeviceAcquisition, got: PointValues) -> dict[float, dict[MappedPoint, float | None]]:
    """The values of each answer by the time at which it came, with the installation's ratio applied."""
    found: dict[float, dict[MappedPoint, float | None]] = {}
    for point, answer in got.values.items():
        value = None if answer.value is None else answer.value * one.setup.factor(point)
        found.setdefault(answer.read_at, {})[point] = value
    return dict(sorted(found.items()))


def _condition(error: FieldbusError) -> DeviceCondition:
    match error:
        case LinkError():
            return DeviceCondition.UNREACHABLE
        case AnswerTimeoutError() | RefusedError(means_silence=True):  # a gateway says so for the device behind it
            return DeviceCondition.SILENT
        case _:
            return DeviceCondition.REFUSING
