"""What the system is asked to set a port to, for every speed, parity and number of stop bits.

A pseudo terminal keeps no parity, so it cannot show whether the right one was set: what is asked of termios is watched
instead, and compared with what pyserial asks for the same line.
"""

from __future__ import annotations

import os
import termios
from collections.abc import Iterator
from typing import Any

import pytest
import serial

from wattledger.fieldbus import Parity, SerialSettings
from wattledger.fieldbus.modbus.serial_port import open_serial_port
from wattledger.fieldbus.modbus.serial_settings import SPEEDS

CFLAG, ISPEED, OSPEED = 2, 4, 5
CHARACTER = termios.CSIZE | termios.PARENB | termios.PARODD | termios.CSTOPB | termios.CREAD | termios.CLOCAL
LETTERS = {Parity.NONE: serial.PARITY_NONE, Parity.EVEN: serial.PARITY_EVEN, Parity.ODD: serial.PARITY_ODD}


class Owner:
    def received(self, data: bytes) -> None:
        """Nothing comes."""

    def lost(self, reason: str) -> None:
        raise AssertionError(reason)


@pytest.fixture
def terminal() -> Iterator[str]:
    master, slave = os.openpty()
    yield os.ttyname(slave)
    os.close(master)
    os.close(slave)


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[list[Any]]:
    """What termios was asked to set, in order; it is not set, for a pseudo terminal takes no second parity."""
    asked: list[list[Any]] = []
    monkeypatch.setattr(termios, "tcsetattr", lambda fd, when, attributes: asked.append(attributes))
    return asked


@pytest.mark.parametrize("stop_bits", [1, 2])
@pytest.mark.parametrize("parity", list(Parity))
async def test_a_port_is_set_as_pyserial_sets_it(
    terminal: str, asked: list[list[Any]], parity: Parity, stop_bits: int
) -> None:
    for baudrate in SPEEDS:
        asked.clear()
        open_serial_port(SerialSettings(terminal, baudrate, parity, stop_bits), Owner()).close()
        serial.Serial(terminal, baudrate, parity=LETTERS[parity], stopbits=stop_bits).close()

        ours, *_, theirs = asked
        assert ours[CFLAG] & CHARACTER == theirs[CFLAG] & CHARACTER
        assert [ours[ISPEED], ours[OSPEED]] == [theirs[ISPEED], theirs[OSPEED]]


@pytest.mark.parametrize(("parity", "two"), [(Parity.NONE, True), (Parity.EVEN, False), (Parity.ODD, False)])
async def test_without_a_number_of_stop_bits_a_character_has_eleven_bits(
    terminal: str, asked: list[list[Any]], parity: Parity, two: bool
) -> None:
    for baudrate in SPEEDS:
        asked.clear()
        open_serial_port(SerialSettings(terminal, baudrate, parity), Owner()).close()

        assert bool(asked[0][CFLAG] & termios.CSTOPB) is two
        assert bool(asked[0][CFLAG] & termios.PARENB) is not two
