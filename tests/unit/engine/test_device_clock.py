"""When a device's clock is looked after, what is written into it, and what its time tells."""

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from pydantic import TypeAdapter

from wattledger.catalog import Clock
from wattledger.engine.device_clock import DeviceClock, Finding

PARIS = ZoneInfo("Europe/Paris")
SIX = ["day", "month", "year2", "hour", "minute", "second"]
NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
SUMMER_ENDS = datetime(2026, 10, 25, 1, tzinfo=UTC)
HOUR_S, DAY_S = 3600.0, 86_400.0


def clock_of(*, readable: bool = True, **keys: Any) -> DeviceClock:
    read = {"addr": 0} if readable else None
    clock = TypeAdapter(Clock).validate_python({"addr": 0, "fields": SIX, "read": read, **keys})
    return DeviceClock(clock, zone=PARIS)


@pytest.mark.parametrize(
    ("at_ms", "second"), [(0, 0), (499, 0), (500, 1), (999, 1)], ids=["at once", "just below", "half", "nearly"]
)
def test_what_is_written_is_wrong_by_half_a_second_at_most(at_ms: int, second: int) -> None:
    written = clock_of().time_to_write(NOON + timedelta(milliseconds=at_ms))

    assert written.replace(microsecond=0) == datetime.fromisoformat(f"2026-06-01T14:00:0{second}")


def test_milliseconds_are_written_where_the_registers_hold_them() -> None:
    clock = clock_of(fields=["year", "month", "day", "hour", "minute", "milliseconds"])

    written = clock.time_to_write(NOON + timedelta(milliseconds=250))

    assert written.microsecond // 1000 == 250


@pytest.mark.parametrize(("shown", "offset_s"), [("14:00:00", 0.0), ("14:00:02", 2.0), ("13:59:58", -2.0)])
def test_a_clock_that_shows_whole_seconds_has_done_half_of_one(shown: str, offset_s: float) -> None:
    read_at = NOON + timedelta(seconds=0.5)

    assert clock_of().offset_of(datetime.fromisoformat(f"2026-06-01T{shown}"), at=read_at) == offset_s


def test_a_right_clock_is_looked_at_once_an_hour() -> None:
    clock = clock_of()

    due_at_start = clock.is_due(NOON, 0.0)
    found = clock.saw(1.9, now=NOON, monotonic_s=10.0)

    assert due_at_start
    assert found is Finding.RIGHT
    assert not clock.is_due(NOON, 9.0 + HOUR_S)
    assert clock.is_due(NOON, 10.0 + HOUR_S)


def test_a_clock_that_was_set_proves_it_a_moment_later() -> None:
    clock = clock_of()
    off = clock.saw(100.0, now=NOON, monotonic_s=10.0)
    clock.wrote(now=NOON, monotonic_s=10.0)

    unproved = clock.last_set
    due = clock.is_due(NOON, 11.0)
    proved = clock.saw(0.4, now=NOON, monotonic_s=11.0)

    assert (off, proved, due) == (Finding.OFF, Finding.PROVED, True)
    assert (unproved, clock.last_set, clock.offset_s) == (None, NOON, 0.4)


def test_a_clock_that_shows_another_time_after_two_writes_does_not_take_it() -> None:
    clock = clock_of()
    found = [clock.saw(100.0, now=NOON, monotonic_s=0.0)]
    for at in (1.0, 2.0):
        clock.wrote(now=NOON, monotonic_s=at - 1)
        found.append(clock.saw(None, now=NOON, monotonic_s=at))

    assert found == [Finding.OFF, Finding.OFF, Finding.NOT_TAKEN]
    assert clock.last_set is None
    assert not clock.is_due(NOON, 1.0 + HOUR_S)
    assert clock.is_due(NOON, 2.0 + HOUR_S)


@pytest.mark.parametrize(("offset_s", "found"), [(60.0, Finding.OFF), (-61.0, Finding.DRIFTED), (None, Finding.OFF)])
def test_only_more_than_a_minute_between_two_looks_is_a_drift(offset_s: float | None, found: Finding) -> None:
    clock = clock_of()
    clock.saw(0.0, now=NOON, monotonic_s=0.0)

    assert clock.saw(offset_s, now=NOON, monotonic_s=HOUR_S) is found


