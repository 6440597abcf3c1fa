"""Counts of a link and of each device on it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wattledger.fieldbus import TrafficStatistics
from wattledger.fieldbus.backoff import Backoff

START = datetime(2026, 3, 1, 12, tzinfo=UTC)


def test_devices_are_counted_apart_and_together() -> None:
    statistics = TrafficStatistics(now=lambda: START)
    statistics.connected()
    statistics.begin(1, again=False)
    statistics.answered(1, response_s=0.25, exception=None)
    statistics.begin(2, again=False)
    statistics.timed_out(2)
    statistics.begin(2, again=True)
    statistics.answered(2, response_s=0.75, exception=2)
    statistics.rejected(1)
    statistics.rejected(None, crc_error=True)
    statistics.connection_lost()

    link, first, second = statistics.of_link(), statistics.of_unit(1), statistics.of_unit(2)

    assert (link.requests, link.answers, link.timeouts, link.rejected, link.retries) == (3, 2, 1, 2, 1)
    assert (link.crc_errors, first.crc_errors) == (1, 0)
    assert (link.connections, link.connections_lost, link.exceptions) == (1, 1, {2: 1})
    assert (link.mean_response_s, link.worst_response_s) == (0.5, 0.75)
    assert (first.requests, first.answers, first.rejected, first.exceptions) == (1, 1, 1, {})
    assert (second.requests, second.timeouts, second.retries, second.exceptions) == (2, 1, 1, {2: 1})


def test_who_was_never_asked_has_no_response_time() -> None:
    never = TrafficStatistics(now=lambda: START).of_unit(9)

    assert (never.since, never.requests, never.mean_response_s, never.worst_response_s) == (START, 0, None, None)


def test_a_reset_starts_all_counts_anew() -> None:
    times = iter((START, START + timedelta(hours=1)))
    statistics = TrafficStatistics(now=lambda: next(times))
    statistics.begin(1, again=False)

    statistics.reset()

    assert statistics.of_link().requests == statistics.of_unit(1).requests == 0
    assert statistics.of_link().since == statistics.of_unit(1).since == START + timedelta(hours=1)


def test_a_snapshot_does_not_change_afterwards() -> None:
    statistics = TrafficStatistics(now=lambda: START)
    before = statistics.of_link()

    statistics.begin(1, again=False)
    statistics.answered(1, response_s=1, exception=4)

    assert (before.requests, before.exceptions) == (0, {})


def test_pauses_double_up_to_the_most_and_begin_anew_after_a_success() -> None:
    pauses = Backoff(first_s=1, most_s=5)

    assert [pauses.next_s() for _ in range(5)] == [1, 2, 4, 5, 5]
    pauses.reset()
    assert pauses.next_s() == 1


class Clock:
    now_s = 1000.25

    def __call__(self) -> float:
        return self.now_s


def test_several_exchanges_at_once_use_the_link_once() -> None:
    clock = Clock()
    statistics = TrafficStatistics(clock=clock)
    first = statistics.begin(1, again=False)
    clock.now_s += 1
    second = statistics.begin(2, again=False)
    clock.now_s += 2
    statistics.end(first)
    clock.now_s += 3
    statistics.end(second)
    clock.now_s += 6

    assert (statistics.of_unit(1).busy_s, statistics.of_unit(2).busy_s, statistics.of_link().busy_s) == (3, 5, 6)
    assert statistics.load() == 0.5


def test_the_load_is_that_of_the_last_minute() -> None:
    clock = Clock()
    statistics = TrafficStatistics(clock=clock)
    for used_s, idle_s in ((100, 45), (7.5, 7.5)):
        use = statistics.begin(1, again=False)
        clock.now_s += used_s
        statistics.end(use)
        clock.now_s += idle_s
    before = statistics.load()

    statistics.reset()

    assert statistics.of_link().busy_s == 0
    assert statistics.load() == before == pytest.approx(7.5 / 59.25)  # 59 whole seconds and what is of the present one


def test_an_exchange_under_way_counts_already() -> None:
    clock = Clock()
    statistics = TrafficStatistics(clock=clock)
    clock.now_s += 20
    statistics.begin(1, again=False)
    clock.now_s += 20

    assert statistics.load() == 0.5
    assert statistics.of_link().busy_s == 20


@given(steps=st.lists(st.tuples(st.floats(0, 90), st.floats(0, 90)), min_size=1, max_size=20))
def test_the_load_is_the_share_of_the_window_that_was_used(steps: list[tuple[float, float]]) -> None:
    clock, uses = Clock(), []
    statistics = TrafficStatistics(clock=clock)
    began_s = clock.now_s
    for used_s, idle_s in steps:
        uses.append((clock.now_s, clock.now_s + used_s))
        use = statistics.begin(1, again=False)
        clock.now_s += used_s
        statistics.end(use)
        clock.now_s += idle_s

    window = max(began_s, int(clock.now_s) - 59), clock.now_s
    used = sum(max(0.0, min(end, window[1]) - max(start, window[0])) for start, end in uses)
    length = window[1] - window[0]
    assert statistics.load() == pytest.approx(used / length if length else 0, abs=1e-6)
