"""How a serial line is set, and what follows from it for times on the wire.

Source: MODBUS over Serial Line Specification and Implementation Guide V1.02, 2.5.1.1 (silence) and 2.5.1 (characters).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

SPEEDS = (1200, 2400, 4800, 9600, 19200, 38400, 57600, 115200)
FIXED_SILENCE_ABOVE = 19200  # baud; beyond it 3.5 characters would be too short for a receiver to measure
FIXED_SILENCE_S = 0.00175


class Parity(StrEnum):
    """The check bit of each character; the standard wants even."""

    NONE = "none"
    EVEN = "even"
    ODD = "odd"


@dataclass(frozen=True, slots=True)
class SerialSettings:
    """A serial line: its device file and how every device on it speaks; always 8 data bits.

    `stop_bits` None: 1 with a check bit, 2 without, so that a character has 11 bits as the standard wants. `echo`: the
    adapter hears what it sends itself (two wires, receiver always on). Raises ValueError for what no line can be set
    to.
    """

    port: str
    baudrate: int = 19200
    parity: Parity = Parity.EVEN
    stop_bits: int | None = None
    echo: bool = False

    def __post_init__(self) -> None:
        if not self.port:
            raise ValueError("a serial line needs its device file, such as /dev/ttyUSB0")
        if self.baudrate not in SPEEDS:
            raise ValueError(f"speed {self.baudrate}: one of {', '.join(map(str, SPEEDS))}")
        if self.stop_bits not in (None, 1, 2):
            raise ValueError(f"{self.stop_bits} stop bits: 1 or 2")
        object.__setattr__(self, "parity", Parity(self.parity))

    @property
    def actual_stop_bits(self) -> int:
        """The stop bits given, else those that follow from the parity."""
        if self.stop_bits is not None:
            return self.stop_bits
        return 2 if self.parity is Parity.NONE else 1

    @property
    def character_s(self) -> float:
        """How long one byte takes."""
        bits = 1 + 8 + (self.parity is not Parity.NONE) + self.actual_stop_bits
        return bits / self.baudrate

    @property
    def silence_s(self) -> float:
        """The silence that ends a frame: 3.5 characters, a fixed time at high speeds."""
        return FIXED_SILENCE_S if self.baudrate > FIXED_SILENCE_ABOVE else 3.5 * self.character_s

    def __str__(self) -> str:
        return f"{self.port} ({self.baudrate}-8-{self.parity[0].upper()}-{self.actual_stop_bits})"