def test_a_clock_that_was_wrong_before_or_may_have_been_reset_has_not_drifted() -> None:
    never_right, restarted, was_away = clock_of(), clock_of(), clock_of()
    never_right.saw(100.0, now=NOON, monotonic_s=0.0)
    for clock in (restarted, was_away):
        clock.saw(0.0, now=NOON, monotonic_s=0.0)
    restarted.restart()
    was_away.lost_touch(100.0)

    for clock in (never_right, restarted, was_away):
        assert clock.saw(200.0, now=NOON, monotonic_s=HOUR_S) is Finding.OFF


@pytest.mark.parametrize(
    ("offset_s", "found"),
    [(3600.0, Finding.OFF), (0.0, Finding.RIGHT), (-3600.0, Finding.DRIFTED), (3700.0, Finding.DRIFTED)],
    ids=["did not follow", "followed by itself", "went the wrong way", "did not follow, and drifted"],
)
def test_at_the_end_of_summer_time_a_clock_is_looked_at_at_once(offset_s: float, found: Finding) -> None:
    clock = clock_of()
    clock.saw(0.0, now=SUMMER_ENDS - timedelta(seconds=1), monotonic_s=0.0)

    assert not clock.is_due(SUMMER_ENDS - timedelta(seconds=1), 1.0)
    assert clock.is_due(SUMMER_ENDS, 1.0)
    assert clock.saw(offset_s, now=SUMMER_ENDS, monotonic_s=1.0) is found
    assert not clock.is_due(SUMMER_ENDS, 2.0)


def test_a_clock_in_utc_knows_no_summer_time() -> None:
    clock = clock_of(time="utc")
    clock.saw(0.0, now=SUMMER_ENDS - timedelta(seconds=1), monotonic_s=0.0)

    assert not clock.is_due(SUMMER_ENDS, 1.0)


def test_a_look_that_failed_at_the_end_of_summer_time_waits_before_the_next() -> None:
    clock = clock_of()
    clock.saw(0.0, now=SUMMER_ENDS - timedelta(seconds=1), monotonic_s=0.0)
    clock.put_off(now=SUMMER_ENDS, until_s=60.0)

    assert not clock.is_due(SUMMER_ENDS, 59.0)
    assert clock.is_due(SUMMER_ENDS, 60.0)
    assert clock.saw(3600.0, now=SUMMER_ENDS, monotonic_s=60.0) is Finding.OFF


def test_a_clock_that_cannot_be_read_is_written_once_a_day() -> None:
    clock = clock_of(readable=False)
    clock.wrote(now=NOON, monotonic_s=0.0)

    assert clock.last_set == NOON
    assert not clock.is_due(NOON, DAY_S - 1)
    assert clock.is_due(NOON, DAY_S)


def test_a_clock_that_cannot_be_read_is_written_anew_when_our_clock_stepped_or_summer_time_changed() -> None:
    clock = clock_of(readable=False)
    clock.wrote(now=SUMMER_ENDS - timedelta(seconds=1), monotonic_s=0.0)

    after_summer = clock.is_due(SUMMER_ENDS, 1.0)
    clock.wrote(now=SUMMER_ENDS, monotonic_s=1.0)
    clock.restart()

    assert after_summer
    assert clock.is_due(SUMMER_ENDS, 2.0)


@pytest.mark.parametrize(("readable", "pause_s"), [(True, 60.0), (False, HOUR_S)])
def test_a_device_that_was_away_is_looked_after_soon_and_not_with_each_lost_answer(
    *, readable: bool, pause_s: float
) -> None:
    clock = clock_of(readable=readable)
    clock.saw(0.0, now=NOON, monotonic_s=0.0) if readable else clock.wrote(now=NOON, monotonic_s=0.0)
    for at in (5.0, 10.0):
        clock.lost_touch(at)

    assert not clock.is_due(NOON, pause_s - 1)
    assert clock.is_due(NOON, pause_s)


def test_a_second_unanswered_write_is_told() -> None:
    clock = clock_of(readable=False)

    assert [clock.missed(now=NOON, monotonic_s=at) for at in (0.0, HOUR_S)] == [False, True]
