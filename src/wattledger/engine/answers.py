"""What the engine answers on its control API."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from wattledger.archive import Archive, Point
from wattledger.catalog import CatalogError
from wattledger.engine.api import (
    BusFrame,
    ClockState,
    EngineRefusedError,
    EngineState,
    ForgetBefore,
    FramesRequest,
    GivenReadings,
    Identification,
    IdentifyOutcome,
    IdentifyRequest,
    IoOutput,
    IoState,
    LiveValue,
    PlanRequest,
    ReadPlan,
    RelayTest,
    Reload,
    Reloaded,
    Reset,
    Scanned,
    ScanRequest,
    Stored,
    TrafficStatistics,
    calls,
)
from wattledger.engine.applied import AppliedPlant
from wattledger.engine.clock import Clock, ClockWatch
from wattledger.engine.control import Answerer, answering
from wattledger.engine.dating import HeldReadings
from wattledger.engine.importing import Importing, latest_slot, stored
from wattledger.engine.insight import bus_frames, read_plan
from wattledger.engine.lag import LoopLag
from wattledger.engine.links import BusLink
from wattledger.engine.live import LiveTable
from wattledger.engine.local_io import LocalIo
from wattledger.engine.plant_keeping import PlantKeeper
from wattledger.engine.polling import BusPoller
from wattledger.engine.recording import Recorder
from wattledger.engine.scanning import ScanStep
from wattledger.fieldbus import Advice, LocalLink, RtuLink, identify

log = logging.getLogger(__name__)

# Instead of the address on the network:
CHECK_ADAPTER = "check_adapter"  # a serial line has no address
CHECK_TERMINAL = "check_terminal"  # nor has an input of the server
CHECK_TLS = "check_tls"  # a secured connection has more than that


@dataclass(frozen=True, slots=True)
class EngineParts:
    """The parts of a running engine that answers are made of."""

    archive: Archive
    clock: Clock
    watch: ClockWatch
    live: LiveTable
    recorder: Recorder
    lag: LoopLag
    held: HeldReadings
    applied: AppliedPlant
    local: LocalIo
    keeper: PlantKeeper
    started: datetime


class EngineAnswers:
    """One method per call; `table` gives them by path."""

    def __init__(self, parts: EngineParts) -> None:
        self._parts = parts
        self._importing = Importing(parts.archive, parts.clock)

    def table(self) -> Mapping[str, Answerer]:
        """All calls but the live stream, which is no single answer."""
        return dict(
            (
                answering(calls.STATE, self.state),
                answering(calls.LIVE, self.live),
                answering(calls.RELOAD, self.reload),
                answering(calls.IDENTIFY, self.identify),
                answering(calls.SCAN, self.scan),
                answering(calls.STATISTICS, self.statistics),
                answering(calls.RESET_STATISTICS, self.reset_statistics),
                answering(calls.FRAMES, self.frames),
                answering(calls.PLAN, self.plan),
                answering(calls.BACKFILL, self.backfill),
                answering(calls.CORRECT, self.correct),
                answering(calls.IMPORT_CHUNKS, self._importing.take_in),
                answering(calls.FORGET_BEFORE, self.forget_before),
                answering(calls.IO, self.io),
                answering(calls.TEST_RELAY, self.test_relay),
            )
        )

    async def state(self, _: calls.Nothing) -> EngineState:
        parts = self._parts
        verdict = parts.watch.verdict
        return EngineState(
            revision=parts.applied.plant.revision if parts.applied.plant else None,
            configuration=parts.keeper.configuration,
            configuration_error=parts.keeper.error,
            refused=parts.applied.refusals,
            devices=parts.applied.device_states(),
            clock=ClockState(verdict.trusted, verdict.reason, parts.held.count),
            archive=parts.recorder.state,
            highest_slot=parts.watch.highest_slot,
            loop_lag_s=parts.lag.worst_s(),
            started=parts.started,
        )

    async def live(self, question: calls.LiveQuestion) -> tuple[LiveValue, ...]:
        return self._parts.live.values(question.device)

    async def reload(self, question: Reload) -> Reloaded:
        """Raises EngineRefusedError `unreadable`: the running plant goes on."""
        log.info("revision %d is to be applied, says %s", question.revision, question.actor)
        if not await self._parts.keeper.reload(at_least=question.revision):
            raise EngineRefusedError("unreadable", self._parts.keeper.error)
        plant = self._parts.applied.plant
        return Reloaded(plant.revision if plant else 0, self._parts.applied.refusals)

    async def identify(self, question: IdentifyRequest) -> Identification:
        link = self._poller(question.bus).link
        try:
            profile = self._parts.applied.catalog.profile(question.profile)
            product = profile.product(question.product)
        except CatalogError as error:
            raise EngineRefusedError("unknown_profile", str(error)) from error
        result = await identify(link, question.unit_id, profile, product)
        advice = _unreached(link) if result.advice is Advice.CHECK_ADDRESS else str(result.advice)
        return Identification(IdentifyOutcome(result.outcome), dict(result.found), advice=advice, detail=result.detail)

    async def scan(self, question: ScanRequest) -> Scanned:
        """Raises EngineRefusedError `unknown_bus`, `unknown_unit`, `no_line`, `bad_settings` or `unreachable`."""
        applied = self._parts.applied
        poller = self._poller(question.bus)
        devices = applied.plant.devices if applied.plant else ()
        # of devices that share a unit (an inverter and the meters behind it) the first stands for all
        on_bus = {device.unit_id: device.id for device in reversed(devices) if device.bus == question.bus}
        return await ScanStep(question, poller, on_bus, self._parts.applied.catalog.profiles).run(self._parts.clock)

    async def statistics(self, _: calls.Nothing) -> tuple[TrafficStatistics, ...]:
        return self._parts.applied.statistics()

    async def reset_statistics(self, question: Reset) -> Stored:
        """Raises EngineRefusedError `unknown_bus`."""
        pollers = self._parts.applied.pollers() if question.bus is None else [self._poller(question.bus)]
        for poller in pollers:
            poller.link.statistics.reset()
        return Stored(len(pollers))

    async def frames(self, question: FramesRequest) -> tuple[BusFrame, ...]:
        """Raises EngineRefusedError `unknown_bus`."""
        return bus_frames(self._poller(question.bus), unit_id=question.unit_id)

    async def plan(self, question: PlanRequest) -> ReadPlan:
        """Raises EngineRefusedError `not_polled`."""
        for poller in self._parts.applied.pollers():
            for one in poller.acquisitions:
                if one.setup.device.id == question.device:
                    return read_plan(one, poller.link)
        text = f"device {question.device} is not asked: it does not exist, is disabled or cannot be used"
        raise EngineRefusedError("not_polled", text)

    async def backfill(self, given: GivenReadings) -> Stored:
        """Raises EngineRefusedError `unknown_series`, `future` or `archive`."""
        archive, decimals = self._parts.archive, self._decimals(given.series)
        return await stored(archive.backfill(given.series, self._points(given), decimals=decimals))

    async def correct(self, given: GivenReadings) -> Stored:
        """Raises EngineRefusedError `unknown_series`, `future` or `archive`."""
        archive, decimals = self._parts.archive, self._decimals(given.series)
        return await stored(archive.correct(given.series, self._points(given), decimals=decimals))

    async def forget_before(self, question: ForgetBefore) -> Stored:
        """Raises EngineRefusedError `archive`."""
        log.info("the months before %s are to be forgotten, says %s", question.moment, question.actor)
        return await stored(self._parts.archive.forget_before(question.moment))

    async def io(self, _: calls.Nothing) -> IoState:
        return await self._parts.local.state(self._parts.live.values)

    async def test_relay(self, question: RelayTest) -> IoOutput:
        """Raises EngineRefusedError `relay_held`, or the code why there is no relay."""
        return await self._parts.local.test_relay(question.actor)

    def _poller(self, bus_id: int) -> BusPoller:
        poller = self._parts.applied.poller(bus_id)
        if poller is None:
            raise EngineRefusedError("unknown_bus", f"there is no bus {bus_id}, or it is not applied yet")
        return poller

    def _decimals(self, series: int) -> int:
        for one in self._parts.applied.plant.series if self._parts.applied.plant else ():
            if one.id == series:
                return one.decimals
        raise EngineRefusedError("unknown_series", f"there is no series {series}, or it is not applied yet")

    def _points(self, given: GivenReadings) -> list[Point]:
        latest = latest_slot(self._parts.clock)
        for point in given.points:
            if point.slot > latest:
                raise EngineRefusedError("future", f"a reading of {point.slot.isoformat()} lies in the future")
        return [Point(point.slot, point.value) for point in given.points]


def _unreached(link: BusLink) -> str:
    """What to look at where nothing is reached at all."""
    match link:
        case RtuLink():
            return CHECK_ADAPTER
        case LocalLink():
            return CHECK_TERMINAL
    return CHECK_TLS if link.is_secured else str(Advice.CHECK_ADDRESS)
