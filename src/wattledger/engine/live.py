"""The newest value of every point, with its age, and who wants to hear of changes."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta

from wattledger.catalog import MappedPoint, PollClass
from wattledger.engine.api import LiveQuality, LiveValue
from wattledger.engine.assembly import DeviceSetup
from wattledger.engine.clock import Clock

STALE_AFTER_PERIODS = 3


@dataclass(frozen=True, slots=True)
class _Entry:
    device: int
    circuit: int
    point: MappedPoint
    value: float | None
    read_s: float  # monotonic
    period_s: float  # how often it is read while all is well


class LiveTable:
    """The newest values of all devices; latest wins, nothing is queued."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._entries: dict[tuple[int, MappedPoint], _Entry] = {}
        self._listeners: set[LiveChanges] = set()

    def put(
        self,
        setup: DeviceSetup,
        answers: Mapping[MappedPoint, float | None],
        *,
        read_s: float,
        periods: Mapping[PollClass, float],
    ) -> None:
        """Answers of one device, read at the monotonic time `read_s`; channels without a circuit are left out."""
        keys = []
        for point, value in answers.items():
            circuit = setup.circuit_of(point.channel)
            if circuit is None:
                continue
            key = (setup.device.id, point)
            self._entries[key] = _Entry(setup.device.id, circuit, point, value, read_s, periods[point.poll])
            keys.append(key)
        for listener in self._listeners:
            listener.note(keys)

    def keep_only(self, setups: Mapping[int, DeviceSetup]) -> None:
        """Drop the values of devices and points that are no longer configured."""
        self._entries = {
            key: entry
            for key, entry in self._entries.items()
            if key[0] in setups and entry.circuit == setups[key[0]].circuit_of(entry.point.channel)
        }

    def values(self, device: int | None = None) -> tuple[LiveValue, ...]:
        """The newest value of every point of one device, or of all."""
        return tuple(self._shown(e) for e in self._entries.values() if device is None or e.device == device)

    @contextmanager
    def changes(self) -> Iterator[LiveChanges]:
        """Follow the table: all values at first, then those that changed."""
        listener = LiveChanges(self)
        listener.note(list(self._entries))
        self._listeners.add(listener)
        try:
            yield listener
        finally:
            self._listeners.discard(listener)

    def shown(self, keys: set[tuple[int, MappedPoint]]) -> tuple[LiveValue, ...]:
        """The values behind these keys, as far as they still exist."""
        return tuple(self._shown(self._entries[key]) for key in keys if key in self._entries)

    def _shown(self, entry: _Entry) -> LiveValue:
        age_s = self._clock.monotonic() - entry.read_s
        return LiveValue(
            device=entry.device,
            circuit=entry.circuit,
            channel=entry.point.channel,
            point=str(entry.point.name),
            value=entry.value,
            unit=entry.point.name.measures.unit,
            time=self._when(age_s),
            age_s=round(age_s, 3),
            quality=_quality(entry, age_s),
        )

    def _when(self, age_s: float) -> datetime:
        return self._clock.now() - timedelta(seconds=age_s)


class LiveChanges:
    """What changed since one follower last looked."""

    def __init__(self, table: LiveTable) -> None:
        self._table = table
        self._keys: set[tuple[int, MappedPoint]] = set()
        self._changed = asyncio.Event()

    def note(self, keys: list[tuple[int, MappedPoint]]) -> None:
        self._keys.update(keys)
        if keys:
            self._changed.set()

    async def next(self, *, within_s: float) -> tuple[LiveValue, ...]:
        """The newest value of each point that changed, as soon as one does; nothing when none does in that time."""
        with suppress(TimeoutError):
            async with asyncio.timeout(within_s):
                await self._changed.wait()
        self._changed.clear()
        keys, self._keys = self._keys, set()
        return self._table.shown(keys)


def _quality(entry: _Entry, age_s: float) -> LiveQuality:
    if age_s > STALE_AFTER_PERIODS * entry.period_s:
        return LiveQuality.STALE
    return LiveQuality.GOOD if entry.value is not None else LiveQuality.NOT_AVAILABLE
