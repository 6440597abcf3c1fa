"""Counts of a link and of each device on it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from wattledger.fieldbus import TrafficStatistics
from wattledger.fieldbus.backoff import Backoff

START = datetime(2026, 3, 1, 12, tzinfo=UTC)


def test_devices_are_counted_apart_and_together() -> None:
    statistics = TrafficStatistics(now=lambda: START)
    statistics.connected()
    statistics.requested(1, again=False)
    statistics.answered(1, response_s=0.25, exception=None)
    statistics.requested(2, again=False)
    statistics.timed_out(2)
    statistics.requested(2, again=True)
    statistics.answered(2, response_s=0.75, exception=2)
    statistics.rejected(1)
    statistics.rejected(None)
    statistics.connection_lost()

    link, first, second = statistics.of_link(), statistics.of_unit(1), statistics.of_unit(2)

    assert (link.requests, link.answers, link.timeouts, link.rejected, link.retries) == (3, 2, 1, 2, 1)
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
    statistics.requested(1, again=False)

    statistics.reset()

    assert statistics.of_link().requests == statistics.of_unit(1).requests == 0
    assert statistics.of_link().since == statistics.of_unit(1).since == START + timedelta(hours=1)


def test_a_snapshot_does_not_change_afterwards() -> None:
    statistics = TrafficStatistics(now=lambda: START)
    before = statistics.of_link()

    statistics.requested(1, again=False)
    statistics.answered(1, response_s=1, exception=4)

    assert (before.requests, before.exceptions) == (0, {})


def test_pauses_double_up_to_the_most_and_begin_anew_after_a_success() -> None:
    pauses = Backoff(first_s=1, most_s=5)

    assert [pauses.next_s() for _ in range(5)] == [1, 2, 4, 5, 5]
    pauses.reset()
    assert pauses.next_s() == 1
