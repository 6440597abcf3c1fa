"""What the hotel's meters would have been recorded to show: their past as readings of series, without I/O."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime

import numpy as np

from wattledger.catalog import DeviceMap, MappedPoint, RegisterType
from wattledger.demo.encoding import exponent_of
from wattledger.demo.hotel.calendar import DAY_MIN
from wattledger.demo.hotel.live import View
from wattledger.demo.hotel.noise import Floats, Integers
from wattledger.demo.hotel.records import Records
from wattledger.demo.hotel.view import Shown
from wattledger.demo.plan import PulseInput
from wattledger.measure import Aggregate, Nature, PointName, unit_named

PIECE_MIN = 6 * DAY_MIN  # worked out at a time: some megabytes
MINUTE_S = 60
FIRST_ORDINAL = date(1970, 1, 1).toordinal()


@dataclass(frozen=True, slots=True)
class Wanted:
    """A series: what is kept of which point, each so many minutes, and by which steps the device shows it."""

    series: str
    channel: int
    name: PointName
    how: Aggregate
    every_min: int
    steps: Steps


@dataclass(frozen=True, slots=True)
class Steps:
    """How finely a device shows a value; a counter shows whole steps and starts anew at its modulus.

    `step` None: as it is, but for the precision of its register.
    """

    step: float | None = None
    modulus: float | None = None
    is_counter: bool = False
    is_single: bool = False  # a float of 32 bits

    def shown(self, values: Floats) -> Floats:
        """What the device shows of these values."""
        if self.is_counter and self.modulus is not None:
            values = values % self.modulus
        if self.is_single and self.step is not None:
            single: Floats = (values / self.step).astype(np.float32).astype(np.float64) * self.step
            return single
        if self.step is None:
            return values
        # what lies on a step is not to fall below it by the last bit
        whole = np.floor(values / self.step + 1e-9) if self.is_counter else np.round(values / self.step)
        stepped: Floats = whole * self.step
        return stepped


def steps_of(point: MappedPoint) -> Steps:
    """How finely the register of a point shows it."""
    step = abs(point.scale) * 10.0 ** exponent_of(point)
    return Steps(
        step=None if point.type is RegisterType.F64 else step,
        modulus=point.modulus,
        is_counter=point.name.measures.nature is Nature.COUNTER,
        is_single=point.type is RegisterType.F32,
    )


def steps_of_input(name: PointName, pulses: PulseInput | None) -> Steps:
    """How finely an input of the server shows what it measures: a pulse counter by its pulses."""
    if pulses is None or name.measures.nature is not Nature.COUNTER:
        return Steps()
    unit = unit_named(pulses.unit, quantity=name.measures)
    return Steps(step=pulses.amount * unit.factor, is_counter=True)


def wanted_point(mapped: DeviceMap, name: str, channel: int) -> MappedPoint:
    """The point of this name; raises ValueError for one that the device has not."""
    found = mapped.point(name, channel=channel)
    if found is None:
        raise ValueError(f"{mapped.product} has no point {name}")
    return found


@dataclass(frozen=True, slots=True)
class Month:
    """The minutes from one to the other, since 1970, UTC; the last one is not in it."""

    first_min: int
    end_min: int

    @property
    def name(self) -> str:
        """As `2026-11`."""
        return datetime.fromtimestamp(self.first_min * MINUTE_S, UTC).strftime("%Y-%m")

    @property
    def pieces(self) -> Iterator[tuple[int, int]]:
        """Its minutes in stretches of a few days."""
        for start in range(self.first_min, self.end_min, PIECE_MIN):
            yield start, min(start + PIECE_MIN, self.end_min)


def months_back(first_day: int, end_min: int) -> list[Month]:
    """The months of UTC from a day on to a minute, the newest first; the outer ones are cut."""
    months: list[Month] = []
    end = end_min
    while end > first_day * DAY_MIN:
        day = date.fromordinal(FIRST_ORDINAL + (end - 1) // DAY_MIN)
        first = max((day.replace(day=1).toordinal() - FIRST_ORDINAL), first_day) * DAY_MIN
        months.append(Month(first, end))
        end = first
    return months


@dataclass(frozen=True, slots=True)
class Past:
    """Readings of one series: the minutes of its slots, and what they hold."""

    slots: Integers
    values: Floats


def past_of(
    records: Records, viewed: Iterable[tuple[View, tuple[Wanted, ...]]], *, first_min: int, end_min: int
) -> dict[str, Past]:
    """What was recorded between two minutes, by series; the counters of the records reach back to the first one."""
    earliest = records.books.first_day * DAY_MIN
    longest = max((one.every_min for _, series in viewed for one in series), default=0)
    start = max(first_min - longest, earliest)
    flows = records.books.flows(np.arange(start, end_min))
    found: dict[str, Past] = {}
    for view, series in viewed:
        shown = view.show(flows, {one.name for one in series})
        for one in series:
            if one.name in shown.values:
                found[one.series] = _recorded(shown, one, first_min=first_min)
    return found


def _recorded(shown: Shown, wanted: Wanted, *, first_min: int) -> Past:
    minutes = shown.minutes
    is_slot = (minutes % wanted.every_min == 0) & (minutes >= first_min) & shown.answers
    if wanted.how is not Aggregate.LAST:
        is_slot &= minutes - wanted.every_min >= minutes[0]
    places = np.flatnonzero(is_slot)
    values = wanted.steps.shown(shown.values[wanted.name])
    return Past(minutes[places], _drawn_together(values, places, wanted))


def _drawn_together(values: Floats, places: Integers, wanted: Wanted) -> Floats:
    """The value at each slot, or the mean, least or greatest of the live values since the slot before."""
    if wanted.how is Aggregate.LAST:
        return values[places]
    window = values[places[:, None] + np.arange(-wanted.every_min + 1, 1)]
    match wanted.how:
        case Aggregate.MEAN:
            return np.asarray(window.mean(axis=1))
        case Aggregate.MIN:
            return np.asarray(window.min(axis=1))
        case Aggregate.MAX:
            return np.asarray(window.max(axis=1))


def joined(parts: Iterable[Past]) -> Past:
    """One after the other."""
    pieces = list(parts)
    return Past(np.concatenate([one.slots for one in pieces]), np.concatenate([one.values for one in pieces]))


def times_of(slots: Integers) -> list[str]:
    """These minutes since 1970 as RFC 3339 has them."""
    stamps = np.datetime_as_string((slots * MINUTE_S).astype("datetime64[s]"))
    return [f"{stamp}Z" for stamp in stamps.tolist()]
