"""Local days and slots, over every zone there is and its change days."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wattledger.measure import (
    INTERVALS_MIN,
    IntervalError,
    check_interval,
    day_bounds,
    is_slot,
    local_day,
    local_days,
    next_slot,
    slot_at_or_before,
    slots_between,
    slots_of_day,
    tolerance_s,
)

PARIS = ZoneInfo("Europe/Paris")
ZONES = st.sampled_from(sorted(name for name in available_timezones() if "/" in name)).map(ZoneInfo)
# offsets of whole minutes only: the standard times of before 1972 had odd seconds
FIRST, LAST = datetime(1973, 1, 1, tzinfo=UTC), datetime(2099, 12, 1, tzinfo=UTC)
INSTANTS = st.integers(int(FIRST.timestamp()), int(LAST.timestamp())).map(lambda s: datetime.fromtimestamp(s, UTC))
INTERVALS = st.sampled_from(INTERVALS_MIN)


@given(instant=INSTANTS, zone=ZONES)
def test_every_instant_lies_in_exactly_its_local_day(instant: datetime, zone: ZoneInfo) -> None:
    day = local_day(instant, zone=zone)
    start, end = day_bounds(day, zone=zone)

    assert start <= instant < end
    assert day_bounds(day + timedelta(days=1), zone=zone)[0] == end


@given(instant=INSTANTS, zone=ZONES)
def test_local_days_of_a_span_are_consecutive_and_cover_it(instant: datetime, zone: ZoneInfo) -> None:
    end = instant + timedelta(days=3)

    days = list(local_days(instant, end, zone=zone))

    assert days[0] == local_day(instant, zone=zone)
    assert days[-1] == local_day(end - timedelta(microseconds=1), zone=zone)


@settings(max_examples=60)
@given(instant=INSTANTS, zone=ZONES, minutes=INTERVALS)
def test_slots_of_a_day_are_exactly_the_instants_the_wall_clock_names(
    instant: datetime, zone: ZoneInfo, minutes: int
) -> None:
    day = local_day(instant, zone=zone)
    start, end = day_bounds(day, zone=zone)
    seconds = range(0, int((end - start).total_seconds()), 60)

    expected = [t for s in seconds if is_slot(t := start + timedelta(seconds=s), minutes=minutes, zone=zone)]

    assert list(slots_of_day(day, minutes, zone)) == expected


@given(instant=INSTANTS, zone=ZONES, minutes=INTERVALS)
def test_an_instant_lies_between_its_slot_and_the_next(instant: datetime, zone: ZoneInfo, minutes: int) -> None:
    before = slot_at_or_before(instant, minutes=minutes, zone=zone)
    after = next_slot(instant, minutes=minutes, zone=zone)

    assert before <= instant < after
    assert list(slots_between(before, after, minutes=minutes, zone=zone)) == [before]
    assert next_slot(before, minutes=minutes, zone=zone) == after


@given(instant=INSTANTS, zone=ZONES, minutes=INTERVALS, hours=st.tuples(st.integers(0, 40), st.integers(0, 40)))
def test_slots_of_a_span_are_those_of_its_parts(
    instant: datetime, zone: ZoneInfo, minutes: int, hours: tuple[int, int]
) -> None:
    middle = instant + timedelta(hours=hours[0])
    end = middle + timedelta(hours=hours[1])

    whole = list(slots_between(instant, end, minutes=minutes, zone=zone))

    assert whole == [
        *slots_between(instant, middle, minutes=minutes, zone=zone),
        *slots_between(middle, end, minutes=minutes, zone=zone),
    ]


@pytest.mark.parametrize(("day", "hours"), [(date(2026, 3, 29), 23), (date(2026, 10, 25), 25), (date(2026, 6, 1), 24)])
def test_change_days_have_23_and_25_hours(day: date, hours: int) -> None:
    start, end = day_bounds(day, zone=PARIS)

    assert end - start == timedelta(hours=hours)
    assert len(slots_of_day(day, 60, PARIS)) == hours
    assert len(slots_of_day(day, 5, PARIS)) == hours * 12


def test_the_50_minute_interval_starts_anew_at_local_midnight() -> None:
    slots = slots_of_day(date(2026, 6, 1), 50, PARIS)
    walls = [slot.astimezone(PARIS).strftime("%H:%M") for slot in slots]

    assert walls[:3] == ["00:00", "00:50", "01:40"]
    assert walls[-1] == "23:20"
    assert next_slot(slots[-1], minutes=50, zone=PARIS) - slots[-1] == timedelta(minutes=40)


def test_a_slot_that_the_clock_change_skips_is_missing_and_one_it_repeats_comes_twice() -> None:
    spring = [s.astimezone(PARIS).strftime("%H:%M") for s in slots_of_day(date(2026, 3, 29), 50, PARIS)]
    autumn = [s.astimezone(PARIS).strftime("%H:%M") for s in slots_of_day(date(2026, 10, 25), 50, PARIS)]

    assert "02:30" not in spring
    assert autumn.count("02:30") == 2


def test_a_zone_that_moves_by_half_an_hour_has_its_grid_on_the_wall_clock() -> None:
    lord_howe = ZoneInfo("Australia/Lord_Howe")
    day = date(2026, 10, 4)  # 02:00 becomes 02:30

    walls = [slot.astimezone(lord_howe).strftime("%H:%M") for slot in slots_of_day(day, 20, lord_howe)]

    assert walls[5:8] == ["01:40", "02:40", "03:00"]


def test_tolerance_is_half_the_interval_and_at_most_a_minute() -> None:
    assert [tolerance_s(minutes) for minutes in (1, 5, 60)] == [30.0, 60.0, 60.0]


@pytest.mark.parametrize("minutes", [0, -5, 2, 45, 1440])
def test_other_intervals_are_refused(minutes: int) -> None:
    with pytest.raises(IntervalError, match="one of 1, 5, 10"):
        check_interval(minutes)
