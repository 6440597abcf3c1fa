"""How registers hold numbers and texts."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Literal, TypeAlias

from pydantic import Field

MOST_REGISTERS = 125  # of one read; Modbus Application Protocol V1.1b3, 6.3
MOST_WRITTEN = 123  # registers of one write; 6.12
LAST_ADDRESS = 0xFFFF

ReadFunction: TypeAlias = Literal[3, 4]
WriteFunction: TypeAlias = Literal[6, 16]
RawValue = Annotated[int, Field(ge=0)]
RawValues: TypeAlias = RawValue | tuple[RawValue, ...]


class RegisterType(StrEnum):
    """How registers hold a number; the number is its size in bits."""

    U16 = "u16"
    S16 = "s16"
    U32 = "u32"
    S32 = "s32"
    U64 = "u64"
    S64 = "s64"
    F32 = "f32"
    F64 = "f64"
    BITS = "bits"  # one register whose bits mean something each; kept as a number

    @property
    def words(self) -> int:
        """Registers that one value takes."""
        return 1 if self is RegisterType.BITS else int(self.value[1:]) // 16

    @property
    def is_float(self) -> bool:
        """Whether the registers hold an IEEE 754 number."""
        return self in FLOATS

    @property
    def is_signed(self) -> bool:
        """Whether the registers hold a whole number in two's complement."""
        return self in SIGNED


FLOATS = frozenset({RegisterType.F32, RegisterType.F64})
SIGNED = frozenset({RegisterType.S16, RegisterType.S32, RegisterType.S64})


class TextType(StrEnum):
    """How registers hold what identifies a device."""

    STR = "str"  # two characters a register, the first in the high byte, padded with NUL or blanks
    STRL = "strl"  # two characters a register, the first in the low byte
    STR16 = "str16"  # one character a register, in the low byte
    VER3 = "ver3"  # 0x02030000 is version 2.3.0
    NUM = "num"  # one unsigned number, the high word first: a model code or a serial number


class WordOrder(StrEnum):
    """Which register of a longer number comes first."""

    BIG = "big"  # the high word
    LITTLE = "little"  # the low word


class Form(StrEnum):
    """Values that a device folds into a range where others do not look for them."""

    # The power factor of Schneider's meters: beyond +1 it is 2 - x, below -1 it is -2 - x, and the fold tells that the
    # current leads ("4 quadrant power factor"; register lists of iEM3000 and PM5000).
    FOUR_QUADRANT = "four_quadrant"
    # SunSpec's power factor: percent by its models (SolarEdge: 98.7), a fraction on many devices (SMA: -0.996).
    PERCENT_OR_FRACTION = "percent_or_fraction"


def listed(values: RawValues) -> tuple[int, ...]:
    """Raw values, whether the file gives one or several."""
    return (values,) if isinstance(values, int) else values


def check_fit(values: tuple[int, ...], register_type: RegisterType) -> None:
    """Raises ValueError for a raw value that registers of this type cannot hold."""
    for value in values:
        if value >= 1 << 16 * register_type.words:
            raise ValueError(f"nan: 0x{value:X} does not fit into {register_type}")
