"""What is known of the clock of one device, and when it is looked after next; pure."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, tzinfo
from enum import Enum, auto
from zoneinfo import ZoneInfo

from wattledger.catalog import Clock, ClockTime
from wattledger.fieldbus import resolution, time_shown

LOOK_EVERY_S = 3600.0
WRITE_EVERY_S = 86_400.0  # where nothing can be read back: clocks of meters drift by some seconds a day
PROOF_AFTER_S = 1.0  # a device shows what was written from its next second on
RETRY_S = 60.0  # after a request that came to nothing
RIGHT_WITHIN_S = 2.0  # half a second each for writing and reading whole seconds; the rest spares the device's memory
DRIFT_S = 60.0
MISSES_TO_TELL = 2  # a write may be lost on a disturbed line; a second one in a row is the device's fault


class Finding(Enum):
    """What a look at a clock showed."""

    RIGHT = auto()
    PROVED = auto()  # right, as it was written a moment ago
    OFF = auto()
    DRIFTED = auto()  # off, and it was right at the look before
    NOT_TAKEN = auto()  # off, although it was set again and again


class DeviceClock:
    """Follows one clock through looks and writes. Offsets are the device's time minus ours, in seconds."""

    def __init__(self, clock: Clock, *, zone: ZoneInfo) -> None:
        self.clock = clock
        self.offset_s: float | None = None  # None: not seen, or it shows no time that can be
        self.last_set: datetime | None = None
        self._zone: tzinfo = UTC if clock.time is ClockTime.UTC else zone
        self._due_s = 0.0
        self._touched_s = float("-inf")  # when it was last looked at or written
        self._written_at: datetime | None = None  # and not proved yet
        self._misses = 0
        self._seen_from_utc: timedelta | None = None  # local time's distance from UTC at the last look or try
        self._was_right = False  # at the last look, and nothing has happened since that could have changed it

    def is_due(self, now: datetime, monotonic_s: float) -> bool:
        """Whether it is to be looked after: its time has come, or summer time has just begun or ended."""
        return monotonic_s >= self._due_s or self._seen_from_utc not in (None, self._from_utc(now))

    def offset_of(self, shown: datetime | None, *, at: datetime) -> float | None:
        """By how much a clock that shows this at `at` is ahead; on average it has done half of its running second."""
        if shown is None:
            return None
        half_step = resolution(self.clock.fields_read) / 2
        return (shown + half_step - time_shown(self.clock, at, zone=self._zone)).total_seconds()

    def time_to_write(self, now: datetime) -> datetime:
        """What is written at `now`: the nearest time that the registers can hold, so by half a second wrong at most."""
        return time_shown(self.clock, now + resolution(self.clock.fields) / 2, zone=self._zone)

    def saw(self, offset_s: float | None, *, now: datetime, monotonic_s: float) -> Finding:
        """The clock was read."""
        moved, was_right, written_at = self._touch(now), self._was_right, self._written_at
        self.offset_s, self._written_at, self._touched_s = offset_s, None, monotonic_s
        self._was_right = offset_s is not None and abs(offset_s) <= RIGHT_WITHIN_S
        self._due_s = monotonic_s + LOOK_EVERY_S
        if self._was_right:
            self._misses = 0
            self.last_set = written_at or self.last_set
            return Finding.PROVED if written_at else Finding.RIGHT
        if written_at:
            self._misses += 1
            return Finding.NOT_TAKEN if self._misses >= MISSES_TO_TELL else Finding.OFF
        drifted = was_right and offset_s is not None and min(abs(offset_s), abs(offset_s + moved)) > DRIFT_S
        return Finding.DRIFTED if drifted else Finding.OFF

    def wrote(self, *, now: datetime, monotonic_s: float) -> None:
        """The clock was set; where it can be read, that proves it in a moment."""
        self._touch(now)
        self._touched_s = monotonic_s
        if self.clock.read is not None:
            self._written_at, self._due_s = now, monotonic_s + PROOF_AFTER_S
        else:
            self.last_set, self._misses, self._due_s = now, 0, monotonic_s + WRITE_EVERY_S

    def missed(self, *, now: datetime, monotonic_s: float) -> bool:
        """A write to a clock that cannot be read was not answered; whether that is worth telling."""
        self._touch(now)
        self._touched_s = monotonic_s
        self._misses += 1
        self._due_s = monotonic_s + LOOK_EVERY_S
        return self._misses >= MISSES_TO_TELL

    def put_off(self, *, now: datetime, until_s: float) -> None:
        """Leave the clock alone until then, also where summer time has just begun or ended."""
        if self._touch(now):
            self._was_right = False
        self._due_s = until_s

    def restart(self) -> None:
        """Our own clock stepped: the device's is compared with it at once."""
        self._due_s, self._was_right = 0.0, False

    def lost_touch(self, monotonic_s: float) -> None:
        """The device did not speak, perhaps for want of supply: what its clock shows then is no drift."""
        pause_s = RETRY_S if self.clock.read is not None else LOOK_EVERY_S
        self._due_s = min(self._due_s, max(monotonic_s, self._touched_s + pause_s))
        self._was_right = False

    def _touch(self, now: datetime) -> float:
        """By how many seconds local time was moved since this was asked before."""
        before, self._seen_from_utc = self._seen_from_utc, self._from_utc(now)
        return 0.0 if before is None else (self._seen_from_utc - before).total_seconds()

    def _from_utc(self, now: datetime) -> timedelta:
        return now.astimezone(self._zone).utcoffset() or timedelta(0)
