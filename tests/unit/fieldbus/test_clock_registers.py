"""Dates and times in registers: worked examples, any time there and back, and the hours of summer time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter

from wattledger.catalog import Clock
from wattledger.fieldbus import clock_read, clock_shown, clock_writes, resolution, time_shown
from wattledger.fieldbus.modbus.pdu import ReadRegisters, WriteRegister, WriteRegisters

at = datetime.fromisoformat  # devices know no zone

PARIS = ZoneInfo("Europe/Paris")
LAST_SECOND = at("2027-12-31T23:59:59")  # a Friday
LEAP_DAY = at("2028-02-29T13:05:07")  # a Tuesday
SIX = ["day", "month", "year2", "hour", "minute", "second"]

FORMATS = {
    "six registers": {"fields": SIX},
    "full year first": {"fields": ["year", "month", "day", "weekday", "hour", "minute", "second"]},
    "after a command": {"fields": [1003, 0, "year", "month", "day", "hour", "minute", "second", 0]},
    "byte pairs": {"fields": [["year2", "month"], ["day", "hour"], ["minute", "second"]]},
    "IEC 60870-5-4": {"fields": [[0, "year2"], ["month", "weekday_day"], ["hour", "minute"], "milliseconds"]},
    "seconds since 1970": {"fields": ["seconds_high", "seconds_low"]},
    "seconds since 2000, low word first": {"fields": ["seconds_low", "seconds_high"], "epoch": 2000},
}


def clock_of(**keys: Any) -> Clock:
    return TypeAdapter(Clock).validate_python({"addr": 0xE100, "read": {"addr": 0xE100}, **keys})


def written(clock: Clock, shown: datetime) -> tuple[int, ...]:
    [write] = clock_writes(clock, shown)
    assert isinstance(write, WriteRegisters)
    return write.values


@pytest.mark.parametrize(
    ("name", "shown", "words"),
    [
        ("six registers", LAST_SECOND, (31, 12, 27, 23, 59, 59)),
        ("six registers", LEAP_DAY, (29, 2, 28, 13, 5, 7)),
        ("full year first", LAST_SECOND, (2027, 12, 31, 5, 23, 59, 59)),
        ("after a command", LEAP_DAY, (1003, 0, 2028, 2, 29, 13, 5, 7, 0)),
        ("byte pairs", LEAP_DAY, (0x1C02, 0x1D0D, 0x0507)),
        ("IEC 60870-5-4", LEAP_DAY, (0x001C, 0x025D, 0x0D05, 7000)),
        ("seconds since 1970", at("2026-06-01T12:00:00"), (0x6A1D, 0x7440)),  # date -u -d 2026-06-01T12:00Z +%s
        ("seconds since 2000, low word first", at("2000-01-02T00:00:00"), (0x5180, 0x0001)),
    ],
)
def test_a_time_stands_in_its_registers(name: str, shown: datetime, words: tuple[int, ...]) -> None:
    clock = clock_of(**FORMATS[name])

    assert written(clock, shown) == words
    assert clock_shown(clock, words) == shown


@given(
    name=st.sampled_from(sorted(FORMATS)),
    shown=st.datetimes(min_value=at("2000-01-01T00:00:00"), max_value=at("2099-12-31T23:59:59")),
)
def test_any_time_of_the_century_is_read_as_it_was_written(name: str, shown: datetime) -> None:
    clock = clock_of(**FORMATS[name])

    got = clock_shown(clock, written(clock, shown))

    assert got is not None
    assert timedelta(0) <= shown - got < resolution(clock.fields)


@pytest.mark.parametrize(
    "words",
    [(0, 0, 0, 0, 0, 0), (31, 2, 27, 0, 0, 0), (29, 2, 27, 0, 0, 0), (1, 1, 27, 24, 0, 0), (1, 1, 27, 0, 0, 60)],
)
def test_what_is_no_time_is_none(words: tuple[int, ...]) -> None:
    assert clock_shown(clock_of(fields=SIX), words) is None


@given(registers=st.lists(st.integers(0, 0xFFFF), min_size=7, max_size=7), name=st.sampled_from(sorted(FORMATS)))
def test_whatever_a_device_answers_is_a_time_or_none(registers: list[int], name: str) -> None:
    clock = clock_of(**FORMATS[name])
    count = len(clock.fields_read)

    shown = clock_shown(clock, [*registers, 0, 0][:count])

    assert shown is None or shown.tzinfo is None


def test_seconds_that_no_longer_fit_are_refused() -> None:
    with pytest.raises(ValueError, match="registers"):
        clock_writes(clock_of(**FORMATS["seconds since 1970"]), at("2106-02-07T06:28:16"))


def test_with_function_6_the_registers_go_out_one_by_one() -> None:
    writes = clock_writes(clock_of(fields=SIX, fc=6), LAST_SECOND)

    assert writes == tuple(WriteRegister(0xE100 + n, word) for n, word in enumerate((31, 12, 27, 23, 59, 59)))


def test_a_clock_may_be_shown_elsewhere_and_otherwise_than_it_is_written() -> None:
    shows = {"addr": 1836, "fc": 4, "fields": ["year", "month", "day", "hour", "minute", "second", 0]}
    clock = clock_of(**FORMATS["after a command"] | {"read": shows})

    assert clock_read(clock) == ReadRegisters(4, 1836, 7)
    assert clock_shown(clock, (2028, 2, 29, 13, 5, 7, 999)) == LEAP_DAY
    assert clock_read(clock_of(fields=SIX, read=None)) is None


@pytest.mark.parametrize(
    ("now", "local"),
    [
        ("2026-03-29T00:59:59", "2026-03-29T01:59:59"),
        ("2026-03-29T01:00:00", "2026-03-29T03:00:00"),  # the hour from 2 to 3 is left out
        ("2026-10-25T00:30:00", "2026-10-25T02:30:00"),
        ("2026-10-25T01:30:00", "2026-10-25T02:30:00"),  # and this one is there twice
        ("2026-12-31T23:00:00", "2027-01-01T00:00:00"),
    ],
)
def test_a_device_that_keeps_local_time_shows_what_hangs_on_the_wall(now: str, local: str) -> None:
    moment = at(now).replace(tzinfo=UTC)

    assert time_shown(clock_of(fields=SIX), moment, zone=PARIS) == at(local)
    assert time_shown(clock_of(fields=SIX, time="utc"), moment, zone=PARIS) == at(now)
