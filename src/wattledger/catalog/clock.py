"""How the time stands in the registers of a device with a clock, and how the device wants to be told it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from enum import StrEnum
from typing import Annotated, Literal, Self, TypeAlias

from pydantic import BeforeValidator, Field, model_validator

from wattledger.catalog.part import Address, Identifier, Part
from wattledger.catalog.registers import MOST_WRITTEN


class ClockMethod(StrEnum):
    """How the time is sent."""

    WRITE = "write"  # to the device alone
    BROADCAST = "broadcast"  # to all devices of a serial line at once


class ClockTime(StrEnum):
    """Which time the device keeps."""

    LOCAL = "local"  # of the site, with its daylight saving
    UTC = "utc"


class ClockField(StrEnum):
    """What one register, or one byte of it, says of the time."""

    YEAR = "year"  # 2026
    YEAR2 = "year2"  # 26, of this century
    MONTH = "month"
    DAY = "day"
    WEEKDAY = "weekday"  # 1 is Monday, 7 Sunday; written, not read
    WEEKDAY_DAY = "weekday_day"  # three bits of weekday above five of the day, as in IEC 60870-5-4
    HOUR = "hour"
    MINUTE = "minute"
    SECOND = "second"
    MILLISECONDS = "milliseconds"  # of the minute, 0 to 59999
    SECONDS_HIGH = "seconds_high"  # since the epoch, the upper 16 of 32 bits
    SECONDS_LOW = "seconds_low"


WIDE = frozenset(
    {ClockField.YEAR, ClockField.MILLISECONDS, ClockField.SECONDS_HIGH, ClockField.SECONDS_LOW}
)  # take a whole register
COUNTED = (ClockField.SECONDS_HIGH, ClockField.SECONDS_LOW)
# A date and time to the second: one of each.
SPELT_OUT = (
    (ClockField.YEAR, ClockField.YEAR2),
    (ClockField.MONTH,),
    (ClockField.DAY, ClockField.WEEKDAY_DAY),
    (ClockField.HOUR,),
    (ClockField.MINUTE,),
    (ClockField.SECOND, ClockField.MILLISECONDS),
)

ClockPart: TypeAlias = ClockField | int
ClockWord: TypeAlias = ClockPart | tuple[ClockPart, ClockPart]


def _word(given: object) -> object:
    """One entry of `fields` as it stands in the file."""
    if isinstance(given, list | tuple):
        if len(given) != 2:
            raise ValueError(f"clock: {given!r} is no register; two bytes are wanted, the high one first")
        return tuple(_part(half, most=0xFF) for half in given)
    return _part(given, most=0xFFFF)


def _part(given: object, *, most: int) -> ClockPart:
    if isinstance(given, int) and not isinstance(given, bool):
        if not 0 <= given <= most:
            raise ValueError(f"clock: {given} does not fit; 0 to {most}")
        return given
    try:
        field = ClockField(str(given))
    except ValueError:
        known = ", ".join(ClockField)
        raise ValueError(f"clock: unknown field {given!r}; a number that is always sent, or one of {known}") from None
    if most == 0xFF and field in WIDE:
        raise ValueError(f"clock: {field} does not fit into one byte")
    return field


ClockWords: TypeAlias = Annotated[
    tuple[Annotated[ClockWord, BeforeValidator(_word)], ...], Field(min_length=1, max_length=MOST_WRITTEN)
]


class ClockReading(Part):
    """Where the device shows its time; `fields` None: in the order in which it is written."""

    addr: Address
    fc: Literal[3, 4] = 3
    fields: ClockWords | None = None


class Clock(Part):
    """A clock that is set over the bus.

    `fields` are the registers from `addr` on, each a part of the time, a number that is always sent (of a command) or a
    pair of bytes. They go out in one write with function 16, one after the other with function 06. The first of
    `methods` that the bus offers is used. `read` None: the device does not show its time. `variants` empty: all.
    """

    addr: Address
    fields: ClockWords
    fc: Literal[6, 16] = 16
    methods: Annotated[tuple[ClockMethod, ...], Field(min_length=1)] = (ClockMethod.WRITE,)
    time: ClockTime = ClockTime.LOCAL
    epoch: Literal[1970, 2000] = 1970  # the first of January from which seconds are counted
    read: ClockReading | None = None
    variants: tuple[Identifier, ...] = ()

    @property
    def fields_read(self) -> ClockWords:
        """The registers from the address of `read` on."""
        return (self.read and self.read.fields) or self.fields

    @property
    def message(self) -> tuple[object, ...]:
        """Equal for devices to which the very same registers are written at the same moment."""
        return (self.addr, self.fc, self.fields, self.time, self.epoch)

    @model_validator(mode="after")
    def _tells_the_time(self) -> Self:
        _check_place(self.addr, self.fields)
        _check_fields(self.fields)
        if self.read is not None:
            _check_place(self.read.addr, self.fields_read)
            _check_fields(self.fields_read)
        if len(set(self.methods)) < len(self.methods):
            raise ValueError("clock: a method is given twice")
        return self


def parts_of(fields: ClockWords) -> Iterator[ClockPart]:
    """The fields one by one, whether they take a register or a byte."""
    for word in fields:
        yield from word if isinstance(word, tuple) else (word,)


def _check_place(address: int, fields: ClockWords) -> None:
    if address + len(fields) > 0x10000:
        raise ValueError(f"clock: {len(fields)} registers from 0x{address:04X} reach beyond the last address 0xFFFF")


def _check_fields(fields: ClockWords) -> None:
    given = Counter(part for part in parts_of(fields) if isinstance(part, ClockField))
    for field, count in given.items():
        if count > 1:
            raise ValueError(f"clock: field '{field}' is given twice")
    if given.keys() & set(COUNTED):
        if given.keys() != set(COUNTED):
            raise ValueError(f"clock: {' and '.join(COUNTED)} stand together, and without other fields")
        return
    for choices in SPELT_OUT:
        found = given.keys() & set(choices)
        if len(found) != 1:
            raise ValueError(f"clock: one field of {' or '.join(choices)} is needed")
