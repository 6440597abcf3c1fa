"""Readings of one series as the archive keeps them: scaled integers with their decimals, in slot order."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from wattledger.archive.embedded.integers import among
from wattledger.archive.interface import Columns
from wattledger.archive.validation import LEAST_DECIMALS, MOST_DECIMALS, instant
from wattledger.measure import Quality, Reading, from_scaled

DELETED = 255  # the quality of a slot whose reading a person deleted: kept, so that it stays deleted, and never shown
POWERS = np.array([10.0**decimals for decimals in range(LEAST_DECIMALS, MOST_DECIMALS + 1)])  # as from_scaled has them

Cell = tuple[int, int, int, int]  # slot, value, decimals, quality


@dataclass(frozen=True, slots=True)
class Scaled:
    """One entry per reading or deletion; no slot twice."""

    slots: NDArray[np.int64]
    values: NDArray[np.int64]  # 0 where deleted
    decimals: NDArray[np.int8]
    qualities: NDArray[np.uint8]
    offsets_ms: NDArray[np.int32]

    def __len__(self) -> int:
        return len(self.slots)

    def picked(self, which: NDArray[np.bool_] | NDArray[np.intp] | slice) -> Scaled:
        return Scaled(
            self.slots[which],
            self.values[which],
            self.decimals[which],
            self.qualities[which],
            self.offsets_ms[which],
        )

    def between(self, start: int, end: int) -> Scaled:
        """Those with start <= slot < end."""
        first, behind = np.searchsorted(self.slots, (start, end))
        return self if behind - first == len(self) else self.picked(slice(first, behind))

    def shown(self) -> Scaled:
        """The readings, without what is deleted."""
        there = self.qualities != DELETED
        return self if there.all() else self.picked(there)

    def columns(self) -> Columns:
        """The readings as others see them."""
        shown = self.shown()
        return Columns(
            shown.slots,
            shown.values / POWERS[shown.decimals - LEAST_DECIMALS],
            shown.qualities,
            shown.offsets_ms.astype(np.float32) / np.float32(1000),
        )

    def last_at(self) -> int | None:
        """Where the newest reading stands; None where there is none."""
        there = np.flatnonzero(self.qualities != DELETED)
        return int(there[-1]) if len(there) else None

    def last(self) -> Reading | None:
        """The newest reading; None where there is none."""
        at = self.last_at()
        if at is None:
            return None
        value = from_scaled(int(self.values[at]), decimals=int(self.decimals[at]))
        return Reading(instant(int(self.slots[at])), value, Quality(int(self.qualities[at])))


def scaled_of(
    slots: NDArray[np.int64],
    values: NDArray[np.int64],
    *,
    decimals: int,
    qualities: NDArray[np.uint8] | None = None,
    offsets_ms: NDArray[np.int32] | None = None,
) -> Scaled:
    """Readings that share their decimals; all good and of no known offset where nothing else is given."""
    count = len(slots)
    return Scaled(
        slots,
        values,
        np.full(count, decimals, dtype=np.int8),
        np.zeros(count, dtype=np.uint8) if qualities is None else qualities,
        np.zeros(count, dtype=np.int32) if offsets_ms is None else offsets_ms,
    )


def from_cells(cells: Iterable[Cell]) -> Scaled:
    """Single readings and deletions, in slot order."""
    rows = np.array([*cells], dtype=np.int64).reshape(-1, 4)
    return Scaled(
        rows[:, 0].copy(),
        rows[:, 1].copy(),
        rows[:, 2].astype(np.int8),
        rows[:, 3].astype(np.uint8),
        np.zeros(len(rows), np.int32),
    )


NO_READINGS = from_cells(())


def joined(parts: Sequence[Scaled]) -> Scaled:
    """Parts that share no slot as one, in slot order."""
    parts = [part for part in parts if len(part)]
    if len(parts) < 2:
        return parts[0] if parts else NO_READINGS
    whole = Scaled(
        np.concatenate([part.slots for part in parts]),
        np.concatenate([part.values for part in parts]),
        np.concatenate([part.decimals for part in parts]),
        np.concatenate([part.qualities for part in parts]),
        np.concatenate([part.offsets_ms for part in parts]),
    )
    if (whole.slots[1:] > whole.slots[:-1]).all():
        return whole
    return whole.picked(np.argsort(whole.slots, kind="stable"))


def laid_over(under: Scaled, over: Scaled) -> Scaled:
    """`over`, and what `under` has where `over` has nothing."""
    if not len(over):
        return under
    if not len(under):
        return over
    return joined([under.picked(~among(under.slots, over.slots)), over])
