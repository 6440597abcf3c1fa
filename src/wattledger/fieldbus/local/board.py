"""What of local inputs and outputs this computer has, and in which files of the kernel they stand: the board file.

A board file is TOML. Paths are relative to its `root`, so that the same file describes the board and, in a test, a copy
of its files.
"""

from __future__ import annotations

import tomllib
from enum import IntEnum, StrEnum
from pathlib import Path, PurePosixPath
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator

from wattledger.fieldbus.errors import BoardError


class Variant(StrEnum):
    """The two makes of the server's hardware."""

    H = "H"  # everything
    L = "L"  # the PT100 input and the relay only


class Terminal(IntEnum):
    """The inputs, by the unit id under which the local link answers for them."""

    DIGITAL_1 = 1
    DIGITAL_2 = 2
    ANALOG_1 = 3
    ANALOG_2 = 4
    PT100 = 5


def _below_root(path: str) -> str:
    parts = PurePosixPath(path)
    if not path or parts.is_absolute() or ".." in parts.parts:
        raise ValueError("a path is relative to root and stays below it")
    return path


File = Annotated[str, AfterValidator(_below_root)]
Level = Literal["high", "low"]
Positive = Annotated[float, Field(gt=0)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)


class DigitalInput(_Part):
    """`value` shows 0 or 1, and `active` which of them while the input is fed.

    `counter` is the `count` of a kernel counter that counts the pulses itself, where the hardware has one.
    """

    value: File
    active: Level = "high"
    counter: File | None = None


class CurrentInput(_Part):
    """`channel` is an IIO channel without its ending, `…/in_voltage0` or `…/in_current0`.

    A voltage is measured over a resistor, `shunt_ohm`.
    """

    channel: File
    shunt_ohm: Positive | None = None

    @model_validator(mode="after")
    def _fitting_shunt(self) -> Self:
        _check_channel(self.channel, plain="in_current", across="in_voltage", key="shunt_ohm", value=self.shunt_ohm)
        return self


class ResistanceInput(_Part):
    """`channel` is an IIO channel, `…/in_voltage2` or `…/in_resistance0`.

    A voltage is what a known current, `excitation_ma`, makes across the thermometer.
    """

    channel: File
    excitation_ma: Positive | None = None

    @model_validator(mode="after")
    def _fitting_excitation(self) -> Self:
        _check_channel(
            self.channel, plain="in_resistance", across="in_voltage", key="excitation_ma", value=self.excitation_ma
        )
        return self


class Switch(_Part):
    """A file that switches: the `value` of a GPIO, or the `brightness` of an LED class device."""

    file: File
    active: Level = "high"


class VoltageOutput(_Part):
    """`channel` is an IIO channel, `…/out_voltage0`; what is behind it multiplies its voltage by `gain`."""

    channel: File
    gain: Positive = 1.0


class Led(_Part):
    """The folders of the LED class that light in each colour."""

    green: File | None = None
    red: File | None = None


class Leds(_Part):
    """The lamps that the engine knows the state of."""

    modbus: Led = Led()
    power: Led = Led()


STARRED = ("digital_input_1", "digital_input_2", "analog_input_1", "analog_input_2", "analog_output")  # not on L


class Board(_Part):
    """A whole board file."""

    variant: Annotated[Variant, Field(strict=False)]
    root: str = "/sys"
    digital_input_1: DigitalInput | None = None
    digital_input_2: DigitalInput | None = None
    analog_input_1: CurrentInput | None = None
    analog_input_2: CurrentInput | None = None
    pt100: ResistanceInput | None = None
    relay: Switch | None = None
    analog_output: VoltageOutput | None = None
    led: Leds = Leds()

    @model_validator(mode="after")
    def _fits_variant(self) -> Self:
        for name in STARRED if self.variant is Variant.L else ():
            if getattr(self, name) is not None:
                raise ValueError(f"variant L has no {name}")
        return self

    def path(self, file: str) -> Path:
        """Where a file of this board lies."""
        return Path(self.root) / file

    def has(self, terminal: Terminal) -> bool:
        """Whether the variant has this input at all."""
        return self.variant is Variant.H or terminal is Terminal.PT100

    @property
    def has_analog_output(self) -> bool:
        """Whether the variant has one at all."""
        return self.variant is Variant.H

    def input_at(self, terminal: Terminal) -> DigitalInput | CurrentInput | ResistanceInput | None:
        """Where the input stands; None: the board file does not say."""
        match terminal:
            case Terminal.DIGITAL_1:
                return self.digital_input_1
            case Terminal.DIGITAL_2:
                return self.digital_input_2
            case Terminal.ANALOG_1:
                return self.analog_input_1
            case Terminal.ANALOG_2:
                return self.analog_input_2
            case Terminal.PT100:
                return self.pt100


def load_board(path: Path) -> Board:
    """The board described in a file. Raises BoardError that names the file, the place in it and what is wrong."""
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise BoardError(f"{path}: cannot be read: {error.strerror}") from error
    except ValueError as error:  # no TOML, or no UTF-8
        raise BoardError(f"{path}: {error}") from error
    try:
        board = Board.model_validate(document)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = ".".join(map(str, first["loc"]))
        raise BoardError(f"{path}: {place + ': ' if place else ''}{first['msg']}") from error
    # a relative root is meant from where the board file lies
    return board.model_copy(update={"root": str(path.absolute().parent / board.root)})


def _check_channel(channel: str, *, plain: str, across: str, key: str, value: float | None) -> None:
    name = PurePosixPath(channel).name
    if name.startswith(across):
        if value is None:
            raise ValueError(f"{name} is a voltage: {key} is needed")
    elif not name.startswith(plain):
        raise ValueError(f"{name} is neither {plain}… nor {across}…")
    elif value is not None:
        raise ValueError(f"{name} needs no {key}")
