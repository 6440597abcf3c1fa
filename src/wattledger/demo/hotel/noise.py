"""Chance that can be asked again: irregular waves and switching that depend on a seed and the time alone."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

Floats: TypeAlias = npt.NDArray[np.float64]
Integers: TypeAlias = npt.NDArray[np.int64]

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)  # increments and multipliers of SplitMix64 (Steele, Lea, Flood, 2014)
_FIRST = np.uint64(0xBF58476D1CE4E5B9)
_SECOND = np.uint64(0x94D049BB133111EB)


@dataclass(frozen=True, slots=True)
class Noise:
    """One source of chance; those of other names are independent of it."""

    seed: int

    def named(self, name: str) -> Noise:
        """A source of its own for this name."""
        return Noise(zlib.crc32(name.encode(), self.seed & 0xFFFFFFFF))

    def uniform(self, index: Integers) -> Floats:
        """A number in [0, 1) for each index."""
        mixed = np.asarray(index).astype(np.uint64) * _GOLDEN + np.uint64(self.seed)
        mixed = (mixed ^ (mixed >> np.uint64(30))) * _FIRST
        mixed = (mixed ^ (mixed >> np.uint64(27))) * _SECOND
        mixed ^= mixed >> np.uint64(31)
        return (mixed >> np.uint64(11)).astype(np.float64) / float(1 << 53)

    def wave(self, minutes: Integers, *, period_min: float) -> Floats:
        """A smooth irregular wave in [-1, 1] that changes about once in `period_min` minutes."""
        place = minutes / period_min
        before = np.floor(place).astype(np.int64)
        part = place - before
        eased = part * part * (3 - 2 * part)
        low, high = self.uniform(before), self.uniform(before + 1)
        return 2 * (low + (high - low) * eased) - 1

    def switching(self, minutes: Integers, duty: Floats, *, period_min: int) -> Floats:
        """1 while something runs and 0 while it rests: once in each period, for the share `duty` of it."""
        period = minutes // period_min
        free = np.clip(1 - duty, 0, 1)
        start = self.uniform(period) * free
        part = (minutes - period * period_min) / period_min
        return ((part >= start) & (part < start + duty)).astype(np.float64)
