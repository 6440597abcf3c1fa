"""What an input shows, and the registers in which the local link answers it; pure.

The map is ours, and that of the profile `local-inputs`: pulses at 0 (u64), state at 4 (u16), loop current in µA at 8
(s32), temperature in thousandths of a °C at 10 (s32), and the reference of what is wired there at 16 (8 registers of
text). A register of something that the input does not measure does not exist.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from wattledger.fieldbus.local.pt100 import temperature_c

PULSES_AT, STATE_AT, CURRENT_AT, TEMPERATURE_AT, REFERENCE_AT = 0, 4, 8, 10, 16
REFERENCE_WORDS = 8
NOT_AVAILABLE = -(2**31)
LEAST_MA, MOST_MA = 3.6, 21.0  # a transmitter signals its own failure beyond; NAMUR NE 43


class Fault(StrEnum):
    """Why a sensor has no value."""

    WIRE_BREAK = "wire_break"
    SHORT_CIRCUIT = "short_circuit"


@dataclass(frozen=True, slots=True)
class ContactShown:
    """A digital input. `pulses` None: nobody counts them."""

    is_closed: bool
    pulses: int | None

    def registers(self) -> Iterator[tuple[int, tuple[int, ...]]]:
        """Address and words of each value."""
        if self.pulses is not None:
            yield PULSES_AT, struct.unpack(">4H", struct.pack(">Q", self.pulses))
        yield STATE_AT, (int(self.is_closed),)


@dataclass(frozen=True, slots=True)
class CurrentShown:
    """A 4-20 mA input."""

    current_ma: float

    @property
    def fault(self) -> Fault | None:
        """What the sensor or its wiring suffers from; None: nothing."""
        if self.current_ma < LEAST_MA:
            return Fault.WIRE_BREAK
        return Fault.SHORT_CIRCUIT if self.current_ma > MOST_MA else None

    def registers(self) -> Iterator[tuple[int, tuple[int, ...]]]:
        """Address and words of the current; not available where there is a fault."""
        yield CURRENT_AT, _signed(None if self.fault else self.current_ma)


@dataclass(frozen=True, slots=True)
class ThermometerShown:
    """A PT100 of two wires: what was measured at the terminals, and how much of it is the leads."""

    measured_ohm: float
    lead_ohm: float

    @property
    def temperature_c(self) -> float | None:
        """The temperature; None: there is a fault."""
        return temperature_c(self.measured_ohm - self.lead_ohm)

    @property
    def fault(self) -> Fault | None:
        """What the sensor or its wiring suffers from; None: nothing."""
        if self.temperature_c is not None:
            return None
        return Fault.SHORT_CIRCUIT if self.measured_ohm < 100 else Fault.WIRE_BREAK

    def registers(self) -> Iterator[tuple[int, tuple[int, ...]]]:
        """Address and words of the temperature; not available where there is a fault."""
        yield TEMPERATURE_AT, _signed(self.temperature_c)


Shown = ContactShown | CurrentShown | ThermometerShown


def register_image(shown: Shown, reference: str) -> dict[int, int]:
    """All registers that the input has, by address."""
    text = reference.encode("ascii").ljust(2 * REFERENCE_WORDS, b"\0")
    image = dict(enumerate(struct.unpack(f">{REFERENCE_WORDS}H", text), start=REFERENCE_AT))
    for address, words in shown.registers():
        image |= dict(enumerate(words, start=address))
    return image


def _signed(value: float | None) -> tuple[int, ...]:
    thousandths = NOT_AVAILABLE if value is None else round(value * 1000)
    return struct.unpack(">2H", struct.pack(">i", thousandths))
