"""The devices of one bus as simulators: what they show now, who answers, and what changes while they run."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass

from wattledger.catalog import Catalog
from wattledger.demo.device import SimulatedDevice
from wattledger.demo.folder import MINUTE_S, DemoFolder
from wattledger.demo.hotel.calendar import Incident, Kind
from wattledger.demo.hotel.live import Channel, LiveChannels, live_channels
from wattledger.demo.hotel.records import Records
from wattledger.demo.plan import PlannedDevice
from wattledger.demo.plan.devices import devices_on

LOOK_EVERY_S = 0.5


@dataclass(frozen=True, slots=True)
class Placed:
    """A planned device with its simulator and what that measures."""

    planned: PlannedDevice
    simulator: SimulatedDevice
    channels: LiveChannels


def place(planned: PlannedDevice, records: Records, catalog: Catalog) -> Placed:
    """The simulator of a device of the plan."""
    profile = catalog.profile(planned.profile)
    product = profile.product(planned.product)
    wired = [Channel(number, one.meter, one.index) for number, one in enumerate(planned.channels, start=1)]
    channels = live_channels(records, profile, product, wired)
    return Placed(planned, SimulatedDevice(profile, product, serial=planned.serial, source=channels), channels)


class Outfit:
    """All simulators of one process; `keep_up` lets them follow what is switched by hand."""

    def __init__(self, folder: DemoFolder, buses: tuple[str, ...], catalog: Catalog) -> None:
        self._folder = folder
        self._records = folder.records(now_s=time.time())
        self._seen = self._switched_at()
        self._incidents = folder.incidents()
        self.by_bus = {bus: [place(one, self._records, catalog) for one in devices_on(bus)] for bus in buses}

    def units(self, bus: str) -> dict[int, SimulatedDevice]:
        """The simulators of a bus by their addresses."""
        return {one.planned.unit_id: one.simulator for one in self.by_bus[bus]}

    async def keep_up(self) -> None:
        """Until cancelled: silence who is silent, exchange who is exchanged, and notice what was switched."""
        while True:
            self._notice()
            for one in (each for placed in self.by_bus.values() for each in placed):
                now_s = time.time()
                one.simulator.is_silent = not one.channels.answers(now_s)
                serial = serial_at(one.planned, self._incidents, now_s)
                if serial != one.simulator.identity.serial:
                    one.simulator.exchange(serial)
                await asyncio.sleep(0)  # the look at a new minute takes some milliseconds each; requests go between
            await asyncio.sleep(LOOK_EVERY_S)

    def _switched_at(self) -> int:
        return self._folder.switched.stat().st_mtime_ns

    def _notice(self) -> None:
        switched = self._switched_at()
        if switched == self._seen:
            return
        self._seen = switched
        self._incidents = self._folder.incidents()
        today = int(time.time()) // MINUTE_S // (24 * 60)
        self._records = self._records.kept_until(today).with_incidents(self._incidents)
        for one in (each for placed in self.by_bus.values() for each in placed):
            one.channels.renew(self._records)


def serial_at(planned: PlannedDevice, incidents: tuple[Incident, ...], now_s: float) -> str:
    """What the device calls itself: after an exchange it is another one of the same type."""
    meters = {channel.meter for channel in planned.channels}
    done = [one for one in incidents if one.kind is Kind.EXCHANGE and one.device in meters]
    exchanged = sum(one.end_min * MINUTE_S <= now_s for one in done)
    if not exchanged:
        return planned.serial
    return f"{planned.serial[:-1]}{(int(planned.serial[-1], 36) + exchanged) % 10}"
