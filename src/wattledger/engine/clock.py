"""The clocks of the engine, and the rule by which the wall clock is trusted.

Ages, timeouts and pauses run on the monotonic clock. The wall clock only dates readings, and only while it is trusted:
a computer without a battery-backed clock starts in the past, and a hand may set it anywhere.
"""

from __future__ import annotations

import ctypes
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Protocol

BACKWARD_LIMIT = timedelta(minutes=5)  # behind the newest recorded slot by more than this, the clock is wrong
FORWARD_LIMIT = timedelta(days=7)  # ahead of it by more than this, only a synchronised clock is believed
STEP_S = 2.0  # wall against monotonic clock between two looks; daemons slew smaller differences
EARLIEST = datetime(2026, 1, 1, tzinfo=UTC)  # before this release existed; a fresh server has no slot to compare with
STA_UNSYNC = 0x40  # adjtimex(2), include/uapi/linux/timex.h
TIMEX_BYTES = 256  # struct timex is 208 bytes on 64-bit Linux
STATUS_OFFSET = {8: 40, 4: 20}  # of timex.status, by the size of a C long


class Clock(Protocol):
    """What the engine asks of time; tests bring their own."""

    @property
    def boot(self) -> str:
        """Names this run of the computer: monotonic times compare within one boot only."""

    def now(self) -> datetime:
        """The wall clock, UTC."""

    def monotonic(self) -> float:
        """Seconds since some moment of this boot; never steps."""

    def synchronised(self) -> bool:
        """Whether a time daemon says that the wall clock is right."""


class SystemClock:
    """The computer's clocks."""

    def __init__(self) -> None:
        self.boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
        self._libc = ctypes.CDLL(None, use_errno=True)

    def now(self) -> datetime:
        return datetime.now(UTC)

    def monotonic(self) -> float:
        return time.monotonic()

    def synchronised(self) -> bool:
        timex = ctypes.create_string_buffer(TIMEX_BYTES)  # modes 0: only ask
        if self._libc.adjtimex(timex) < 0:
            return False
        status = ctypes.c_int.from_buffer(timex, STATUS_OFFSET[ctypes.sizeof(ctypes.c_long)]).value
        return not status & STA_UNSYNC


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether readings may be dated by the wall clock, and why."""

    trusted: bool
    reason: str  # synchronised, plausible, behind, ahead, first_start, before_release


def judge(now: datetime, *, highest_slot: datetime | None, synchronised: bool) -> Verdict:
    """Whether the wall clock can be right: not behind the newest recorded slot, nor far ahead unless synchronised."""
    if highest_slot is None:
        trusted = now >= EARLIEST
        return Verdict(trusted, ("synchronised" if synchronised else "first_start") if trusted else "before_release")
    if now < highest_slot - BACKWARD_LIMIT:
        return Verdict(trusted=False, reason="behind")
    if synchronised:
        return Verdict(trusted=True, reason="synchronised")
    if now <= highest_slot + FORWARD_LIMIT:
        return Verdict(trusted=True, reason="plausible")
    return Verdict(trusted=False, reason="ahead")


@dataclass(frozen=True, slots=True)
class ClockChange:
    """The wall clock stepped by `step_s` (0: it did not), or the verdict on it changed."""

    step_s: float
    before: Verdict
    after: Verdict


class ClockWatch:
    """Keeps the verdict on one clock: judged at the start, after each step, and again and again while in doubt.

    Whoever dates something asks `trusted_now`, which looks for a step first, so that nothing is dated by a clock that
    has just been moved.
    """

    def __init__(
        self, clock: Clock, *, highest_slot: datetime | None, on_change: Callable[[ClockChange], None]
    ) -> None:
        self._clock = clock
        self._highest_slot = highest_slot
        self._on_change = on_change
        self._last = (clock.now(), clock.monotonic())
        self.verdict = self._judge()

    def trusted_now(self) -> datetime | None:
        """The time by which readings are dated; None while the clock is in doubt."""
        now, monotonic = self._clock.now(), self._clock.monotonic()
        step_s = (now - self._last[0]).total_seconds() - (monotonic - self._last[1])
        self._last = (now, monotonic)
        stepped = abs(step_s) >= STEP_S
        if stepped or not self.verdict.trusted:
            before, self.verdict = self.verdict, self._judge()
            if stepped or before.trusted != self.verdict.trusted:
                self._on_change(ClockChange(step_s if stepped else 0.0, before, self.verdict))
        return now if self.verdict.trusted else None

    def saw_slot(self, slot: datetime) -> None:
        """A slot was recorded: the wall clock must not be behind it from now on."""
        if self._highest_slot is None or slot > self._highest_slot:
            self._highest_slot = slot

    @property
    def highest_slot(self) -> datetime | None:
        """The newest slot known to be recorded."""
        return self._highest_slot

    def _judge(self) -> Verdict:
        return judge(self._clock.now(), highest_slot=self._highest_slot, synchronised=self._clock.synchronised())
