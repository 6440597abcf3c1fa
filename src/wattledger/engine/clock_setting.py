"""Tells the devices of one bus the time, as far as they have a clock.

A clock that can be read is read once an hour and set only when it is off, which spares the memory that it is kept in;
a moment later it is read again, so that a device that does not take the time is known. One that cannot be read is
written once a day, when our own clock stepped, when summer time changes, and when the device was away. No write is
ever repeated: what is written after one that was lost is the time of that later moment.

What is written is the time at the sending, rounded to what the registers hold (mostly whole seconds), so it is wrong by
half a second at most, plus the time on the wire (a fifth of a second at 1200 baud, next to nothing at usual speeds).
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from wattledger.catalog import ClockMethod
from wattledger.engine.acquisition import DeviceAcquisition
from wattledger.engine.api import DeviceClockState, DeviceCondition
from wattledger.engine.clock import Clock, ClockWatch
from wattledger.engine.condition import device_key
from wattledger.engine.device_clock import LOOK_EVERY_S, RETRY_S, DeviceClock, Finding
from wattledger.engine.events import EngineEvents
from wattledger.engine.links import BusLink
from wattledger.fieldbus import (
    FieldbusError,
    RefusedError,
    RtuLink,
    UnreachableError,
    clock_read,
    clock_shown,
    clock_writes,
)
from wattledger.journal import Code

log = logging.getLogger(__name__)

TURN_S = 1.0  # between two looks on one bus: at most a few hundredths of its time go to clocks
BEFORE_SLOT_S = 3  # slots begin with whole minutes; none shall wait for a clock
CLOCK_CODES = (Code.DEVICE_CLOCK_NOT_SET, Code.DEVICE_CLOCK_DRIFTS)


class ClockSetter:
    """Looks after the clocks of one bus, one at a time, when its poller has nothing to record."""

    def __init__(
        self,
        link: BusLink,
        acquisitions: Callable[[], Sequence[DeviceAcquisition]],
        *,
        clock: Clock,
        watch: ClockWatch,
        events: EngineEvents,
    ) -> None:
        self._link = link
        self._acquisitions = acquisitions
        self._clock = clock
        self._watch = watch
        self._events = events
        self._next_s = 0.0

    async def look_after_next(self, now: datetime) -> bool:
        """Look after one clock that is due at the trusted time `now`; whether there was one."""
        monotonic_s = self._clock.monotonic()
        if monotonic_s < self._next_s or now.second >= 60 - BEFORE_SLOT_S:
            return False
        due = next((found for found in self._clocks() if _is_due(*found, now, monotonic_s)), None)
        if due is not None:
            await self._look_after(*due)
        self._next_s = self._clock.monotonic() + TURN_S
        return due is not None

    def state_of(self, one: DeviceAcquisition) -> DeviceClockState | None:
        """How the device's clock does; None: it has none."""
        if one.clock is None:
            return None
        return DeviceClockState(str(self._method(one.clock) or "none"), one.clock.offset_s, one.clock.last_set)

    def _clocks(self) -> list[tuple[DeviceAcquisition, DeviceClock]]:
        return [(one, one.clock) for one in self._acquisitions() if one.clock is not None]

    async def _look_after(self, one: DeviceAcquisition, clock: DeviceClock) -> None:
        try:
            finding = await self._look(one, clock)
            if not self._is_here(one):
                return
            self._tell(one, finding)
            if finding in {Finding.OFF, Finding.DRIFTED}:
                await self._set(one, clock)
        except RefusedError as error:
            self._put_off(clock, RETRY_S if error.means_silence else LOOK_EVERY_S)
            if not error.means_silence and self._is_here(one):
                self._begin(one, Code.DEVICE_CLOCK_NOT_SET, reason=str(error))
        except FieldbusError as error:
            log.debug("the clock of device %s is left for later: %s", one.setup.device.id, error)
            self._put_off(clock, RETRY_S)

    async def _look(self, one: DeviceAcquisition, clock: DeviceClock) -> Finding:
        """Read the clock; one that cannot be read counts as off whenever it is due."""
        question = clock_read(clock.clock)
        if question is None:
            return Finding.OFF
        reply = await self._link.request(one.setup.device.unit_id, question, timeout_s=self._timeout_s(one))
        monotonic_s, now = self._clock.monotonic(), self._clock.now()
        at = now - timedelta(seconds=monotonic_s - reply.received_at)
        offset_s = clock.offset_of(clock_shown(clock.clock, reply.answer), at=at)
        return clock.saw(offset_s, now=now, monotonic_s=monotonic_s)

    async def _set(self, one: DeviceAcquisition, clock: DeviceClock) -> None:
        method = self._method(clock)
        now = self._watch.trusted_now()
        if method is None or now is None:
            self._put_off(clock, LOOK_EVERY_S if method is None else RETRY_S)
            return
        if method is ClockMethod.BROADCAST:
            await self._broadcast(clock, now)
        else:
            await self._write(one, clock, now)

    async def _broadcast(self, clock: DeviceClock, now: datetime) -> None:
        """Once for all: every device of the line hears it, each proves it by itself."""
        assert isinstance(self._link, RtuLink)  # noqa: S101 - no other bus has the method
        for write in clock_writes(clock.clock, clock.time_to_write(now)):
            await self._link.broadcast(write.encode())
        for _, other in self._clocks():
            other.wrote(now=now, monotonic_s=self._clock.monotonic())

    async def _write(self, one: DeviceAcquisition, clock: DeviceClock, now: datetime) -> None:
        try:
            for write in clock_writes(clock.clock, clock.time_to_write(now)):
                await self._link.request(one.setup.device.unit_id, write, timeout_s=self._timeout_s(one))
        except FieldbusError as error:
            if isinstance(error, UnreachableError) or (isinstance(error, RefusedError) and not error.means_silence):
                raise
            self._judge_lost_write(one, clock, error, now)
        else:
            clock.wrote(now=now, monotonic_s=self._clock.monotonic())
            if clock.clock.read is None and self._is_here(one):
                self._end(one, Code.DEVICE_CLOCK_NOT_SET)

    def _judge_lost_write(
        self, one: DeviceAcquisition, clock: DeviceClock, error: FieldbusError, now: datetime
    ) -> None:
        """It may have been done all the same: where the clock can be read, reading tells."""
        monotonic_s = self._clock.monotonic()
        if clock.clock.read is not None:
            clock.wrote(now=now, monotonic_s=monotonic_s)
        elif clock.missed(now=now, monotonic_s=monotonic_s) and self._is_here(one):
            self._begin(one, Code.DEVICE_CLOCK_NOT_SET, reason=str(error))

    def _put_off(self, clock: DeviceClock, by_s: float) -> None:
        clock.put_off(now=self._clock.now(), until_s=self._clock.monotonic() + by_s)

    def _method(self, clock: DeviceClock) -> ClockMethod | None:
        """The first method of the profile that this bus offers; None: the time cannot be sent here.

        A broadcast reaches every device, so it must mean the same to all: it is sent only on a line on which all have
        this very clock.
        """
        for method in clock.clock.methods:
            if method is ClockMethod.WRITE or (isinstance(self._link, RtuLink) and self._all_have(clock)):
                return method
        return None

    def _all_have(self, clock: DeviceClock) -> bool:
        return all(
            one.clock is not None and one.clock.clock.message == clock.clock.message for one in self._acquisitions()
        )

    def _tell(self, one: DeviceAcquisition, finding: Finding) -> None:
        clock = one.clock
        match finding:
            case Finding.RIGHT:
                self._end(one, *CLOCK_CODES)
            case Finding.PROVED:
                self._end(one, Code.DEVICE_CLOCK_NOT_SET)
            case Finding.DRIFTED if clock is not None and clock.offset_s is not None:
                self._begin(one, Code.DEVICE_CLOCK_DRIFTS, seconds=round(clock.offset_s))
            case Finding.NOT_TAKEN:
                self._begin(one, Code.DEVICE_CLOCK_NOT_SET, reason="it shows another time than it was set to")

    def _begin(self, one: DeviceAcquisition, code: Code, **params: str | int) -> None:
        device = one.setup.device
        self._events.begin(code, device_key(device.id), params={"device": device.name, **params})

    def _end(self, one: DeviceAcquisition, *codes: Code) -> None:
        for code in codes:
            self._events.end(code, device_key(one.setup.device.id))

    def _is_here(self, one: DeviceAcquisition) -> bool:
        """Whether the device is still in the plant."""
        return one in self._acquisitions()

    def _timeout_s(self, one: DeviceAcquisition) -> float:
        return max(self._link.timeout_s, one.setup.map.limits.timeout_ms / 1000)


def _is_due(one: DeviceAcquisition, clock: DeviceClock, now: datetime, monotonic_s: float) -> bool:
    return one.condition.state.condition is DeviceCondition.ANSWERING and clock.is_due(now, monotonic_s)
