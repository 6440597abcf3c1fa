"""Relay, voltage and lamps, by the files that the hardware is told with."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from wattledger.fieldbus import AnalogOutput, Lamp, Missing, MissingError, Relay, light, load_board

LED = "class/leds/modbus"
RELAY = "class/gpio/gpio22/value"


def test_a_relay_is_closed_as_long_as_somebody_holds_it(make_board: Callable[..., Any]) -> None:
    files = make_board("L")
    relay = Relay(load_board(files.file))
    seen = []

    for act, holder in (
        ("open", ""), ("hold", "a"), ("hold", "b"), ("release", "a"), ("release", "b"), ("hold", "a"), ("open", ""),
    ):  # fmt: skip
        getattr(relay, act)(*filter(None, [holder]))
        seen.append(files.read(RELAY))
        assert relay.is_closed() is (files.read(RELAY) == "1")

    assert seen == ["0", "1", "1", "1", "0", "1", "0"]
    assert not relay.holders


def test_a_relay_that_cannot_be_switched_is_held_by_nobody(make_board: Callable[..., Any]) -> None:
    files = make_board("L")
    relay = Relay(load_board(files.file))
    (files.root / RELAY).unlink()

    with pytest.raises(MissingError, match="cannot be switched") as missing:
        relay.hold("a")

    assert (missing.value.why, relay.holders) == (Missing.UNREADABLE, frozenset())
    assert not (files.root / RELAY).exists()  # a file that we made would switch nothing


@pytest.mark.parametrize(("volts", "raw"), [(0.0, "0"), (3.4, "1360"), (10.0, "4000")])
def test_a_voltage_becomes_the_raw_number_of_its_channel(
    make_board: Callable[..., Any], volts: float, raw: str
) -> None:
    files = make_board("H")

    AnalogOutput(load_board(files.file)).set(volts)  # half of it, at 1.25 mV a step

    assert files.read("bus/iio/devices/iio:device1/out_voltage0_raw") == raw


def test_outputs_that_a_computer_lacks_say_so(make_board: Callable[..., Any]) -> None:
    for output, why in (
        (AnalogOutput(None), Missing.NO_BOARD),
        (AnalogOutput(load_board(make_board("L").file)), Missing.NOT_ON_VARIANT),
    ):
        with pytest.raises(MissingError) as missing:
            output.set(1.0)
        assert missing.value.why is why


@pytest.mark.parametrize(
    ("lamp", "green", "red"),
    [
        (Lamp.OFF, ("none", "0"), ("none", "0")),
        (Lamp.GREEN, ("none", "255"), ("none", "0")),
        (Lamp.RED, ("none", "0"), ("none", "255")),
        (Lamp.GREEN_BLINKING, ("timer", "500"), ("none", "0")),
        (Lamp.RED_BLINKING, ("none", "0"), ("timer", "500")),
    ],
)
def test_a_lamp_is_told_by_the_led_class(
    make_board: Callable[..., Any], lamp: Lamp, green: tuple[str, str], red: tuple[str, str]
) -> None:
    files = make_board("H")
    board = load_board(files.file)

    light(board, board.led.modbus, lamp)

    for color, (trigger, told) in (("green", green), ("red", red)):
        attributes = ("delay_on", "delay_off") if trigger == "timer" else ("brightness",)
        assert files.read(f"{LED}:{color}/trigger") == trigger
        assert {files.read(f"{LED}:{color}/{name}") for name in attributes} == {told}
