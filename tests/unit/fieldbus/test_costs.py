"""What a request costs is learnt from answers, and moves only when it clearly is another."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wattledger.fieldbus import SerialSettings
from wattledger.fieldbus.costs import MOST_REGISTERS, STEPS, TCP_COST, ConnectionCosts, LineCosts, stepped

COUNTS = (2, 20, 120, 60)
SETTINGS = SerialSettings("/dev/ttyUSB0", 19200)


def taught(fixed_s: float, register_s: float, *, noise: float = 0.0, answers: int = 120) -> ConnectionCosts:
    costs, dice = ConnectionCosts(), random.Random(5)
    for number in range(answers):
        count = COUNTS[number % len(COUNTS)]
        stretch = 1 + noise * dice.uniform(-1, 1)
        costs.learn(1, registers=count, response_s=(fixed_s + register_s * count) * stretch)
    return costs


@given(fixed_s=st.floats(0.0005, 0.5), register_s=st.floats(0.00001, 0.01))
def test_over_tcp_the_cost_is_the_fixed_part_in_registers(fixed_s: float, register_s: float) -> None:
    costs = taught(fixed_s, register_s)

    right = min(max(fixed_s / register_s, 1), MOST_REGISTERS)
    assert abs(costs.cost(1) - right) <= max(0.5, right / 5)
    assert costs.expected_s(1, 75) == pytest.approx(fixed_s + 75 * register_s)


@pytest.mark.parametrize(
    ("fixed_s", "register_s", "least", "most"),
    [
        pytest.param(0.002, 0.0, 125, 125, id="Ethernet: registers cost nothing"),
        pytest.param(0.026, 0.00115, 18, 28, id="gateway at 19200 baud"),
        pytest.param(0.0, 0.001, 1, 2, id="requests cost nothing"),
    ],
)
def test_noise_of_a_tenth_changes_little(fixed_s: float, register_s: float, least: int, most: int) -> None:
    assert least <= taught(fixed_s, register_s, noise=0.1).cost(1) <= most


def test_units_are_learnt_apart() -> None:
    costs = taught(0.002, 0.0)

    assert costs.cost(2) == TCP_COST
    assert costs.expected_s(2, 50) == pytest.approx(0.004)


@pytest.mark.parametrize("answers", [0, 11])
def test_the_usual_cost_stands_until_enough_was_answered(answers: int) -> None:
    assert taught(0.002, 0.0, answers=answers).cost(1) == TCP_COST


def test_answers_of_one_length_tell_no_cost() -> None:
    costs = ConnectionCosts()
    for _ in range(200):
        costs.learn(1, registers=60, response_s=0.030)

    assert costs.cost(1) == TCP_COST
    assert costs.expected_s(1, 60) == pytest.approx(0.030)


def test_a_device_that_moved_behind_a_gateway_is_learnt_anew() -> None:
    costs = taught(0.002, 0.0)
    for number in range(300):
        count = COUNTS[number % len(COUNTS)]
        costs.learn(1, registers=count, response_s=0.026 + 0.00115 * count)

    assert 18 <= costs.cost(1) <= 28


def test_one_hiccup_does_not_move_the_cost() -> None:
    costs = taught(0.026, 0.00115)
    before = costs.cost(1)
    costs.learn(1, registers=2, response_s=5.0)
    for number in range(11):
        count = COUNTS[number % len(COUNTS)]
        costs.learn(1, registers=count, response_s=0.026 + 0.00115 * count)

    assert costs.cost(1) == before


def line_answer_s(registers: int, *, meter_s: float) -> float:
    """From the first character of the request to the last of the answer, as the standard has them."""
    characters = 8 + 5 + 2 * registers
    return characters * 11 / 19200 + 3.5 * 11 / 19200 + meter_s


def test_on_a_line_the_time_of_a_usual_meter_is_expected_at_first() -> None:
    costs = LineCosts(SETTINGS)

    assert costs.cost(1) == 19
    assert costs.expected_s(1, 10) == pytest.approx(3.5 * 11 / 19200 + line_answer_s(10, meter_s=0.010))


@given(meter_s=st.floats(0, 0.2), counts=st.lists(st.integers(1, 125), min_size=60, max_size=60))
def test_on_a_line_the_meters_own_time_is_learnt(meter_s: float, counts: list[int]) -> None:
    costs = LineCosts(SETTINGS)
    for count in counts:
        costs.learn(1, registers=count, response_s=line_answer_s(count, meter_s=meter_s))

    right = (3.5 * 11 / 19200 + line_answer_s(0, meter_s=meter_s)) / (2 * 11 / 19200)
    assert min(right, MOST_REGISTERS) / 1.3 <= costs.cost(1) <= right * 1.3
    assert costs.expected_s(1, 40) == pytest.approx(3.5 * 11 / 19200 + line_answer_s(40, meter_s=meter_s), rel=0.05)
    assert costs.cost(2) == 19


@given(cost=st.sampled_from(STEPS), noise=st.lists(st.floats(0.85, 1.18), max_size=50))
def test_noise_around_a_step_leaves_it(cost: int, noise: list[float]) -> None:
    present = cost
    for factor in noise:
        present = stepped(present, cost * factor)

    assert present == cost


@given(present=st.integers(1, 125), measured=st.floats(1, 125))
def test_what_was_measured_is_taken_within_a_fifth(present: int, measured: float) -> None:
    cost = stepped(present, measured)

    assert 1 <= cost <= MOST_REGISTERS
    assert abs(cost - measured) <= max(0.5, cost / 5)
