"""Sets of integers. numpy's `unique`, and what it is in, imports numpy.ma: 6 MB, and 60 ms in the middle of a slice."""

from __future__ import annotations

from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

Number = TypeVar("Number", bound=np.integer)


def distinct(numbers: NDArray[Number]) -> NDArray[Number]:
    """Each of the numbers once, rising."""
    ordered = np.sort(numbers, kind="stable")  # quick where they come in rising runs, as the keys of files do
    is_new = np.ones(len(ordered), dtype=np.bool_)
    is_new[1:] = ordered[1:] != ordered[:-1]
    found: NDArray[Number] = ordered[is_new]
    return found


def among(numbers: NDArray[Number], rising: NDArray[Number]) -> NDArray[np.bool_]:
    """Which of the numbers stand in `rising`."""
    if not len(rising):
        return np.zeros(len(numbers), dtype=np.bool_)
    at = np.minimum(np.searchsorted(rising, numbers), len(rising) - 1)
    found: NDArray[np.bool_] = rising[at] == numbers
    return found
