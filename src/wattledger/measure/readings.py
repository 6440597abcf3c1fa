"""Readings: what one series holds for one slot, and how values become the integers that are stored."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum

MOST_SCALED = 2**63 - 1


class Quality(IntEnum):
    """How far a reading can be trusted. The numbers are stored: never renumber, only add. Missing is no reading."""

    GOOD = 0
    ESTIMATED = 1
    LATE = 2  # came in after its slot, from a device's own memory or an import
    CORRECTED = 3  # set by a person
    RESET = 4  # first reading after the device's counter started anew
    UNCERTAIN = 5  # the device or the clock cast doubt on it


@dataclass(frozen=True, slots=True)
class Reading:
    """What one series holds for one slot."""

    slot: datetime  # UTC, the scheduled time that the value stands for
    value: float  # in the series' unit, scale applied
    quality: Quality = Quality.GOOD


def to_scaled(value: float, *, decimals: int) -> int:
    """`value` as the integer that is stored, rounded to `decimals`.

    Raises ValueError for a value that is not finite, and OverflowError for one that 64 bits do not hold.
    """
    if value != value or value in (float("inf"), float("-inf")):  # noqa: PLR0124 - the test for "not a number"
        raise ValueError(f"{value} is not a value; a missing value is left out")
    scaled = round(value * 10.0**decimals)
    if abs(scaled) > MOST_SCALED:
        raise OverflowError(f"{value} with {decimals} decimals does not fit into 64 bits")
    return scaled


def from_scaled(scaled: int, *, decimals: int) -> float:
    """The value that a stored integer stands for."""
    return scaled / 10.0**decimals
