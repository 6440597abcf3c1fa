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
    Backoff,
    FieldbusError,
    LinkError,
    PointValues,
    SearchUnfinishedError,
    is_silence,
    read_points,
)
from wattledger.journal import Code
from wattledger.plant import Bus

log = logging.getLogger(__name__)

LONGEST_NAP_S = 1.0  # what changes from outside, the list of devices or the wall clock, is seen within this
SHORTEST_NAP_S = 0.001  # the loops count in milliseconds
FIRST_RESTART_S = 1.0
MOST_RESTART_S = 60.0
# Of a bus's time, for devices that do not speak. What is read at fixed times takes its part first, so that the cycle of
# the others may grow by twice this on a line that is always busy.
PROBING_SHARE = 0.02
QUICK = 0.5  # of the bus's own timeout: who never took longer is not waited for longer than that


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
    PROBE = auto()


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
                await asyncio.sleep(self._nap_s(now))
            else:
                await self._visit(visit)

    def _record_finished(self, now: datetime) -> None:
        for acquisition in self.acquisitions:
            self._around.recorder.record(acquisition.finished(now))

    def _most_urgent(self, now: datetime | None) -> _Visit | None:
        """What to do next: what is recorded, of those that speak; a silent one within its share; then live values."""
        monotonic_s = self._around.clock.monotonic()
        well = [one for one in self.acquisitions if not one.is_failing]
        return _to_record(well, now, monotonic_s) or self._to_probe(now, monotonic_s) or _to_show(well, monotonic_s)

    def _to_probe(self, now: datetime | None, monotonic_s: float) -> _Visit | None:
        """The silent device that has rested, and those for which a slot waits before others."""
        if monotonic_s < self._probing_from_s():
            return None
        rested = [one for one in self.acquisitions if one.is_failing and not one.is_resting(monotonic_s)]
        urgent = [one for one in rested if now is not None and one.waits_for_slot(now)]
        one = min(urgent or rested, key=DeviceAcquisition.resting_until_s, default=None)
        return _Visit(one, frozenset({one.probe_point()}), _Purpose.PROBE) if one else None

    def _probing_from_s(self) -> float:
        """The monotonic time from which silent devices may be asked again; where nobody speaks, nobody waits for it."""
        return self._probe_after_s if any(not one.is_failing for one in self.acquisitions) else 0.0

    def _nap_s(self, now: datetime | None) -> float:
        monotonic_s = self._around.clock.monotonic()
        probing_in_s = self._probing_from_s() - monotonic_s
        nap_s = LONGEST_NAP_S
        for one in self.acquisitions:
            wakes_in_s = one.wakes_in_s(now, monotonic_s)
            nap_s = min(nap_s, max(wakes_in_s, probing_in_s) if one.is_failing else wakes_in_s)
        return max(SHORTEST_NAP_S, nap_s)

    async def _visit(self, visit: _Visit) -> None:
        one = visit.acquisition
        if visit.purpose is _Purpose.PROBE:
            await self._probe(one, visit.points)
            return
        got = await read_points(self.link, one.setup.device.unit_id, one.setup.map, visit.points, memory=one.memory)
        if one not in self.acquisitions:
            return  # taken out of the plant meanwhile
        monotonic_s = self._around.clock.monotonic()
        if visit.purpose is _Purpose.LIVE:
            one.asked(visit.points, monotonic_s)
        elif visit.purpose is _Purpose.HOLDING:
            one.held(monotonic_s)
        self._judge(one, got, monotonic_s)
        self._use(visit, got, monotonic_s)

    def _use(self, visit: _Visit, got: PointValues, monotonic_s: float) -> None:
        """Each answer counts for the moment at which it came: a visit may last across a slot."""
        one, around = visit.acquisition, self._around
        now = around.watch.trusted_now()
        for answer in got.answers:
            values, read_s = one.setup.with_ratio(answer.values), answer.read_at
            around.live.put(one.setup, values, read_s=read_s, periods=POLL_PERIOD_S)
            if now is not None:
                one.take(values, at=now - timedelta(seconds=monotonic_s - read_s))
            elif visit.purpose is _Purpose.HOLDING:
                around.held.hold(one.hold(values, boot=around.clock.boot, monotonic_s=read_s))
        one.never(point for failure in got.failures for point in failure.points if one.memory.is_refused(point))
        if now is not None:
            around.recorder.record(one.finished(now))

    async def _probe(self, one: DeviceAcquisition, points: frozenset[MappedPoint]) -> None:
        """Ask once, and no longer than the device is known to need.

        A device that speaks again is asked as usual, and judged by that; one that does not used up the probing share.
        """
        began_s = self._around.clock.monotonic()
        unit_id = one.setup.device.unit_id
        got = await read_points(
            self.link,
            unit_id,
            one.setup.map,
            points,
            memory=one.memory,
            timeout_s=self._probe_timeout_s(unit_id),
            retries=0,
        )
        if got.error is None or isinstance(got.error, SearchUnfinishedError):
            one.answered()
            return
        monotonic_s = self._around.clock.monotonic()
        self._probe_after_s = monotonic_s + (monotonic_s - began_s) * (1 / PROBING_SHARE - 1)
        one.failed(monotonic_s)
        if one in self.acquisitions:
            one.condition.failed(_condition(got.error), got.error, self._around.clock.now())

    def _probe_timeout_s(self, unit_id: int) -> float | None:
        """The bus's own timeout for a device that always answered well within it; None: as long as its profile says."""
        worst_s = self.link.statistics.of_unit(unit_id).worst_response_s
        return self.link.timeout_s if worst_s is not None and worst_s <= QUICK * self.link.timeout_s else None

    def _judge(self, one: DeviceAcquisition, got: PointValues, monotonic_s: float) -> None:
        if isinstance(got.error, SearchUnfinishedError):
            one.answered()
            one.searched(monotonic_s)
            return
        now = self._around.clock.now()
        failed = [f for f in got.failures if not all(one.memory.is_refused(point) for point in f.points)]
        if failed and not got.answers:
            one.failed(monotonic_s)
        else:
            one.answered(got.answers[0].values.keys() if got.answers else ())
            if any(is_silence(failure.error) for failure in failed):
                one.doubted(monotonic_s)
        if not failed:
            one.condition.answered(now)
            return
        one.missed(monotonic_s)
        one.condition.failed(_condition(failed[0].error), failed[0].error, now)


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


def _condition(error: FieldbusError) -> DeviceCondition:
    if isinstance(error, LinkError):
        return DeviceCondition.UNREACHABLE
    return DeviceCondition.SILENT if is_silence(error) else DeviceCondition.REFUSING
