"""The time of day in a device's registers, as its profile describes them; pure.

What a device shows is a date and time without zone. Which one it must show follows from UTC and the site's zone without
any doubt, also in the hour that summer time repeats or leaves out, so devices are compared by what they show: one that
did not follow a change of summer time is off by an hour, one that did is right.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta, tzinfo

from wattledger.catalog import Clock, ClockField, ClockTime, ClockWords
from wattledger.catalog.clock import ClockPart, ClockWord, parts_of
from wattledger.fieldbus.modbus.pdu import ReadRegisters, WriteRegister, WriteRegisters

SECOND = timedelta(seconds=1)
MILLISECOND = timedelta(milliseconds=1)
CENTURY = 2000
BITS_OF_DAY = 5

SPELT: Mapping[ClockField, Callable[[datetime], int]] = {
    ClockField.YEAR: lambda shown: shown.year,
    ClockField.YEAR2: lambda shown: shown.year % 100,
    ClockField.MONTH: lambda shown: shown.month,
    ClockField.DAY: lambda shown: shown.day,
    ClockField.WEEKDAY: datetime.isoweekday,
    ClockField.WEEKDAY_DAY: lambda shown: shown.isoweekday() << BITS_OF_DAY | shown.day,
    ClockField.HOUR: lambda shown: shown.hour,
    ClockField.MINUTE: lambda shown: shown.minute,
    ClockField.SECOND: lambda shown: shown.second,
    ClockField.MILLISECONDS: lambda shown: shown.second * 1000 + shown.microsecond // 1000,
}


def time_shown(clock: Clock, now: datetime, *, zone: tzinfo) -> datetime:
    """What the device's clock must show at `now` (UTC) at a site in `zone`, without zone."""
    return now.astimezone(UTC if clock.time is ClockTime.UTC else zone).replace(tzinfo=None)


def resolution(fields: ClockWords) -> timedelta:
    """The smallest step of a time in these registers."""
    return MILLISECOND if ClockField.MILLISECONDS in set(parts_of(fields)) else SECOND


def clock_writes(clock: Clock, shown: datetime) -> tuple[WriteRegister | WriteRegisters, ...]:
    """The requests that set the clock to `shown`, in this order; what is finer than its registers is cut off.

    Raises ValueError for a time that does not fit into its registers.
    """
    words = tuple(_word(word, shown, clock.epoch) for word in clock.fields)
    if clock.fc == 16:
        return (WriteRegisters(clock.addr, words),)
    return tuple(WriteRegister(clock.addr + number, word) for number, word in enumerate(words))


def clock_read(clock: Clock) -> ReadRegisters | None:
    """The request that reads the clock; None: the device does not show it."""
    if clock.read is None:
        return None
    return ReadRegisters(clock.read.fc, clock.read.addr, len(clock.fields_read))


def clock_shown(clock: Clock, registers: Sequence[int]) -> datetime | None:
    """What the device's clock shows, without zone; None: no time that can be, as after a loss of supply."""
    found: dict[ClockField, int] = {}
    for word, register in zip(clock.fields_read, registers, strict=True):
        parts = (
            ((word[0], register >> 8), (word[1], register & 0xFF)) if isinstance(word, tuple) else ((word, register),)
        )
        found.update((part, value) for part, value in parts if isinstance(part, ClockField))
    try:
        return _counted(found, clock.epoch) if ClockField.SECONDS_LOW in found else _spelt_out(found)
    except (ValueError, OverflowError):
        return None


def _word(word: ClockWord, shown: datetime, epoch: int) -> int:
    if isinstance(word, tuple):
        high, low = word
        return _value(high, shown, epoch) << 8 | _value(low, shown, epoch)
    return _value(word, shown, epoch)


def _value(part: ClockPart, shown: datetime, epoch: int) -> int:
    if not isinstance(part, ClockField):
        return part
    if part in SPELT:
        return SPELT[part](shown)
    seconds = (shown - datetime(epoch, 1, 1)) // SECOND  # noqa: DTZ001 - devices know no zone
    return seconds >> 16 if part is ClockField.SECONDS_HIGH else seconds & 0xFFFF


def _counted(found: dict[ClockField, int], epoch: int) -> datetime:
    seconds = found[ClockField.SECONDS_HIGH] << 16 | found[ClockField.SECONDS_LOW]
    return datetime(epoch, 1, 1) + seconds * SECOND  # noqa: DTZ001 - devices know no zone


def _spelt_out(found: dict[ClockField, int]) -> datetime:
    day = found.get(ClockField.DAY, found.get(ClockField.WEEKDAY_DAY, 0) & (1 << BITS_OF_DAY) - 1)
    milliseconds = found.get(ClockField.MILLISECONDS, 1000 * found.get(ClockField.SECOND, 0))
    minute = datetime(  # noqa: DTZ001 - devices know no zone
        found[ClockField.YEAR] if ClockField.YEAR in found else CENTURY + found[ClockField.YEAR2],
        found[ClockField.MONTH],
        day,
        found[ClockField.HOUR],
        found[ClockField.MINUTE],
    )
    if milliseconds >= 60_000:
        raise ValueError(f"a minute of {milliseconds} ms")
    return minute + milliseconds * MILLISECOND
