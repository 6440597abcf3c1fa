"""When the wall clock is trusted to date readings."""

from datetime import UTC, datetime, timedelta
from typing import Protocol

import pytest

from wattledger.engine.clock import ClockChange, ClockWatch, SystemClock, judge

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)


class Hand(Protocol):
    is_synchronised: bool

    def now(self) -> datetime: ...
    def monotonic(self) -> float: ...
    def synchronised(self) -> bool: ...
    def pass_(self, seconds: float) -> None: ...
    def step(self, by: timedelta) -> None: ...
    @property
    def boot(self) -> str: ...


@pytest.mark.parametrize(
    ("after_last_slot", "synchronised", "trusted", "reason"),
    [
        (timedelta(minutes=3), False, True, "plausible"),
        (timedelta(minutes=-5), False, True, "plausible"),
        (timedelta(minutes=-5, seconds=-1), False, False, "behind"),
        (timedelta(hours=-1), True, False, "behind"),
        (timedelta(days=7), False, True, "plausible"),
        (timedelta(days=7, seconds=1), False, False, "ahead"),
        (timedelta(days=365), False, False, "ahead"),
        (timedelta(days=365), True, True, "synchronised"),
    ],
)
def test_the_clock_is_judged_by_the_newest_slot(
    after_last_slot: timedelta, synchronised: bool, trusted: bool, reason: str
) -> None:
    verdict = judge(NOON + after_last_slot, highest_slot=NOON, synchronised=synchronised)

    assert (verdict.trusted, verdict.reason) == (trusted, reason)


def test_a_new_server_believes_any_time_since_this_release() -> None:
    assert judge(NOON, highest_slot=None, synchronised=False).trusted
    assert not judge(datetime(1970, 1, 1, tzinfo=UTC), highest_slot=None, synchronised=True).trusted


def test_a_step_back_is_seen_before_anything_is_dated_and_waited_out(clock: Hand) -> None:
    changes: list[ClockChange] = []
    watch = ClockWatch(clock, highest_slot=NOON, on_change=changes.append)

    clock.pass_(1)
    clock.step(timedelta(hours=-1))
    during = watch.trusted_now()
    clock.pass_(3300)
    after = watch.trusted_now()

    assert during is None
    assert after == clock.now()
    assert [round(change.step_s) for change in changes] == [-3600, 0]
    assert [change.after.trusted for change in changes] == [False, True]


def test_a_step_forward_of_an_hour_is_told_and_believed(clock: Hand) -> None:
    changes: list[ClockChange] = []
    watch = ClockWatch(clock, highest_slot=NOON, on_change=changes.append)

    clock.step(timedelta(hours=1))

    assert watch.trusted_now() == clock.now()
    assert [(round(change.step_s), change.after.trusted) for change in changes] == [(3600, True)]


def test_a_step_of_a_year_is_believed_only_once_a_time_server_confirms_it(clock: Hand) -> None:
    watch = ClockWatch(clock, highest_slot=NOON, on_change=lambda _: None)
    clock.step(timedelta(days=365))

    alone = watch.trusted_now()
    clock.is_synchronised = True
    confirmed = watch.trusted_now()

    assert alone is None
    assert confirmed == clock.now()


def test_slewing_is_no_step(clock: Hand) -> None:
    changes: list[ClockChange] = []
    watch = ClockWatch(clock, highest_slot=NOON, on_change=changes.append)
    for _ in range(100):
        clock.pass_(1)
        clock.step(timedelta(milliseconds=500))
        assert watch.trusted_now() is not None

    assert changes == []


def test_the_computers_own_clock_answers() -> None:
    clock = SystemClock()

    assert clock.synchronised() in {True, False}
    assert clock.now().tzinfo is UTC
    assert len(clock.boot) == 36
