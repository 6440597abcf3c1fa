"""The temperature of a platinum resistance thermometer of 100 Ω; pure.

IEC 60751:2022 (the same since 1995), 4.2: Callendar-Van Dusen, from -200 to 850 °C.
"""

from __future__ import annotations

import math

R0_OHM = 100.0  # at 0 °C
A = 3.9083e-3  # per °C
B = -5.775e-7  # per °C²
C = -4.183e-12  # per °C⁴, below 0 °C only
LEAST_C, MOST_C = -200.0, 850.0
NEWTON_STEPS = 6  # from the parabola the error falls below 1e-9 °C within four


def resistance_ohm(temperature_c: float) -> float:
    """What the thermometer measures at a temperature."""
    below = C * (temperature_c - 100.0) * temperature_c**3 if temperature_c < 0 else 0.0
    return R0_OHM * (1.0 + A * temperature_c + B * temperature_c**2 + below)


LEAST_OHM, MOST_OHM = resistance_ohm(LEAST_C), resistance_ohm(MOST_C)


def temperature_c(ohm: float) -> float | None:
    """The temperature of a resistance, leads taken off; None: no PT100 has it, so it is broken or shorted."""
    if not LEAST_OHM <= ohm <= MOST_OHM:
        return None
    parabola = (-A + math.sqrt(A * A - 4.0 * B * (1.0 - ohm / R0_OHM))) / (2.0 * B)
    if ohm >= R0_OHM:
        return parabola
    guess = parabola
    for _ in range(NEWTON_STEPS):
        slope = R0_OHM * (A + 2.0 * B * guess + C * (4.0 * guess**3 - 300.0 * guess**2))
        guess -= (resistance_ohm(guess) - ohm) / slope
    return guess
