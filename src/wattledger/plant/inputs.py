"""What is wired to the server's own inputs, as who wired it says: what it measures, and how it is to be taken.

Each says by `slope` and `intercept` what the raw number of its register is worth, exactly: 0.1 is a tenth.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Literal, TypeAlias

LOCAL_PROFILE = "local-inputs"  # whose devices are the server's own inputs

USUAL_DEBOUNCE_MS = 10  # S0 pulses last 30 ms at least (IEC 62053-31), reeds bounce for a few
MOST_DEBOUNCE_MS = 1000


@dataclass(frozen=True, slots=True)
class PulseInput:
    """A pulse is worth `amount` in `unit`; the index began at `offset`. Inverted: it counts when the contact opens."""

    measures: str = "pulses"
    unit: str = ""  # empty: the unit of what is measured
    amount: float = 1.0
    offset: float = 0.0
    debounce_ms: int = USUAL_DEBOUNCE_MS
    inverted: bool = False
    kind: Literal["pulse"] = "pulse"

    @property
    def slope(self) -> Fraction:
        """What a pulse is worth."""
        return _exactly(self.amount)

    @property
    def intercept(self) -> Fraction:
        """Where the index began."""
        return _exactly(self.offset)


@dataclass(frozen=True, slots=True)
class StateInput:
    """A contact that is closed (1) or open (0); inverted the other way round."""

    measures: str = "input_state"
    debounce_ms: int = USUAL_DEBOUNCE_MS
    inverted: bool = False
    kind: Literal["state"] = "state"

    @property
    def unit(self) -> str:
        """A state has none."""
        return ""

    @property
    def slope(self) -> Fraction:
        """The state is the number itself."""
        return Fraction(1)

    @property
    def intercept(self) -> Fraction:
        """Open is 0."""
        return Fraction(0)


@dataclass(frozen=True, slots=True)
class AnalogInput:
    """A sensor that sends 4 to 20 mA: what it measures at either end, in `unit`."""

    measures: str = "signal"
    unit: str = ""
    at_4ma: float = 4.0
    at_20ma: float = 20.0
    kind: Literal["analog"] = "analog"

    @property
    def slope(self) -> Fraction:
        """What a microampere is worth."""
        return (_exactly(self.at_20ma) - _exactly(self.at_4ma)) / 16_000

    @property
    def intercept(self) -> Fraction:
        """The value that no current would mean, on the line through both ends."""
        return _exactly(self.at_4ma) - 4_000 * self.slope


@dataclass(frozen=True, slots=True)
class TemperatureInput:
    """A PT100; `lead_ohm` is the resistance of both wires together."""

    measures: str = "outdoor_temperature"
    lead_ohm: float = 0.0
    kind: Literal["temperature"] = "temperature"

    @property
    def unit(self) -> str:
        """That of every temperature."""
        return "°C"

    @property
    def slope(self) -> Fraction:
        """The register counts thousandths."""
        return Fraction(1, 1000)

    @property
    def intercept(self) -> Fraction:
        """0 is 0 °C."""
        return Fraction(0)


Input: TypeAlias = PulseInput | StateInput | AnalogInput | TemperatureInput

USUAL_INPUTS: dict[str, Input] = {  # by product, what holds until somebody says otherwise
    "PULSECOUNTER": PulseInput(),
    "BINARY-INPUT": StateInput(),
    "ANALOG-INPUT": AnalogInput(),
    "PT100": TemperatureInput(),
}


def _exactly(number: float) -> Fraction:
    """The decimal number that was written, which the float only comes close to."""
    return Fraction(repr(number))
