"""The files of the server's inputs, as the server's own field bus reads them."""

from __future__ import annotations

from pathlib import Path

import pytest

from wattledger.demo.folder import DemoFolder
from wattledger.demo.inputs import PT100_FILE, pulses_in, put_up, resistance_ohm, write_attribute
from wattledger.fieldbus import load_board
from wattledger.fieldbus.local.pt100 import temperature_c


@pytest.mark.parametrize("temperature", [-18.5, -0.1, 0.0, 24.6, 41.0])
def test_a_thermometer_is_read_back_as_warm_as_it_is(temperature: float) -> None:
    assert temperature_c(resistance_ohm(temperature)) == pytest.approx(temperature, abs=0.01)


def test_the_board_file_is_one_that_the_server_takes(tmp_path: Path) -> None:
    folder = DemoFolder(tmp_path)
    folder.root.mkdir()

    put_up(folder)

    board = load_board(folder.board)
    assert board.variant == "H"
    write_attribute(folder.inputs / f"{PT100_FILE}_raw", "109735")
    assert (folder.inputs / f"{PT100_FILE}_raw").read_text() == "109735\n"
    write_attribute(folder.inputs / f"{PT100_FILE}_raw", "9")
    assert (folder.inputs / f"{PT100_FILE}_raw").read_text() == "9\n"


def test_pulses_are_whole_portions() -> None:
    assert [pulses_in(volume) for volume in (0.0, 0.0099, 0.01, 12846.2)] == [0, 0, 1, 1284620]
