"""The plant as it runs: one poller per bus, left undisturbed where a new revision changes nothing of it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from wattledger.catalog import Catalog, CatalogFolder
from wattledger.engine.acquisition import DeviceAcquisition
from wattledger.engine.api import DeviceCondition, DeviceState, Refusal, TrafficStatistics
from wattledger.engine.assembly import BusSetup, DeviceSetup, SlotGroup, assemble
from wattledger.engine.clock_setting import CLOCK_CODES
from wattledger.engine.condition import CODES, ConditionKeeper, device_key
from wattledger.engine.links import link_of
from wattledger.engine.local_io import LocalIo
from wattledger.engine.polling import BusPoller, Surroundings, bus_key
from wattledger.engine.tasks import Tasks
from wattledger.journal import Code
from wattledger.plant import Bus, LocalBus, Plant, RtuBus
from wattledger.vault import Vault


@dataclass(frozen=True, slots=True)
class _Running:
    poller: BusPoller
    task: asyncio.Task[None]


class AppliedPlant:
    """Runs the pollers of the plant that was applied last.

    The pollers' tasks belong to `tasks`; a change of the plant is applied by one caller at a time.
    """

    def __init__(
        self, tasks: Tasks, profiles: CatalogFolder, vault: Vault, surroundings: Surroundings, *, local: LocalIo
    ) -> None:
        self._tasks = tasks
        self._profiles = profiles
        self._vault = vault
        self._around = surroundings
        self._local = local
        self._running: dict[int, _Running] = {}
        self._applied_at = surroundings.clock.now()
        self.catalog = Catalog(())  # with which the plant was applied
        self.plant: Plant | None = None
        self.zone = ZoneInfo("UTC")
        self.refusals: tuple[Refusal, ...] = ()

    async def apply(self, plant: Plant) -> None:
        """Stop what the new plant drops, start what it brings, leave the rest as it is; the profiles are those of now.

        A connection stays while its bus is the same; a device keeps what it gathered for its slots while its own
        setup is the same.
        """
        refusals: list[Refusal] = []
        zone = _zone(plant, refusals)
        self.catalog = await asyncio.to_thread(self._profiles.catalog)
        assembly = assemble(plant, self.catalog)
        wanted = {setup.bus.id: setup for setup in assembly.buses}
        for bus_id, running in list(self._running.items()):
            if bus_id not in wanted or not _same_line(wanted[bus_id].bus, running.poller.bus):
                await self._stop(bus_id)
        await self._local.apply(plant, [device for setup in assembly.buses for device in setup.devices])
        same_zone, self.zone = zone.key == self.zone.key, zone
        for setup in assembly.buses:
            if setup.bus.id not in self._running:
                self._start(setup)
            else:
                self._change(self._running[setup.bus.id].poller, setup, keep=same_zone)
        self._applied_at = self._around.clock.now()
        self.plant, self.refusals = plant, (*refusals, *assembly.refusals)
        self._end_what_is_gone()
        self._around.live.keep_only({d.device.id: d for setup in wanted.values() for d in setup.devices})

    def has_old_profiles(self) -> bool:
        """Whether a profile of the user's came, changed or went since the plant was applied."""
        return self._profiles.is_changed()

    def poller(self, bus_id: int) -> BusPoller | None:
        """Who reads the devices of a bus; None where there is no such bus."""
        running = self._running.get(bus_id)
        return running.poller if running else None

    def pollers(self) -> list[BusPoller]:
        """The pollers of all buses."""
        return [running.poller for running in self._running.values()]

    def groups(self) -> list[SlotGroup]:
        """What is recorded, of all devices."""
        return [group for poller in self.pollers() for one in poller.acquisitions for group in one.setup.groups]

    async def close(self) -> None:
        """Stop all pollers and give the connections up; what stands of devices goes on standing."""
        for bus_id in list(self._running):
            await self._stop(bus_id)

    def statistics(self) -> tuple[TrafficStatistics, ...]:
        """Traffic of each bus, followed by that of the devices on it."""
        return tuple(row for poller in self.pollers() for row in _statistics(poller))

    def device_states(self) -> tuple[DeviceState, ...]:
        """How each configured device does, those that are disabled or refused included."""
        polled = {
            one.setup.device.id: replace(one.condition.state, clock=poller.clocks.state_of(one))
            for poller in self.pollers()
            for one in poller.acquisitions
        }
        reasons = {refusal.id: refusal.reason for refusal in self.refusals if refusal.kind == "device"}
        return tuple(
            polled.get(device.id)
            or DeviceState(
                device.id,
                DeviceCondition.UNUSABLE if device.enabled else DeviceCondition.DISABLED,
                since=self._applied_at,
                last_answer=None,
                reason=reasons.get(device.id, ""),
            )
            for device in (self.plant.devices if self.plant else ())
        )

    def on_lines(self) -> list[DeviceCondition]:
        """How the devices on serial lines do."""
        lines = (poller for poller in self.pollers() if isinstance(poller.bus, RtuBus))
        return [one.condition.state.condition for poller in lines for one in poller.acquisitions]

    def _start(self, setup: BusSetup) -> None:
        acquisitions = [self._acquisition(device, setup) for device in setup.devices]
        link = self._local.link() if isinstance(setup.bus, LocalBus) else link_of(setup.bus, self._vault)
        poller = BusPoller(setup.bus, acquisitions, link, self._around)
        task = self._tasks.start(poller.keep_polling(), name=f"bus {setup.bus.name}")
        self._running[setup.bus.id] = _Running(poller, task)

    def _change(self, poller: BusPoller, setup: BusSetup, *, keep: bool) -> None:
        running = {one.setup.nameless: one for one in poller.acquisitions} if keep else {}
        poller.bus = setup.bus
        poller.acquisitions = [
            self._renamed(running[device.nameless], device, setup)
            if device.nameless in running
            else self._acquisition(device, setup)
            for device in setup.devices
        ]

    def _renamed(self, one: DeviceAcquisition, device: DeviceSetup, setup: BusSetup) -> DeviceAcquisition:
        one.setup = device
        one.condition.rename(device.device, setup.bus)
        return one

    def _acquisition(self, device: DeviceSetup, setup: BusSetup) -> DeviceAcquisition:
        now = self._around.clock.now()
        condition = ConditionKeeper(device.device, setup.bus, events=self._around.events, now=now)
        return DeviceAcquisition(device, zone=self.zone, condition=condition)

    async def _stop(self, bus_id: int) -> None:
        running = self._running.pop(bus_id)
        running.task.cancel()
        await asyncio.wait([running.task])
        await running.poller.link.close()

    def _end_what_is_gone(self) -> None:
        acquired = [one for poller in self.pollers() for one in poller.acquisitions]
        devices = [device_key(one.setup.device.id) for one in acquired]
        clocks = [device_key(one.setup.device.id) for one in acquired if one.clock is not None]
        for code in CODES:
            self._around.events.keep_only(code, devices)
        for code in CLOCK_CODES:
            self._around.events.keep_only(code, clocks)
        self._around.events.keep_only(Code.BUS_DOWN, [bus_key(bus_id) for bus_id in self._running])


def _statistics(poller: BusPoller) -> Iterator[TrafficStatistics]:
    bus, counts = poller.bus.id, poller.link.statistics
    slowest_s = max((one.cycle_s for one in poller.acquisitions if one.cycle_s is not None), default=None)
    yield TrafficStatistics(bus=bus, device=None, **asdict(counts.of_link()), load=counts.load(), cycle_s=slowest_s)
    for one in poller.acquisitions:
        device = one.setup.device
        traffic = asdict(counts.of_unit(device.unit_id))
        yield TrafficStatistics(bus=bus, device=device.id, **traffic, load=None, cycle_s=one.cycle_s)


def _same_line(one: Bus, other: Bus) -> bool:
    """Whether two buses differ in nothing but their name."""
    return bool(replace(one, name="") == replace(other, name=""))


def _zone(plant: Plant, refusals: list[Refusal]) -> ZoneInfo:
    try:
        return ZoneInfo(plant.zone)
    except (ZoneInfoNotFoundError, ValueError) as error:
        refusals.append(Refusal("site", 0, f"unknown time zone {plant.zone!r}: {error}"))
        return ZoneInfo("UTC")
