"""Values on their way into the archive."""

from __future__ import annotations

from wattledger.measure import to_scaled


def scaled(value: float | None, *, decimals: int) -> int | None:
    """The integer that is stored; None for a missing value.

    A number beyond 64 bits is no reading of anything real (a float register gone wild) and counts as missing.
    """
    if value is None:
        return None
    try:
        return to_scaled(value, decimals=decimals)
    except OverflowError:
        return None
