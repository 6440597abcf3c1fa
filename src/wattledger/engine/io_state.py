"""What an input or output shows, as the messages of the control API."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

from wattledger.engine.api import IoInput, IoOutput, LiveValue
from wattledger.fieldbus import ContactShown, CurrentShown, MissingError, Shown, Terminal, ThermometerShown

KINDS: dict[Terminal, Literal["digital", "analog", "pt100"]] = {
    Terminal.DIGITAL_1: "digital",
    Terminal.DIGITAL_2: "digital",
    Terminal.ANALOG_1: "analog",
    Terminal.ANALOG_2: "analog",
    Terminal.PT100: "pt100",
}


def input_state(
    terminal: Terminal, shown: Shown | MissingError, *, device: int | None, live: LiveValue | None
) -> IoInput:
    """One input: what stands at the terminal, and what the device there makes of it."""
    blank = IoInput(terminal=int(terminal), kind=KINDS[terminal], device=device, live=live)
    match shown:
        case MissingError():
            return replace(blank, missing=str(shown.why), detail=str(shown))
        case ContactShown():
            return replace(blank, raw=float(shown.is_closed), pulses=shown.pulses)
        case CurrentShown():
            return replace(blank, raw=round(shown.current_ma, 3), raw_unit="mA", fault=str(shown.fault or ""))
        case ThermometerShown():
            return replace(blank, raw=round(shown.measured_ohm, 3), raw_unit="Ω", fault=str(shown.fault or ""))


def output_state(value: float | MissingError) -> IoOutput:
    """An output: what it puts out, or why there is none."""
    if isinstance(value, MissingError):
        return IoOutput(value=None, missing=str(value.why), detail=str(value))
    return IoOutput(value=float(value))
