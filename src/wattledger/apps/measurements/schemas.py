"""What the API takes and gives of readings and live values."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from wattledger.apps.rest.ids import Kind, public_id
from wattledger.apps.rest.values import Answer, Given, Id, Time, UtcTime
from wattledger.engine.api import LiveQuality, LiveValue
from wattledger.measure import Aggregate

MOST_ROWS_GIVEN = 20_000
Value = Annotated[float, Field(ge=-1e15, le=1e15, strict=True)]  # strict: neither true nor "1" is a number


class How(StrEnum):
    """Which value stands for a step; the first four are those that are recorded."""

    LAST = "last"
    MEAN = "mean"
    MIN = "min"
    MAX = "max"
    CONSUMPTION = "consumption"


class LiveRow(Answer):
    """The newest value of a point. `value` null: the device has none. `age_s` is right even when the clock is not."""

    device: str
    circuit: str
    channel: int
    point: str
    value: float | None
    unit: str
    time: UtcTime
    age_s: float
    quality: LiveQuality


class ReadingsAnswer(Answer):
    """Rows are [time, value, quality]; a slot without a reading has no row, or a row whose value is null.

    `step_s` is the step that was asked for, or the present recording interval. `next` is the `start` with which to go
    on, null when this is all.
    """

    series: str
    point: str
    how: Aggregate
    unit: str
    step_s: int
    rows: list[tuple[UtcTime, float | None, str]]
    next: UtcTime | None


class SeveralReadings(Answer):
    """The readings of each series that was asked for, in that order."""

    series: list[ReadingsAnswer]


class StorageAnswer(Answer):
    """What the readings take. Figures per day are those of the series that are recorded now or would be.

    `most_bytes` may be taken; beyond, the oldest month goes. `history_days` fit into that, null when nothing is
    recorded; `history_is_longer`: so many and more. `written_per_day` is at most what recording writes to the card,
    which wears it.
    """

    bytes: int
    most_bytes: int
    oldest: UtcTime | None
    series: int
    readings_per_day: int
    bytes_per_day: int
    written_per_day: int
    history_days: int | None
    history_is_longer: bool


class GivenRows(Given):
    """Past readings of one series, named by its id or by device, point and how (channel where there are several).

    Rows are [time, value], in the unit of the series; at most 20,000 at once. Times are whole seconds and may have
    another rhythm than the series is recorded in; an index of a counter is never negative.
    """

    series: Id | None = None
    device: Id | None = None
    channel: Annotated[int, Field(ge=1, le=1000)] | None = None
    point: Annotated[str, Field(max_length=100)] | None = None
    how: Aggregate = Aggregate.LAST
    rows: Annotated[list[tuple[Time, Value]], Field(min_length=1, max_length=MOST_ROWS_GIVEN)]


class Imported(Answer):
    """`stored`: readings that were new; for the others there was one already."""

    given: int
    stored: int


def live_row(value: LiveValue) -> LiveRow:
    """A live value of the engine."""
    return LiveRow(
        device=public_id(Kind.DEVICE, value.device),
        circuit=public_id(Kind.CIRCUIT, value.circuit),
        channel=value.channel,
        point=value.point,
        value=value.value,
        unit=value.unit,
        time=value.time,
        age_s=round(value.age_s, 3),
        quality=value.quality,
    )
