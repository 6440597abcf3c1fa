"""How far the space of an archive reaches, and what recording costs the card."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from wattledger.archive.interface import Usage

DAY_S = 86_400
# Measured with bench/archive_tick.py and bench/archive_year.py: what a commit writes however little is in it, and what
# each reading adds to it and to the files that it is sealed into later.
WRITTEN_A_COMMIT_BYTES = 18_000
WRITTEN_A_READING_BYTES = 14
MOST_HISTORY_DAYS = 36_525  # a hundred years: beyond, the figure says nothing about a card


@dataclass(frozen=True, slots=True)
class Recording:
    """Series that are recorded every `interval_s`, in so many frames: those of one device that are asked together."""

    series: int
    frames: int
    interval_s: int


@dataclass(frozen=True, slots=True)
class Forecast:
    """What recording comes to. `history_days` None: nothing is recorded; at MOST_HISTORY_DAYS it is that or more."""

    readings_a_day: float
    bytes_a_day: float  # that stay
    written_a_day: float  # at most: frames that come together share a commit
    history_days: float | None  # that the archive may hold; then the oldest month goes


def forecast(usage: Usage, recording: Iterable[Recording]) -> Forecast:
    """What comes of such a recording, by what readings take on this archive."""
    readings = commits = 0.0
    for each in recording:
        slots = DAY_S / each.interval_s
        readings += each.series * slots
        commits += each.frames * slots
    bytes_a_day = readings * usage.bytes_a_reading
    return Forecast(
        readings,
        bytes_a_day,
        commits * WRITTEN_A_COMMIT_BYTES + readings * WRITTEN_A_READING_BYTES,
        min(usage.most_bytes / bytes_a_day, MOST_HISTORY_DAYS) if bytes_a_day else None,
    )
