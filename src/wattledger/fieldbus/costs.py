"""What a request costs beside its registers, learnt from the answers of each unit; pure.

The planner weighs one more request against registers that nobody asked for. On a serial line the wire's share of both
is known and the device's own time is measured. Over TCP nothing is known beforehand: a meter on Ethernet takes the same
2 ms for 1 register or 100, the same meter behind a gateway pays 1.15 ms for each. So the time of an answer is fitted as
a fixed part and a part per register, by least squares over what was answered of late.

Costs are given in registers and move in steps, and only when what was measured has clearly left the present step: plans
are kept per cost, and noise must not throw them away.
"""

from __future__ import annotations

import math

from wattledger.catalog.registers import MOST_REGISTERS
from wattledger.fieldbus.modbus.serial_settings import SerialSettings

# A tenth or so apart: a plan for a cost that is a tenth wrong takes a hundredth longer at most.
STEPS: tuple[int, ...] = (
    *range(1, 13),
    14,
    16,
    18,
    20,
    23,
    26,
    30,
    34,
    39,
    45,
    51,
    58,
    66,
    75,
    86,
    98,
    110,
    MOST_REGISTERS,
)
LEAVES_STEP = 1.2  # times the present cost, or the reciprocal

# Registers that could be read in the time of one more request: an Ethernet meter takes 1 to 3 ms per request and next
# to nothing per register; behind a gateway at 19200 baud a request costs about 25 registers (7 ms of frame, 4 ms of
# silence, 15 ms of turnaround, against 1.15 ms). The value lies between, so that both lose little.
TCP_COST = 50
TCP_REQUEST_S = 0.002

KEPT = 0.98  # of the weight of earlier answers with each new one: about the last 50 count
DRAWN_EVERY = 12  # answers; so many are also needed before the line is believed
LEAST_SPREAD = 8.0  # registers, standard deviation of the counts; answers of one length tell no slope
MOST_STRETCH = 3.0  # an answer counts as at most so many times what was expected: one hiccup is no habit

# 8 characters of request and 5 around the registers of its answer.
REQUEST_CHARACTERS = 8
ANSWER_CHARACTERS = 5
CHARACTERS_A_REGISTER = 2
METER_S = 0.010  # that a usual meter takes to answer, before its own was measured
LATENCY_WEIGHT = 1 / 8  # of the newest answer


def stepped(present: int, measured: float) -> int:
    """The cost to plan with: `present` while `measured` is near it, else the step next to `measured`."""
    if present / LEAVES_STEP <= measured <= present * LEAVES_STEP:
        return present
    return min(STEPS, key=lambda step: abs(step - measured))


class LineCosts:
    """Of the units on one serial line: the device's time from the end of the request to the answer, averaged."""

    def __init__(self, settings: SerialSettings) -> None:
        self._character_s = settings.character_s
        self._silence_s = settings.silence_s
        self._usual_s = METER_S + settings.silence_s  # the device keeps the silence before its answer, too
        self._latency_s: dict[int, float] = {}
        self._costs: dict[int, int] = {}

    def learn(self, unit_id: int, *, registers: int, response_s: float) -> None:
        """A read was answered `response_s` after the first byte of its request was sent."""
        latency_s = max(0.0, response_s - self._airtime_s(registers))
        before_s = self._latency_of(unit_id)
        most_s = MOST_STRETCH * max(before_s, self._usual_s)
        self._latency_s[unit_id] = before_s + (min(latency_s, most_s) - before_s) * LATENCY_WEIGHT
        self._costs[unit_id] = stepped(self.cost(unit_id), self._measured_cost(unit_id))

    def cost(self, unit_id: int) -> int:
        """What one more request costs, in registers that could be read along in the same time."""
        return self._costs.get(unit_id) or max(1, math.ceil(self._measured_cost(unit_id)))

    def expected_s(self, unit_id: int, registers: int) -> float:
        """How long a read of so many registers takes, from the silence before it to its end."""
        return self._silence_s + self._airtime_s(registers) + self._latency_of(unit_id)

    def _measured_cost(self, unit_id: int) -> float:
        return self.expected_s(unit_id, 0) / (CHARACTERS_A_REGISTER * self._character_s)

    def _latency_of(self, unit_id: int) -> float:
        return self._latency_s.get(unit_id, self._usual_s)

    def _airtime_s(self, registers: int) -> float:
        characters = REQUEST_CHARACTERS + ANSWER_CHARACTERS + CHARACTERS_A_REGISTER * registers
        return characters * self._character_s


