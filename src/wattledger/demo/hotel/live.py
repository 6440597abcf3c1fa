"""The hotel's meters now: what they show at any second, between the minutes that are worked out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

import numpy as np

from wattledger.catalog import Product, Profile, device_map
from wattledger.demo.hotel.calendar import DAY_MIN
from wattledger.demo.hotel.noise import Floats
from wattledger.demo.hotel.records import Records
from wattledger.demo.hotel.surroundings import SurroundingsView
from wattledger.demo.hotel.view import FluidView, MeterView
from wattledger.measure import Nature, PointName

MINUTE_S = 60
View: TypeAlias = MeterView | FluidView | SurroundingsView
Place: TypeAlias = tuple[int, PointName]  # channel and name


@dataclass(frozen=True, slots=True)
class Channel:
    """A meter of the books, a fluid or the surroundings as one channel of a device, and what the device shows of it.

    `index` is what its counter showed on the opening, in Wh or m³.
    """

    number: int
    meter: str
    index: float = 0.0
    names: tuple[PointName, ...] = ()

    def view(self, records: Records) -> View:
        """What can be seen of it in these records."""
        if self.meter in records.volumes:
            return FluidView(records.volumes[self.meter], index_m3=self.index)
        if self.meter in records.books.wirings:
            return MeterView(records.books, self.meter, index_wh=self.index)
        return SurroundingsView(records.seed)


def live_channels(records: Records, profile: Profile, product: Product, wired: Sequence[Channel]) -> LiveChannels:
    """What a device of this product measures in these channels; one that is not wired shows what the last does."""
    names: dict[int, list[PointName]] = {}
    for point in device_map(profile, product).points:
        names.setdefault(point.channel, []).append(point.name)
    by_number = {channel.number: channel for channel in wired}
    channels = [
        replace(by_number.get(number, wired[-1]), number=number, names=tuple(of_channel))
        for number, of_channel in names.items()
    ]
    return LiveChannels(records, channels)


class LiveChannels:
    """What the channels of one device measure at a time; called about once a second, with times that go on."""

    def __init__(self, records: Records, channels: Sequence[Channel]) -> None:
        self._channels = channels
        self._records = records
        self._views = self._looked_at()
        self._minute: int | None = None
        self._around: dict[Place, tuple[float, float]] = {}
        self._answers = True

    def __call__(self, now_s: float) -> Mapping[Place, float]:
        """The values at `now_s`, seconds since 1970; straight between the minute before and the one after."""
        self._look(int(now_s // MINUTE_S))
        part = now_s % MINUTE_S / MINUTE_S
        return {place: before + (after - before) * part for place, (before, after) in self._around.items()}

    def answers(self, now_s: float) -> bool:
        """Whether anybody answers at this time."""
        self._look(int(now_s // MINUTE_S))
        return self._answers

    def renew(self, records: Records) -> None:
        """Go on with records in which something else happens from now on."""
        self._records = records
        self._views = self._looked_at()
        self._minute = None

    def _looked_at(self) -> list[tuple[Channel, View]]:
        return [(channel, channel.view(self._records)) for channel in self._channels]

    def _look(self, minute: int) -> None:
        if minute == self._minute:
            return
        longer = self._records.kept_until((minute + 1) // DAY_MIN)
        if longer is not self._records:
            self._records = longer
            self._views = self._looked_at()
        flows = self._records.books.flows(np.array([minute, minute + 1]))
        shown = [(channel.number, view.show(flows, channel.names)) for channel, view in self._views]
        self._answers = all(bool(one.answers[0]) for _, one in shown)
        self._around = {
            (number, name): _ends(name, values) for number, one in shown for name, values in one.values.items()
        }
        self._minute = minute


def _ends(name: PointName, values: Floats) -> tuple[float, float]:
    """What it shows at both ends of the minute; what jumps does so at the end, without passing through between."""
    before, after = float(values[0]), float(values[1])
    nature = name.measures.nature
    jumps = nature is Nature.STATE or (nature is Nature.COUNTER and after < before)
    return before, before if jumps else after
