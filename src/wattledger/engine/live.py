"""The newest value of every point, with its age, and who wants to hear of changes."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from itertools import repeat

from wattledger.catalog import MappedPoint, PollClass
from wattledger.engine.api import LiveQuality, LiveValue
from wattledger.engine.assembly import DeviceSetup
from wattledger.engine.clock import Clock

STALE_AFTER_PERIODS = 3


class _DeviceValues:
    """The newest values of one device, and when each was read (monotonic)."""

    def __init__(self, setup: DeviceSetup, periods: Mapping[PollClass, float]) -> None:
        self.setup = setup
        self.periods = periods
        self.circuits = dict(setup.circuits)
        self.answers: dict[MappedPoint, tuple[float | None, float]] = {}
        self._shows_all = all(point.channel in self.circuits for point in setup.map.points)

    def put(self, answers: Mapping[MappedPoint, float | None], *, read_s: float) -> Iterable[MappedPoint]:
        """Keep what belongs to a circuit; gives its points."""
        if not self._shows_all:
            answers = {point: value for point, value in answers.items() if point.channel in self.circuits}
        self.answers.update(zip(answers, zip(answers.values(), repeat(read_s)), strict=False))
        return answers.keys()

    def adopt(self, older: _DeviceValues) -> None:
        """Take over what was read of the points that the device still has and that belong to the same circuit."""
        points = frozenset(self.setup.map.points)
        for point, answer in older.answers.items():
            circuit = self.circuits.get(point.channel)
            if point in points and circuit is not None and circuit == older.circuits[point.channel]:
                self.answers[point] = answer


class LiveTable:
    """The newest values of all devices; latest wins, nothing is queued."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._devices: dict[int, _DeviceValues] = {}
        self._listeners: set[LiveChanges] = set()

    def put(
        self,
        setup: DeviceSetup,
        answers: Mapping[MappedPoint, float | None],
        *,
        read_s: float,
        periods: Mapping[PollClass, float],
    ) -> None:
        """Answers of one device, read at the monotonic time `read_s`; channels without a circuit are left out.

        `periods` tells how often a point of each poll class is read while all is well.
        """
        device = self._devices.get(setup.device.id)
        if device is None or device.setup is not setup:
            device = self._renewed(device, setup, periods)
        points = device.put(answers, read_s=read_s)
        for listener in self._listeners:
            listener.note(setup.device.id, points)

    def keep_only(self, setups: Mapping[int, DeviceSetup]) -> None:
        """Drop the values of devices and points that are no longer configured."""
        for device_id, device in list(self._devices.items()):
            if device_id in setups:
                self._renewed(device, setups[device_id], device.periods)
            else:
                del self._devices[device_id]

    def values(self, device: int | None = None) -> tuple[LiveValue, ...]:
        """The newest value of every point of one device, or of all."""
        wanted = self._devices if device is None else self._devices.keys() & {device}
        return self.shown({one: self._devices[one].answers.keys() for one in wanted})

    @contextmanager
    def changes(self) -> Iterator[LiveChanges]:
        """Follow the table: all values at first, then those that changed."""
        listener = LiveChanges(self)
        for device_id, device in self._devices.items():
            listener.note(device_id, device.answers.keys())
        self._listeners.add(listener)
        try:
            yield listener
        finally:
            self._listeners.discard(listener)

    def shown(self, points: Mapping[int, Iterable[MappedPoint]]) -> tuple[LiveValue, ...]:
        """The values of these points of each device, as far as they still exist."""
        known = {device: self._devices[device] for device in points if device in self._devices}
        return tuple(
            self._shown(device, point)
            for device_id, device in known.items()
            for point in points[device_id]
            if point in device.answers
        )

    def _renewed(
        self, older: _DeviceValues | None, setup: DeviceSetup, periods: Mapping[PollClass, float]
    ) -> _DeviceValues:
        device = self._devices[setup.device.id] = _DeviceValues(setup, periods)
        if older is not None:
            device.adopt(older)
        return device

    def _shown(self, device: _DeviceValues, point: MappedPoint) -> LiveValue:
        value, read_s = device.answers[point]
        age_s = self._clock.monotonic() - read_s
        return LiveValue(
            device=device.setup.device.id,
            circuit=device.circuits[point.channel],
            channel=point.channel,
            point=str(point.name),
            value=value,
            unit=point.name.measures.unit,
            time=self._when(age_s),
            age_s=round(age_s, 3),
            quality=_quality(value, age_s, device.periods[point.poll]),
        )

    def _when(self, age_s: float) -> datetime:
        return self._clock.now() - timedelta(seconds=age_s)


class LiveChanges:
    """What changed since one follower last looked."""

    def __init__(self, table: LiveTable) -> None:
        self._table = table
        self._points: dict[int, set[MappedPoint]] = {}  # by device
        self._changed = asyncio.Event()

    def note(self, device: int, points: Iterable[MappedPoint]) -> None:
        changed = self._points.setdefault(device, set())
        changed.update(points)
        if changed:
            self._changed.set()

    async def next(self, *, within_s: float) -> tuple[LiveValue, ...]:
        """The newest value of each point that changed, as soon as one does; nothing when none does in that time."""
        with suppress(TimeoutError):
            async with asyncio.timeout(within_s):
                await self._changed.wait()
        self._changed.clear()
        points, self._points = self._points, {}
        return self._table.shown(points)


def _quality(value: float | None, age_s: float, period_s: float) -> LiveQuality:
    if age_s > STALE_AFTER_PERIODS * period_s:
        return LiveQuality.STALE
    return LiveQuality.GOOD if value is not None else LiveQuality.NOT_AVAILABLE
