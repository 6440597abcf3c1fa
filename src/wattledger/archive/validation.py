"""What no archive takes, whoever keeps the readings: checked once, where it is given."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from wattledger.archive.interface import MOST_SERIES_A_FRAME, Frame, HeldFrame, Point
from wattledger.measure import to_scaled
from wattledger.measure.readings import MOST_SCALED

LEAST_DECIMALS, MOST_DECIMALS = -9, 18  # what 64 bits make any use of
MOST_OFFSET_S = 86_400.0  # an answer a day after its slot is no answer to it


def seconds(instant: datetime) -> int:
    """A slot as whole seconds since 1970; raises ValueError for anything that is not a slot."""
    if instant.utcoffset() != timedelta(0):
        raise ValueError(f"{instant} is not in UTC")
    if instant.microsecond:
        raise ValueError(f"{instant} is not a whole second")
    whole = int(instant.timestamp())
    if whole < 0:
        raise ValueError(f"{instant} is before 1970")
    return whole


def instant(whole_seconds: int) -> datetime:
    """The slot that `seconds` gave."""
    return datetime.fromtimestamp(whole_seconds, UTC)


def first_second_from(moment: datetime) -> int:
    """The first whole second that is not before `moment`; raises ValueError for a time without a zone."""
    if moment.tzinfo is None:
        raise ValueError(f"{moment} has no time zone")
    return math.ceil(moment.timestamp())


def check_frames(frames: Sequence[Frame]) -> None:
    """Raise ValueError where a frame cannot be recorded."""
    for frame in frames:
        seconds(frame.slot)
        _check_columns(frame.series, frame.decimals, frame.values)
        if frame.step_s <= 0:
            raise ValueError(f"step_s is {frame.step_s}; it must be positive")
        if not abs(frame.offset_s) <= MOST_OFFSET_S:  # nan neither
            raise ValueError(f"offset_s is {frame.offset_s}; at most {MOST_OFFSET_S}")
        if frame.qualities is not None and len(frame.qualities) != len(frame.series):
            raise ValueError(f"{len(frame.qualities)} qualities for {len(frame.series)} series")


def check_held(frames: Sequence[HeldFrame]) -> None:
    """Raise ValueError where a frame cannot be held."""
    for frame in frames:
        _check_columns(frame.series, frame.decimals, frame.values)
        if not frame.boot or not math.isfinite(frame.monotonic_s):
            raise ValueError(f"boot {frame.boot!r} and monotonic_s {frame.monotonic_s} do not tell when it was read")


def scaled_points(series: int, points: Sequence[Point], *, decimals: int) -> list[tuple[int, int | None]]:
    """The points as (seconds, scaled integer or None), as given; raises ValueError for what cannot be kept."""
    _check_columns((series,), (decimals,), (None,))
    return [
        (seconds(point.slot), None if point.value is None else _scaled(point.value, decimals=decimals))
        for point in points
    ]


def _scaled(value: float, *, decimals: int) -> int:
    try:
        return to_scaled(value, decimals=decimals)
    except OverflowError as error:
        raise ValueError(str(error)) from error


def _check_columns(series: tuple[int, ...], decimals: tuple[int, ...], values: tuple[int | None, ...]) -> None:
    if not len(series) == len(decimals) == len(values):
        raise ValueError(f"{len(series)} series, {len(decimals)} decimals and {len(values)} values do not run parallel")
    if not 0 < len(series) <= MOST_SERIES_A_FRAME:
        raise ValueError(f"{len(series)} series in a frame; 1 to {MOST_SERIES_A_FRAME}")
    if len(set(series)) != len(series):
        raise ValueError(f"a series stands twice in {series}")
    if min(series) < 1 or max(series) > MOST_SCALED:
        raise ValueError(f"series {series}: ids are positive and of 64 bits")
    if min(decimals) < LEAST_DECIMALS or max(decimals) > MOST_DECIMALS:
        raise ValueError(f"decimals {decimals}; {LEAST_DECIMALS} to {MOST_DECIMALS}")
    present = [value for value in values if value is not None]
    if present and not (min(present) >= -MOST_SCALED and max(present) <= MOST_SCALED):
        raise ValueError(f"values of series {series} do not fit into 64 bits: {min(present)} to {max(present)}")
