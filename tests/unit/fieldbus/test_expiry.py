"""Time limits that share one timer expire when their own time has passed, and only then."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

import pytest

from wattledger.fieldbus.modbus.expiry import LEAST_PAUSE_S, Expiry


class Timer:
    def __init__(self, at: float, call: Callable[[], None]) -> None:
        self.at, self.call = at, call
        self.is_cancelled = False

    def cancel(self) -> None:
        self.is_cancelled = True


class FakeLoop:
    """Time that passes when told to, and the timers set on it."""

    def __init__(self) -> None:
        self.now = 100.0
        self.timers: list[Timer] = []
        self.expired_at: list[float] = []
        self.expiry = Expiry(cast("Any", self), lambda: self.expired_at.append(self.now), clock=lambda: self.now)

    def call_later(self, delay: float, call: Callable[[], None]) -> Timer:
        self.timers.append(Timer(self.now + delay, call))
        return self.timers[-1]

    def waiting(self) -> list[Timer]:
        return [timer for timer in self.timers if not timer.is_cancelled]

    def advance(self, to: float) -> None:
        while due := [timer for timer in self.waiting() if timer.at <= to]:
            first = min(due, key=lambda timer: timer.at)
            self.timers.remove(first)
            self.now = max(self.now, first.at)
            first.call()
        self.now = to


@pytest.fixture
def loop() -> FakeLoop:
    return FakeLoop()


def test_a_limit_expires_once_when_its_time_has_passed(loop: FakeLoop) -> None:
    loop.expiry.set(2)

    loop.advance(101.9)
    assert loop.expired_at == []
    loop.advance(110)
    assert loop.expired_at == [102]


def test_a_lifted_limit_never_expires(loop: FakeLoop) -> None:
    loop.expiry.set(2)
    loop.expiry.lift()

    loop.advance(110)

    assert loop.expired_at == []
    assert loop.waiting() == []


def test_a_thousand_answered_requests_take_a_handful_of_timers(loop: FakeLoop) -> None:
    started = 0
    for number in range(1000):
        loop.expiry.set(1)
        started = max(started, len(loop.timers))
        loop.advance(100 + number / 100)
        loop.expiry.lift()

    assert started == 1
    assert loop.expired_at == []


def test_the_limit_set_last_counts_be_it_later_or_earlier(loop: FakeLoop) -> None:
    loop.expiry.set(1)
    loop.expiry.lift()
    loop.advance(100.5)
    loop.expiry.set(1)
    loop.advance(103)
    loop.expiry.set(30)
    loop.expiry.lift()
    loop.expiry.set(0.25)
    loop.advance(140)

    assert loop.expired_at == pytest.approx([101.5, 103.25])


def test_a_timer_that_fires_a_little_early_is_set_once_more(loop: FakeLoop) -> None:
    loop.expiry.set(1)
    (timer,) = loop.timers
    timer.at -= LEAST_PAUSE_S / 2

    loop.advance(102)

    assert loop.expired_at == pytest.approx([101 + LEAST_PAUSE_S / 2])


def test_the_end_leaves_no_timer(loop: FakeLoop) -> None:
    loop.expiry.set(1)

    loop.expiry.end()

    assert loop.waiting() == []
