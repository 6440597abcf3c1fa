"""The electricity of an imaginary building: three phases whose values fit each other, a pure function of time."""

from __future__ import annotations

import cmath
import math
from dataclasses import dataclass

NOMINAL_V = 230.0
NOMINAL_HZ = 50.0
DAY_S = 86_400.0
PEAK_S = 13.5 * 3600  # after noon, UTC
ANGLES = tuple(cmath.exp(-2j * math.pi * phase / 3) for phase in range(3))


@dataclass(frozen=True, slots=True)
class PhaseLoad:
    """What one phase carries; drawn power is positive, inductive reactive power too."""

    voltage_v: float
    active_w: float
    reactive_var: float

    @property
    def apparent_va(self) -> float:
        """S of this phase."""
        return math.hypot(self.active_w, self.reactive_var)

    @property
    def current_a(self) -> float:
        """I = S / U."""
        return self.apparent_va / self.voltage_v


@dataclass(frozen=True, slots=True)
class Load:
    """All three phases at one instant."""

    frequency_hz: float
    phases: tuple[PhaseLoad, PhaseLoad, PhaseLoad]

    def line_voltage_v(self, first: int, second: int) -> float:
        """The voltage between two phases, counted from 0."""
        return abs(self.phases[first].voltage_v * ANGLES[first] - self.phases[second].voltage_v * ANGLES[second])

    @property
    def neutral_current_a(self) -> float:
        """What the three currents leave for the neutral conductor."""
        return abs(sum(phase_current(phase, angle) for phase, angle in zip(self.phases, ANGLES, strict=True)))


def phase_current(phase: PhaseLoad, angle: complex) -> complex:
    """The current of a phase as a phasor: it lags its voltage by the angle of its load."""
    lag = cmath.phase(complex(phase.active_w, phase.reactive_var))
    return phase.current_a * angle * cmath.exp(-1j * lag)


def load_at(instant_s: float) -> Load:
    """The building at this time (seconds since 1970): busy by day, a base at night, machines that come and go."""
    day = 0.5 + 0.5 * math.cos(2 * math.pi * (instant_s - PEAK_S) / DAY_S)
    phases = tuple(_phase_at(instant_s, phase, day) for phase in range(3))
    frequency_hz = NOMINAL_HZ + 0.02 * _ripple(instant_s, 47) + 0.01 * _ripple(instant_s, 11)
    return Load(frequency_hz, (phases[0], phases[1], phases[2]))


def _phase_at(instant_s: float, phase: int, day: float) -> PhaseLoad:
    shifted_s = instant_s + 1000 * phase  # the phases do not move in step
    machine = max(0.0, _ripple(shifted_s, 900)) * (1200, 900, 1500)[phase]
    active_w = (350, 280, 420)[phase] + 2600 * day**2 + machine + 60 * _ripple(shifted_s, 37)
    tangent = 0.22 + 0.12 * day + 0.04 * _ripple(shifted_s, 130)
    voltage_v = NOMINAL_V + 2.5 * _ripple(shifted_s, 610) - active_w / 1500 + 0.4 * _ripple(shifted_s, 5)
    return PhaseLoad(voltage_v, active_w, active_w * tangent)


def _ripple(instant_s: float, period_s: float) -> float:
    """An irregular wave between -1 and 1; its parts never come back together."""
    turn = 2 * math.pi * instant_s / period_s
    return (math.sin(turn) + 0.6 * math.sin(turn * 0.377) + 0.4 * math.sin(turn * 2.713)) / 2
