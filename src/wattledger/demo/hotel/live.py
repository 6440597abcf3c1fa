"""The hotel's meters now: what they show at any second, between the minutes that are worked out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from wattledger.catalog import Product, Profile, device_map
from wattledger.demo.hotel.energy import DAY_MIN, Books
from wattledger.demo.hotel.flows import Flows
from wattledger.demo.hotel.view import MeterView
from wattledger.measure import PointName

MINUTE_S = 60


@dataclass(frozen=True, slots=True)
class Channel:
    """A meter of the books as one channel of a device, with the names that the device shows of it."""

    number: int
    meter: str
    names: tuple[PointName, ...]
    index_wh: float = 0.0


def live_channels(
    books: Books, profile: Profile, product: Product, meters: Sequence[str], *, index_wh: float = 0.0
) -> LiveChannels:
    """What a device of this product measures; its channels are these meters, or all of them the last one."""
    names: dict[int, list[PointName]] = {}
    for point in device_map(profile, product).points:
        names.setdefault(point.channel, []).append(point.name)
    channels = [
        Channel(number, meters[min(number, len(meters)) - 1], tuple(of_channel), index_wh)
        for number, of_channel in names.items()
    ]
    return LiveChannels(books, channels)


class LiveChannels:
    """What the channels of one device measure at a time; called about once a second, with times that go on."""

    def __init__(self, books: Books, channels: Sequence[Channel]) -> None:
        self._books = books
        self._channels = channels
        self._views = self._looked_at()
        self._minute: int | None = None
        self._around: dict[tuple[int, PointName], tuple[float, float]] = {}

    def __call__(self, now_s: float) -> Mapping[tuple[int, PointName], float]:
        """The values at `now_s`, seconds since 1970; straight between the minute before and the one after."""
        minute = int(now_s // MINUTE_S)
        if minute != self._minute:
            self._look(minute)
        part = now_s / MINUTE_S - minute
        return {place: before + (after - before) * part for place, (before, after) in self._around.items()}

    def _looked_at(self) -> list[tuple[Channel, MeterView]]:
        return [(one, MeterView(self._books, one.meter, index_wh=one.index_wh)) for one in self._channels]

    def _look(self, minute: int) -> None:
        longer = self._books.kept_until((minute + 1) // DAY_MIN)
        if longer is not self._books:
            self._books = longer
            self._views = self._looked_at()
        flows = Flows(np.array([minute, minute + 1]), seed=self._books.seed)
        self._around = {
            (channel.number, name): (float(values[0]), float(values[1]))
            for channel, view in self._views
            for name, values in view.show(flows, channel.names).values.items()
        }
        self._minute = minute
