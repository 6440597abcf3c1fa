"""The relay, the 0-10 V output and the lamps."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path

from wattledger.fieldbus.errors import Missing, MissingError
from wattledger.fieldbus.local.board import Board, Led, Switch, VoltageOutput
from wattledger.fieldbus.local.files import read_number, write_channel, write_text

MOST_V = 10.0
MILLIVOLTS = 1000.0  # what IIO channels count in
BLINK_MS = 500
FULL = "255\n"  # the LED class takes as much as a lamp can do


class Lamp(StrEnum):
    """What a lamp of two colours shows."""

    OFF = "off"
    GREEN = "green"
    GREEN_BLINKING = "green_blinking"
    RED = "red"
    RED_BLINKING = "red_blinking"


class Relay:
    """The relay: closed as long as somebody holds it closed, open at first."""

    def __init__(self, board: Board | None) -> None:
        self._board = board
        self._holders: set[str] = set()

    @property
    def holders(self) -> frozenset[str]:
        """Who holds it closed."""
        return frozenset(self._holders)

    def open(self) -> None:
        """Open it whoever held it. Raises MissingError."""
        self._holders.clear()
        self._switch()

    def hold(self, holder: str) -> None:
        """Close it, or keep it closed. Raises MissingError; the relay is not held then."""
        self._holders.add(holder)
        try:
            self._switch()
        except MissingError:
            self._holders.discard(holder)
            raise

    def release(self, holder: str) -> None:
        """Open it, unless somebody else holds it. Raises MissingError."""
        self._holders.discard(holder)
        self._switch()

    def is_closed(self) -> bool:
        """What its file says. Raises MissingError."""
        path, switch = self._place()
        try:
            return bool(read_number(path)) is (switch.active == "high")
        except (OSError, ValueError) as error:
            raise MissingError(Missing.UNREADABLE, f"the relay cannot be read: {error}") from error

    def _switch(self) -> None:
        path, switch = self._place()
        try:
            write_text(path, "1\n" if bool(self._holders) is (switch.active == "high") else "0\n")
        except OSError as error:
            raise MissingError(Missing.UNREADABLE, f"the relay cannot be switched: {error}") from error

    def _place(self) -> tuple[Path, Switch]:
        if self._board is None:
            raise MissingError(Missing.NO_BOARD, "no relay: no board file says what this computer has")
        if self._board.relay is None:
            raise MissingError(Missing.NOT_DESCRIBED, "the board file does not say where the relay is")
        return self._board.path(self._board.relay.file), self._board.relay


class AnalogOutput:
    """The 0-10 V output."""

    def __init__(self, board: Board | None) -> None:
        self._board = board

    def set(self, volts: float) -> None:
        """Put out a voltage. Raises MissingError."""
        path, output = self._place()
        try:
            write_channel(path, volts / output.gain * MILLIVOLTS)
        except (OSError, ValueError) as error:
            raise MissingError(Missing.UNREADABLE, f"the analog output cannot be set: {error}") from error

    def _place(self) -> tuple[Path, VoltageOutput]:
        if self._board is None:
            raise MissingError(Missing.NO_BOARD, "no analog output: no board file says what this computer has")
        if not self._board.has_analog_output:
            raise MissingError(Missing.NOT_ON_VARIANT, f"variant {self._board.variant} has no analog output")
        if self._board.analog_output is None:
            raise MissingError(Missing.NOT_DESCRIBED, "the board file does not say where the analog output is")
        return self._board.path(self._board.analog_output.channel), self._board.analog_output


def light(board: Board, led: Led, lamp: Lamp) -> None:
    """Let a lamp show something; colours that it has no folder for stay dark. Raises OSError."""
    for color, folder in (("green", led.green), ("red", led.red)):
        if folder is not None:
            _light(board.path(folder), is_lit=lamp.startswith(color), is_blinking=lamp == f"{color}_blinking")


def _light(folder: Path, *, is_lit: bool, is_blinking: bool) -> None:
    if not is_blinking:
        write_text(folder / "trigger", "none\n")
        write_text(folder / "brightness", FULL if is_lit else "0\n")
        return
    write_text(folder / "trigger", "timer\n")  # only now the kernel offers the other two
    write_text(folder / "delay_on", f"{BLINK_MS}\n")
    write_text(folder / "delay_off", f"{BLINK_MS}\n")
