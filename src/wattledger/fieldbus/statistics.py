"""Counters of what happened on a link and with each device on it."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TypeAlias

from wattledger.fieldbus.busy import BusyTime


@dataclass(frozen=True, slots=True)
class TrafficSnapshot:
    """Counts since `since`. Each try counts as a request; connections are counted for the link only."""

    since: datetime
    requests: int
    answers: int  # exceptions included
    timeouts: int
    rejected: int  # what came and did not fit its request, broken frames included
    crc_errors: int  # on a serial line: bytes that are no frame with a right check
    exceptions: dict[int, int]  # Modbus exception code → how often
    retries: int
    connections: int
    connections_lost: int
    busy_s: float  # seconds in which the link was used; of a unit: that its own exchanges took
    mean_response_s: float | None  # None: no answer yet
    worst_response_s: float | None


@dataclass(slots=True)
class _Counters:
    since: datetime
    requests: int = 0
    answers: int = 0
    timeouts: int = 0
    rejected: int = 0
    crc_errors: int = 0
    exceptions: Counter[int] = field(default_factory=Counter)
    retries: int = 0
    connections: int = 0
    connections_lost: int = 0
    busy_s: float = 0.0
    response_s: float = 0.0
    worst_response_s: float = 0.0

    def add(self, other: _Counters) -> None:
        self.requests += other.requests
        self.answers += other.answers
        self.timeouts += other.timeouts
        self.rejected += other.rejected
        self.crc_errors += other.crc_errors
        self.exceptions += other.exceptions
        self.retries += other.retries
        self.connections += other.connections
        self.connections_lost += other.connections_lost
        self.response_s += other.response_s
        self.worst_response_s = max(self.worst_response_s, other.worst_response_s)

    def snapshot(self) -> TrafficSnapshot:
        return TrafficSnapshot(
            since=self.since,
            requests=self.requests,
            answers=self.answers,
            timeouts=self.timeouts,
            rejected=self.rejected,
            crc_errors=self.crc_errors,
            exceptions=dict(self.exceptions),
            retries=self.retries,
            connections=self.connections,
            connections_lost=self.connections_lost,
            busy_s=self.busy_s,
            mean_response_s=self.response_s / self.answers if self.answers else None,
            worst_response_s=self.worst_response_s if self.answers else None,
        )


Use: TypeAlias = tuple[_Counters, float]  # whose it is, and when it began


def utc_now() -> datetime:
    """The wall clock, UTC."""
    return datetime.now(UTC)


class TrafficStatistics:
    """What a link counts, in sum and per unit.

    `now` gives the time from which the counts hold; `clock`, monotonic, is that of the link's exchanges.
    """

    def __init__(self, *, now: Callable[[], datetime] = utc_now, clock: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._since = now()
        self._clock = clock
        self._busy = BusyTime(clock=clock)
        self._nobodys = _Counters(self._since)  # what concerns no unit
        self._units: dict[int, _Counters] = {}

    def of_link(self) -> TrafficSnapshot:
        """The counts of the whole link."""
        total = _Counters(self._since)
        for counters in (self._nobodys, *self._units.values()):
            total.add(counters)
        total.busy_s = self._busy.total_s()
        return total.snapshot()

    def of_unit(self, unit_id: int) -> TrafficSnapshot:
        """The counts of one device; all zero when it was never asked."""
        return self._units.get(unit_id, _Counters(self._since)).snapshot()

    @property
    def ended_at(self) -> float:
        """When the last use of the link ended, on the clock; long ago when it was never used."""
        return self._busy.ended_at

    def load(self) -> float:
        """The share of the last minute in which the link was used, 0 to 1."""
        return self._busy.load()

    def reset(self) -> None:
        """Start all counts anew."""
        self._since = self._now()
        self._nobodys = _Counters(self._since)
        self._units.clear()
        self._busy.reset()

    def begin(self, unit_id: int, *, again: bool) -> Use:
        """A request is about to be sent, and the link in use until `end`; `again`: it repeats one that failed."""
        counters = self._units.get(unit_id) or self._counters(unit_id)
        counters.requests += 1
        counters.retries += again
        began_at = self._clock()
        self._busy.begin(began_at)
        return counters, began_at

    def end(self, use: Use) -> None:
        """What began is over, well or not."""
        counters, began_at = use
        now = self._clock()
        counters.busy_s += now - began_at
        self._busy.end(now)

    def answered(self, unit_id: int, *, response_s: float, exception: int | None) -> None:
        """A fitting answer came; `exception` is its code when it refuses."""
        counters = self._units.get(unit_id) or self._counters(unit_id)
        counters.answers += 1
        counters.response_s += response_s
        counters.worst_response_s = max(counters.worst_response_s, response_s)
        if exception is not None:
            counters.exceptions[exception] += 1

    def timed_out(self, unit_id: int) -> None:
        """No answer came in time."""
        self._counters(unit_id).timeouts += 1

    def rejected(self, unit_id: int | None, *, crc_error: bool = False) -> None:
        """An answer did not fit; `unit_id` None when nobody was waiting for one."""
        counters = self._nobodys if unit_id is None else self._counters(unit_id)
        counters.rejected += 1
        counters.crc_errors += crc_error

    def connected(self) -> None:
        """A connection was made."""
        self._nobodys.connections += 1

    def connection_lost(self) -> None:
        """A connection ended that we did not end."""
        self._nobodys.connections_lost += 1

    def _counters(self, unit_id: int) -> _Counters:
        counters = self._units.get(unit_id)
        if counters is None:
            counters = self._units[unit_id] = _Counters(self._since)
        return counters