class ConnectionCosts:
    """Of the units behind one TCP connection: a fixed part and a part per register, fitted for each."""

    def __init__(self) -> None:
        self._fits: dict[int, _Fit] = {}

    def learn(self, unit_id: int, *, registers: int, response_s: float) -> None:
        """A read was answered `response_s` after it was sent; nothing else was under way then."""
        fit = self._fits.get(unit_id)
        if fit is None:
            fit = self._fits[unit_id] = _Fit()
        fit.add(registers, response_s)

    def cost(self, unit_id: int) -> int:
        """What one more request costs, in registers that could be read along in the same time."""
        fit = self._fits.get(unit_id)
        return TCP_COST if fit is None else fit.cost

    def expected_s(self, unit_id: int, registers: int) -> float:
        """How long a read of so many registers takes."""
        fit = self._fits.get(unit_id)
        return TCP_REQUEST_S * (1 + registers / TCP_COST) if fit is None else fit.expected_s(registers)


class _Fit:
    """A straight line through (registers, seconds), older answers counting less and less.

    The line is drawn anew once in `DRAWN_EVERY` answers: each answer passes here, and adding is nearly all that it may
    cost.
    """

    __slots__ = (
        "_counts",
        "_fixed_s",
        "_products",
        "_register_s",
        "_squares",
        "_times_s",
        "_to_draw",
        "_weight",
        "cost",
    )

    def __init__(self) -> None:
        self._weight = self._counts = self._squares = self._times_s = self._products = 0.0
        self._to_draw = DRAWN_EVERY
        self._fixed_s: float | None = None  # None: not sure yet
        self._register_s = 0.0
        self.cost = TCP_COST

    def add(self, registers: int, response_s: float) -> None:
        if self._fixed_s is not None:
            response_s = min(response_s, MOST_STRETCH * (self._fixed_s + self._register_s * registers))
        self._weight = self._weight * KEPT + 1
        self._counts = self._counts * KEPT + registers
        self._squares = self._squares * KEPT + registers * registers
        self._times_s = self._times_s * KEPT + response_s
        self._products = self._products * KEPT + registers * response_s
        self._to_draw -= 1
        if not self._to_draw:
            self._to_draw = DRAWN_EVERY
            self._draw()

    def expected_s(self, registers: int) -> float:
        """The seconds that a read of so many registers takes; the mean of all while that is all that is known."""
        if self._fixed_s is None:
            return self._times_s / self._weight
        return self._fixed_s + self._register_s * registers

    def _draw(self) -> None:
        mean, mean_s = self._counts / self._weight, self._times_s / self._weight
        spread = self._squares / self._weight - mean * mean
        if spread < LEAST_SPREAD**2:
            return
        slope_s = (self._products / self._weight - mean * mean_s) / spread
        # A line through noise may fall, or begin below nothing: then the one part or the other is as good as none.
        self._register_s = min(max(0.0, slope_s), mean_s / mean)
        self._fixed_s = mean_s - self._register_s * mean
        if self._fixed_s >= MOST_REGISTERS * self._register_s:
            self.cost = stepped(self.cost, MOST_REGISTERS)
        else:
            self.cost = stepped(self.cost, max(1.0, self._fixed_s / self._register_s))
