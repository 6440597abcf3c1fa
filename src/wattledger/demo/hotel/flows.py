"""The powers in every circuit over a stretch of minutes, phase by phase, and the electricity that follows from them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from wattledger.demo.hotel.calendar import Incident
from wattledger.demo.hotel.circuits import CIRCUITS, Circuit, Shape
from wattledger.demo.hotel.flow import Flow
from wattledger.demo.hotel.incidents import as_dipped, as_drawn, as_switched
from wattledger.demo.hotel.loads import moment_of
from wattledger.demo.hotel.noise import Floats, Integers, Noise

NOMINAL_V = 231.8  # at the transformer without load
HARMONICS = (3, 5, 7, 9, 11)
SPECTRUM = np.array([0.52, 0.66, 0.42, 0.16, 0.24])  # share of each order in a rectifier's current …
SPECTRUM /= np.sqrt(np.sum(SPECTRUM**2))  # … so that their squares add up to the distortion
VOLTAGE_SPECTRUM = np.array([0.30, 0.78, 0.46, 0.12, 0.28])
VOLTAGE_SPECTRUM /= np.sqrt(np.sum(VOLTAGE_SPECTRUM**2))
TURN = np.exp(-2j * np.pi * np.arange(3) / 3)[:, None]  # where the phase voltages stand


@dataclass(frozen=True, slots=True)
class Electricity:
    """What a perfect meter in the circuit would measure: arrays of three phases × minutes.

    S² = P² + Q² + D² and I = S / U in each phase; THD is D over the fundamental's apparent power.
    """

    flow: Flow
    voltage_v: Floats
    frequency_hz: Floats  # minutes
    thd_voltage: Floats  # of the fundamental, 0 to 1

    @property
    def current_a(self) -> Floats:
        """Root mean square of the current."""
        return self.flow.apparent_va / self.voltage_v

    @property
    def thd_current(self) -> Floats:
        """Of the fundamental, 0 to 1; 0 where nothing flows."""
        return np.divide(
            self.flow.distortion_va,
            self.flow.fundamental_va,
            out=np.zeros_like(self.flow.fundamental_va),
            where=self.flow.fundamental_va > 0,
        )

    @property
    def power_factor(self) -> Floats:
        """P over S per phase, with the sign of P (IEC 62053-23); 1 where nothing flows."""
        return np.divide(
            self.flow.active_w,
            self.flow.apparent_va,
            out=np.ones_like(self.flow.apparent_va),
            where=self.flow.apparent_va > 0,
        )

    @property
    def neutral_a(self) -> Floats:
        """The sum of the fundamentals, and the currents of the orders divisible by three, which do not cancel."""
        lag = np.angle(self.flow.active_w + 1j * self.flow.reactive_var)
        fundamental = self.flow.fundamental_va / self.voltage_v
        first = np.abs(np.sum(fundamental * TURN * np.exp(-1j * lag), axis=0))
        triple_share = float(np.hypot(SPECTRUM[HARMONICS.index(3)], SPECTRUM[HARMONICS.index(9)]))
        triple = np.sum(self.flow.distortion_va / self.voltage_v, axis=0) * triple_share
        neutral: Floats = np.hypot(first, triple)
        return neutral

    def line_voltage_v(self, first: int, second: int) -> Floats:
        """The voltage between two phases, counted from 0."""
        between: Floats = np.abs(self.voltage_v[first] * TURN[first] - self.voltage_v[second] * TURN[second])
        return between


class Flows:
    """All circuits over one stretch of minutes since 1970, UTC; each is worked out once, when it is asked for.

    `changes` are the incidents that change what flows.
    """

    def __init__(self, minutes: Integers, *, seed: int, changes: Sequence[Incident] = ()) -> None:
        self.minutes = minutes
        self.moment = moment_of(minutes, seed)
        self._noise = Noise(seed)
        self._changes = changes
        self._known: dict[str, Flow] = {}

    def flow(self, key: str) -> Flow:
        """The powers of a circuit; raises KeyError for one that there is not."""
        if key not in self._known:
            circuit = CIRCUITS[key]
            flow = self._sum(circuit) if circuit.law is None else self._drawn(circuit)
            self._known[key] = as_switched(flow, key, self.minutes, self._changes)
        return self._known[key]

    def electricity(self, key: str) -> Electricity:
        """What there is to measure in a circuit."""
        flow, noise = self.flow(key), self._noise.named("grid")
        loaded = self.flow("incomer").active_w / (CIRCUITS["incomer"].rated_w / 3)
        own = flow.active_w / (CIRCUITS[key].rated_w / 3) if key != "incomer" else np.zeros_like(loaded)
        slow = np.stack([noise.named(f"l{phase}").wave(self.minutes, period_min=47) for phase in range(3)])
        quick = np.stack([noise.named(f"q{phase}").wave(self.minutes, period_min=3) for phase in range(3)])
        shared = 1.6 * noise.named("town").wave(self.minutes, period_min=190)
        usual = NOMINAL_V + shared + 1.3 * slow + 0.4 * quick - 2.1 * loaded - 0.8 * own
        voltage = as_dipped(usual, self.minutes, self._changes)
        frequency = 50.0 + 0.022 * noise.named("hz").wave(self.minutes, period_min=4)
        thd = 0.019 + 0.006 * np.abs(loaded) + 0.002 * slow
        return Electricity(flow, voltage, frequency, np.clip(thd, 0.004, None))

    def _drawn(self, circuit: Circuit) -> Flow:
        if circuit.law is None:
            raise ValueError(f"circuit {circuit.key} has no law")
        noise = self._noise.named(circuit.key)
        watts = as_drawn(circuit.law(self.moment, noise), circuit.key, self.minutes, self._changes)
        watts = np.maximum(watts, 0.0)
        phases = watts * self._split(circuit.shape, noise)
        reactive = phases * circuit.shape.tangent + circuit.shape.idle_var / 3
        distortion = np.hypot(phases, reactive) * circuit.shape.distortion
        sign = -1.0 if circuit.generates else 1.0
        return Flow(sign * phases, reactive, distortion)

    def _split(self, shape: Shape, noise: Noise) -> Floats:
        """The shares of the three phases; three-phase loads wander a little, and their shares always add up to 1."""
        shares = np.array(shape.split, dtype=np.float64)[:, None] * np.ones(len(self.minutes))
        if min(shape.split) > 0:
            waves = [noise.named(f"share {phase}").wave(self.minutes, period_min=29) for phase in range(3)]
            shares *= 1 + 0.06 * np.stack(waves)
        split: Floats = shares / shares.sum(axis=0)
        return split

    def _sum(self, circuit: Circuit) -> Flow:
        parts = [self.flow(key) for key in circuit.parts]
        active = np.sum([part.active_w for part in parts], axis=0)
        rated = circuit.rated_w / 3
        lost = circuit.loss * active**2 / rated
        return Flow(
            active + lost,
            np.sum([part.reactive_var for part in parts], axis=0),
            np.sqrt(np.sum([part.distortion_va**2 for part in parts], axis=0)),
        )
