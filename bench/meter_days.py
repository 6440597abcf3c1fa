"""Days of readings of three-phase meters, made a day at a time: 50 series each, as a building has them.

Loads follow the hour of the day, wander by some per cent around it and tremble by one and a half. One reading in a
hundred is missing: hours of a whole device, and single ones.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

import numpy as np

from wattledger.archive import Frame

SERIES_A_DEVICE, STEP_S = 50, 300
TICKS_A_DAY = 86_400 // STEP_S
DECIMALS = (0,) * 8 + (2,) * 4 + (1,) * 6 + (0,) * 12 + (3,) * 4 + (2,) + (1,) * 9 + (0,) * 2 + (1,) * 2 + (0,) * 2
OUTAGE, SINGLE = 0.004, 0.005  # shares of readings that are missing


class Building:
    """Meters that go on where the day before ended."""

    def __init__(self, devices: int, *, start: datetime, seed: int = 1000) -> None:
        self.devices = devices
        self._random = np.random.default_rng(seed)
        self._day = start
        self._size_w = self._random.uniform(300, 15_000, devices)
        self._peak = self._random.uniform(8, 20, devices)
        self._wander = np.zeros(devices)
        self._counters = self._random.integers(10**5, 10**8, (devices, 8))

    def ticks(self, days: int) -> Iterator[list[Frame]]:
        """Tick by tick."""
        for _ in range(days):
            table, there = self._readings()
            for number in range(TICKS_A_DAY):
                yield self._tick(self._day + timedelta(seconds=STEP_S * number), table[number], there[number])
            del table, there  # before the next ones are made
            self._day += timedelta(days=1)

    def _tick(self, slot: datetime, table: np.ndarray, there: np.ndarray) -> list[Frame]:
        offsets_s = (0.12 * np.arange(self.devices) % 40 + self._random.normal(0.3, 0.05, self.devices)).round(3)
        frames = []
        for device, (row, has) in enumerate(zip(table.tolist(), there.tolist(), strict=True)):
            if any(has):
                values = tuple(value if known else None for value, known in zip(row, has, strict=True))
                first = device * SERIES_A_DEVICE + 1
                series = tuple(range(first, first + SERIES_A_DEVICE))
                frames.append(Frame(slot, STEP_S, float(offsets_s[device]), series, DECIMALS, values))
        return frames

    def _readings(self) -> tuple[np.ndarray, np.ndarray]:
        random, shape = self._random, (TICKS_A_DAY, self.devices)
        loads_w = self._loads_w()

        def spread(columns: int, deviation: float) -> np.ndarray:
            return random.normal(1, deviation, (*shape, columns))

        energy_wh = loads_w[..., None] * STEP_S / 3600 * np.array([1, 0.35, 1.06, 0.34, 0.33])
        growth = np.concatenate([energy_wh, np.zeros((*shape, 3))], axis=-1)
        counters = self._counters + np.cumsum(growth, axis=0).astype(np.int64)
        self._counters = counters[-1]
        powers_w = loads_w[..., None] / 3 * spread(12, 0.015) * np.array([1] * 6 + [0.35] * 3 + [-0.2] * 3)
        amperes = loads_w[..., None] / 690 * spread(4, 0.015)
        slow = np.cumsum(random.normal(0, 0.0004, shape), axis=0)[..., None]
        volts = (230 + 230 * slow) * spread(6, 0.0012)
        factors = np.clip(0.95 * spread(4, 0.004), 0, 1)
        hertz = random.normal(50, 0.015, (*shape, 1))
        harmonics = 3.5 * spread(9, 0.03)
        demand = np.repeat(loads_w[::3], 3, axis=0)[..., None] * np.array([1, 0]) + np.array([0, 12_000])
        degrees = 21.5 + 3 * slow * 10 + np.array([0, 1.2])
        states = np.broadcast_to(np.array([1, 400]), (*shape, 2))
        parts = [counters, amperes, volts, powers_w, factors, hertz, harmonics, demand, degrees, states]
        table = np.concatenate(parts, axis=-1) * 10.0 ** np.array(DECIMALS)
        return table.round().astype(np.int64), self._there()

    def _loads_w(self) -> np.ndarray:
        hours = np.arange(TICKS_A_DAY)[:, None] / 12
        shape = 0.25 + 0.75 * np.exp(-(((hours - self._peak) / 4) ** 2))
        wander = np.empty((TICKS_A_DAY, self.devices))
        for number in range(TICKS_A_DAY):
            self._wander = 0.97 * self._wander + self._random.normal(0, 0.02, self.devices)
            wander[number] = self._wander
        tremble = self._random.normal(1, 0.015, wander.shape)
        loads_w: np.ndarray = np.abs(self._size_w * shape * (1 + wander) * tremble)
        return loads_w

    def _there(self) -> np.ndarray:
        there = self._random.random((TICKS_A_DAY, self.devices, SERIES_A_DEVICE)) >= SINGLE
        for device in np.flatnonzero(self._random.random(self.devices) < OUTAGE * 12):
            start = self._random.integers(0, TICKS_A_DAY - 24)
            there[start : start + 24, device] = False
        return there
