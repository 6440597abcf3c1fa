"""What a device offers beside its measured values: settings, commands, and registers that say that something is wrong.

Their registers may lie outside the blocks: each is read by itself, and only when somebody asks for it.
"""

from __future__ import annotations

from decimal import Decimal
from difflib import get_close_matches
from enum import StrEnum
from typing import Annotated, Self, TypeAlias

from pydantic import Discriminator, Field, Tag, model_validator

from wattledger.catalog.part import Address, Identifier, ItemName, Part, TextKey, Word
from wattledger.catalog.registers import (
    LAST_ADDRESS,
    MOST_WRITTEN,
    RawValues,
    ReadFunction,
    RegisterType,
    WordOrder,
    WriteFunction,
    check_fit,
    listed,
)
from wattledger.measure import UNITS


class SettingDanger(StrEnum):
    """What a wrong value of a setting does."""

    NONE = "none"
    CUTS_BUS = "cuts_bus"  # the device is not reached any more as it was
    CHANGES_FIGURES = "changes_figures"  # what is measured from then on means something else


class AfterWriting(StrEnum):
    """What it takes until a written setting counts."""

    NONE = "none"
    STORE = "store"  # the write that the profile's `store` names
    RESTART = "restart"
    RECONNECT = "reconnect"  # on the bus as it is set then


class CommandDanger(StrEnum):
    """What a command takes away."""

    NONE = "none"
    RESETS_COUNTERS = "resets_counters"
    CUTS_SUPPLY = "cuts_supply"


class AlarmSeverity(StrEnum):
    """How grave; the words of the journal."""

    CRITICAL = "critical"
    MAJOR = "major"
    MINOR = "minor"
    WARNING = "warning"


class Parameter(Part):
    """A setting of the device: raw * `scale` + `offset` in `unit`, or one of `values` (number: text key).

    `fc`, `word_order` and `nan` None: as in the file's defaults. `min` and `max` bound the value in `unit`. A writable
    one is written with `fc_write`; `words_written` registers from `addr` on, the number in the last of them, where the
    device wants more than it shows.
    """

    name: ItemName
    addr: Address
    type: RegisterType
    text: TextKey
    scale: Decimal = Decimal(1)
    offset: Decimal = Decimal(0)
    unit: str = "1"
    fc: ReadFunction | None = None
    word_order: WordOrder | None = None
    nan: RawValues | None = None
    values: dict[int, TextKey] = Field(default_factory=dict)
    variants: tuple[Identifier, ...] = ()
    writable: bool = False
    min: Decimal | None = None
    max: Decimal | None = None
    fc_write: WriteFunction | None = None
    words_written: Annotated[int, Field(ge=1, le=MOST_WRITTEN)] | None = None
    danger: SettingDanger = SettingDanger.NONE
    after: AfterWriting = AfterWriting.NONE

    @model_validator(mode="after")
    def _makes_sense(self) -> Self:
        check_register(self.addr, self.type)
        if self.nan is not None:
            check_fit(listed(self.nan), self.type)
        _check_unit(self.unit)
        if self.scale == 0:
            raise ValueError("scale 0 would make every value 0")
        if self.min is not None and self.max is not None and self.min > self.max:
            raise ValueError(f"min {self.min} lies above max {self.max}")
        self._check_writing()
        return self

    def _check_writing(self) -> None:
        if not self.writable:
            given = {"fc_write", "words_written"} & self.model_fields_set
            given |= {name for name in ("danger", "after") if getattr(self, name) != "none"}
            if given:
                raise ValueError(f"{min(given)} is for what can be written; add 'writable: true' or leave it away")
            return
        if self.words_sent < self.type.words:
            raise ValueError(f"words_written {self.words_sent} does not hold a {self.type}")
        if self.fc_write == 6 and self.words_sent > 1:
            raise ValueError(f"function 06 writes one register, not {self.words_sent}; use 'fc_write: 16'")

    @property
    def words_sent(self) -> int:
        """Registers that a write covers."""
        return self.words_written or self.type.words

    @property
    def function_written(self) -> WriteFunction:
        """The function that writes it: 06 for one register unless the profile says otherwise."""
        return self.fc_write or (6 if self.words_sent == 1 else 16)


class Store(Part):
    """The write that makes the device keep its settings."""

    addr: Address
    value: Word
    fc_write: WriteFunction = 6


class CommandRange(Part):
    """The person chooses a number between these."""

    min: Word
    max: Word

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.min >= self.max:
            raise ValueError(f"a choice from {self.min} to {self.max} is none; a fixed value is written 'value: 1'")
        return self


def _kind_of_value(given: object) -> str:
    return "choice" if isinstance(given, dict | CommandRange) else "fixed"


CommandValue: TypeAlias = Annotated[
    Annotated[Word, Tag("fixed")] | Annotated[CommandRange, Tag("choice")], Discriminator(_kind_of_value)
]


class Command(Part):
    """What a person may tell the device to do: a fixed `value` for one register, or a choice of one.

    `readback` is a register that shows the chosen value afterwards; None: nothing shows it.
    """

    name: ItemName
    addr: Address
    text: TextKey
    value: CommandValue
    fc_write: WriteFunction = 6
    readback: Address | None = None
    danger: CommandDanger = CommandDanger.NONE
    variants: tuple[Identifier, ...] = ()


class DeviceAlarm(Part):
    """Something is wrong while one `bit` (0 is the lowest) of a number is set, or while it `equals` a code.

    `args` fill the gaps of the text. `fc` and `word_order` None: as in the file's defaults.
    """

    name: ItemName
    addr: Address
    type: RegisterType
    severity: AlarmSeverity
    text: TextKey
    args: dict[str, str] = Field(default_factory=dict)
    bit: Annotated[int, Field(ge=0, le=63)] | None = None
    equals: int | None = None
    fc: ReadFunction | None = None
    word_order: WordOrder | None = None
    variants: tuple[Identifier, ...] = ()

    @model_validator(mode="after")
    def _one_condition(self) -> Self:
        check_register(self.addr, self.type)
        if (self.bit is None) is (self.equals is None):
            raise ValueError("give either 'bit' or 'equals'")
        if self.type.is_float:
            raise ValueError(f"a {self.type} has neither bits nor codes")
        bits = 16 * self.type.words
        if self.bit is not None and self.bit >= bits:
            raise ValueError(f"bit {self.bit} is none of a {self.type}; 0 to {bits - 1}")
        least, most = (-(1 << bits - 1), (1 << bits - 1) - 1) if self.type.is_signed else (0, (1 << bits) - 1)
        if self.equals is not None and not least <= self.equals <= most:
            raise ValueError(f"equals {self.equals} does not fit into {self.type}")
        return self


def check_register(address: int, register_type: RegisterType) -> None:
    """Raises ValueError for a number that reaches beyond the last address."""
    if address + register_type.words - 1 > LAST_ADDRESS:
        raise ValueError(f"a {register_type} at 0x{address:04X} reaches beyond the last address 0x{LAST_ADDRESS:X}")


def _check_unit(symbol: str) -> None:
    if symbol not in UNITS:
        near = get_close_matches(symbol, UNITS, n=1)
        raise ValueError(f"unknown unit {symbol!r}; " + (f"did you mean {near[0]!r}?" if near else "see the units"))
