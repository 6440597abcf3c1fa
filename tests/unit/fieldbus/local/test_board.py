"""A board file says what a computer has; a mistake in it names its place."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from wattledger.fieldbus import BoardError, Terminal, load_board


@pytest.mark.parametrize("variant", ["H", "L"])
def test_a_board_knows_where_its_inputs_are(make_board: Callable[[str], Any], variant: str) -> None:
    files = make_board(variant)

    board = load_board(files.file)

    there = {terminal for terminal in Terminal if board.has(terminal)}
    assert there == ({*Terminal} if variant == "H" else {Terminal.PT100})
    assert there == {terminal for terminal in Terminal if board.input_at(terminal) is not None}
    assert board.has_analog_output is (variant == "H")
    assert board.relay is not None
    assert board.path(board.relay.file) == files.root / "class/gpio/gpio22/value"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("variant = 'X'", "variant: "),
        ("root = '/sys'", "variant: Field required"),
        ("variant = 'H'\n[digital_input_3]\nvalue = 'x'", "digital_input_3: "),
        ("variant = 'L'\n[digital_input_1]\nvalue = 'x'", "variant L has no digital_input_1"),
        ("variant = 'H'\n[digital_input_1]\nvalue = '/etc/passwd'", "digital_input_1.value: "),
        ("variant = 'H'\n[digital_input_1]\nvalue = 'a/../../x'", "digital_input_1.value: "),
        ("variant = 'H'\n[digital_input_1]\nvalue = 'x'\nactive = 'up'", "digital_input_1.active: "),
        ("variant = 'H'\n[analog_input_1]\nchannel = 'd/in_voltage0'", "in_voltage0 is a voltage: shunt_ohm is needed"),
        ("variant = 'H'\n[analog_input_1]\nchannel = 'd/in_current0'\nshunt_ohm=1.0", "in_current0 needs no shunt_ohm"),
        ("variant = 'H'\n[analog_input_1]\nchannel = 'd/in_temp0'", "in_temp0 is neither in_current"),
        ("variant = 'H'\n[pt100]\nchannel = 'd/in_voltage0'", "excitation_ma is needed"),
        ("variant = 'H'\n[analog_output]\nchannel = 'd/out_voltage0'\ngain = 0.0", "analog_output.gain: "),
        ("variant = ", "board.toml: "),
    ],
)  # fmt: skip
def test_a_mistake_names_its_place(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "board.toml"
    path.write_text(text)

    with pytest.raises(BoardError) as refused:
        load_board(path)

    assert str(refused.value).startswith(str(path))
    assert message in str(refused.value)


def test_a_board_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(BoardError, match="cannot be read: No such file"):
        load_board(tmp_path / "none.toml")
