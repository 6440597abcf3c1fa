"""The inputs of a board, over a copy of the kernel's files: counted, scaled, missing."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from wattledger.fieldbus import (
    ContactShown,
    CountFiles,
    CurrentShown,
    LocalInputs,
    Missing,
    MissingError,
    Terminal,
    ThermometerShown,
    Wired,
    load_board,
)

PULSES = Wired(7, "PULSECOUNTER", counts_pulses=True, debounce_s=0.010)
WITHIN_S = 15.0
STARTER = Path(__file__).with_name("starter.py")
TRAIN = Path(__file__).with_name("pulse_train.py")
GPIO = "class/gpio/gpio17/value"


class Wiring:
    """The inputs of one board, and what counts them."""

    def __init__(self, files: Any, counts: Path) -> None:
        self.files = files
        self._counts = counts
        self.inputs = self.restart()

    def restart(self, *, boot: str = "boot-1") -> LocalInputs:
        """As after a power cut: only the card has what it has."""
        self.inputs = LocalInputs(load_board(self.files.file), CountFiles(self._counts), boot=boot)
        assert self.inputs.load_counts()
        return self.inputs

    def wire(self, *wired: tuple[Terminal, Wired]) -> None:
        self.inputs.wire(dict(wired), devices=frozenset(one.device for _, one in wired))

    def pulses(self) -> int | None:
        shown = self.inputs.show(Terminal.DIGITAL_1)
        assert isinstance(shown, ContactShown)
        return shown.pulses

    def until(self, holds: Callable[[], object]) -> None:
        deadline = time.monotonic() + WITHIN_S
        while not holds():
            assert time.monotonic() < deadline, f"never held: {self.inputs.show(Terminal.DIGITAL_1)}"
            time.sleep(0.002)

    def until_shown(self, shown: ContactShown) -> None:
        self.until(lambda: self.inputs.show(Terminal.DIGITAL_1) == shown)

    def pulse(self) -> None:
        """One pulse, seen by the thread."""
        after = (self.pulses() or 0) + 1
        self.files.feed(on=True)
        self.until_shown(ContactShown(is_closed=True, pulses=after))
        self.files.feed(on=False)
        self.until_shown(ContactShown(is_closed=False, pulses=after))


@pytest.fixture
def wiring(make_board: Callable[..., Any], tmp_path: Path) -> Iterator[Wiring]:
    found = Wiring(make_board("H"), tmp_path / "counts")
    yield found
    found.inputs.close()


async def test_a_pulse_train_is_counted_exactly_while_the_event_loop_stalls(wiring: Wiring) -> None:
    wiring.wire((Terminal.DIGITAL_1, PULSES))
    command = [sys.executable, str(TRAIN), str(wiring.files.root / GPIO), "25", "0.03", "0.03"]
    meter = await asyncio.create_subprocess_exec(*command)

    asyncio.get_running_loop().call_soon(compute_while_counting, wiring, 25)  # no pause: the loop stands still

    assert await meter.wait() == 0
    wiring.until_shown(ContactShown(is_closed=False, pulses=25))


def compute_while_counting(wiring: Wiring, pulses: int) -> None:
    deadline = time.monotonic() + WITHIN_S
    while wiring.pulses() != pulses and time.monotonic() < deadline:
        sum(range(10_000))


def test_a_watch_that_was_killed_is_replaced_and_counts_on(wiring: Wiring) -> None:
    wiring.wire((Terminal.DIGITAL_1, PULSES))
    wiring.pulse()
    [watch] = watches_of(os.getpid())

    os.kill(watch, signal.SIGKILL)
    wiring.until(lambda: watches_of(os.getpid()) not in ([], [watch]) or not is_readable(wiring))
    wiring.pulse()

    assert wiring.pulses() == 2


def test_a_watch_ends_with_who_started_it(wiring: Wiring) -> None:
    board = str(wiring.files.file)
    with subprocess.Popen([sys.executable, str(STARTER), board], stdout=subprocess.PIPE, text=True) as starter:
        assert starter.stdout is not None
        assert starter.stdout.readline() == "watching\n"
        [watch] = watches_of(starter.pid)
        starter.kill()

    wiring.until(lambda: not Path(f"/proc/{watch}").exists())


def watches_of(pid: int) -> list[int]:
    """The programs that a process has started and that watch a contact."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()
    return [int(child) for child in children if b"contact.py" in Path(f"/proc/{child}/cmdline").read_bytes()]


def test_what_is_kept_is_counted_on_after_a_power_cut(wiring: Wiring) -> None:
    wiring.wire((Terminal.DIGITAL_1, PULSES))
    wiring.pulse()
    wiring.pulse()
    wiring.inputs.keep_counts()
    wiring.pulse()

    wiring.inputs.close()
    wiring.restart()
    wiring.wire((Terminal.DIGITAL_1, PULSES))

    assert wiring.pulses() == 2  # the third was on no card, and nobody was told of it
    wiring.pulse()
    assert wiring.pulses() == 3


def test_another_setting_loses_no_pulse_and_another_device_begins_anew(wiring: Wiring) -> None:
    wiring.wire((Terminal.DIGITAL_1, PULSES))
    wiring.pulse()

    wiring.wire((Terminal.DIGITAL_1, Wired(7, "PULSECOUNTER", counts_pulses=True, debounce_s=0.005)))
    assert wiring.pulses() == 1
    wiring.pulse()
    wiring.inputs.wire({}, devices=frozenset({7}))  # disabled for a while
    wiring.wire((Terminal.DIGITAL_1, PULSES))
    assert wiring.pulses() == 2
    wiring.wire((Terminal.DIGITAL_1, Wired(8, "PULSECOUNTER", counts_pulses=True, debounce_s=0.01)))
    assert wiring.pulses() == 0


def test_an_inverted_pulse_counts_when_the_contact_opens(wiring: Wiring) -> None:
    wiring.files.feed(on=True)
    wiring.wire((Terminal.DIGITAL_1, Wired(7, "PULSECOUNTER", counts_pulses=True, is_inverted=True)))

    assert wiring.inputs.show(Terminal.DIGITAL_1) == ContactShown(is_closed=False, pulses=0)
    wiring.files.feed(on=False)
    wiring.until_shown(ContactShown(is_closed=True, pulses=1))


def test_a_contact_that_the_board_shows_low_is_closed_by_a_0(wiring: Wiring) -> None:
    assert wiring.inputs.show(Terminal.DIGITAL_2) == ContactShown(is_closed=False, pulses=None)
    wiring.files.write("class/gpio/gpio18/value", "0")
    assert wiring.inputs.show(Terminal.DIGITAL_2) == ContactShown(is_closed=True, pulses=None)
    wiring.wire((Terminal.DIGITAL_2, Wired(9, "BINARY-INPUT", is_inverted=True)))
    assert wiring.inputs.show(Terminal.DIGITAL_2) == ContactShown(is_closed=False, pulses=None)


def test_an_input_whose_file_fails_goes_on_counting_when_it_is_back(wiring: Wiring) -> None:
    wiring.wire((Terminal.DIGITAL_1, PULSES))
    wiring.pulse()

    wiring.files.write(GPIO, "gone")
    wiring.until(lambda: not is_readable(wiring))
    wiring.files.feed(on=False)
    wiring.until(lambda: is_readable(wiring))
    wiring.pulse()

    assert wiring.pulses() == 2


def is_readable(wiring: Wiring) -> bool:
    try:
        return wiring.pulses() is not None
    except MissingError:
        return False


def test_a_counter_of_the_kernel_is_counted_on_through_restarts_and_boots(wiring: Wiring) -> None:
    name = "bus/counter/devices/counter0/count0/count"
    counter = wiring.files.root / name
    counter.parent.mkdir(parents=True)
    counter.write_text("1000\n")
    place = f'value = "{GPIO}"\n'
    wiring.files.file.write_text(wiring.files.file.read_text().replace(place, f'{place}counter = "{name}"\n'))
    wiring.restart()
    wiring.wire((Terminal.DIGITAL_1, PULSES))

    seen = [wiring.pulses()]
    for boot, shown in (("boot-1", 1005), ("boot-1", 1007), ("boot-2", 3), ("boot-2", 4), ("boot-2", 1)):
        wiring.inputs.keep_counts()
        wiring.restart(boot=boot)
        wiring.wire((Terminal.DIGITAL_1, PULSES))
        counter.write_text(f"{shown}\n")
        seen.append(wiring.pulses())

    assert seen == [0, 5, 7, 10, 11, 12]  # what it showed before it was ours is not counted


def test_analog_inputs_show_what_their_channel_measures(wiring: Wiring) -> None:
    assert wiring.inputs.show(Terminal.ANALOG_1) == CurrentShown(12.0)  # 1200 mV over 100 Ω
    assert wiring.inputs.show(Terminal.ANALOG_2) == CurrentShown(4.0)
    assert wiring.inputs.show(Terminal.PT100) == ThermometerShown(100.0, 0.0)

    wiring.files.write("bus/iio/devices/iio:device0/in_voltage0_offset", "-400")
    assert wiring.inputs.show(Terminal.ANALOG_1) == CurrentShown(10.0)  # (2400 - 400) * 0.5 mV


def test_what_is_missing_says_why(wiring: Wiring, make_board: Callable[..., Any], tmp_path: Path) -> None:
    nowhere = LocalInputs(None, CountFiles(tmp_path / "none"), boot="b")
    small = LocalInputs(load_board(make_board("L").file), CountFiles(tmp_path / "none"), boot="b")
    (wiring.files.root / "bus/iio/devices/iio:device0/in_current1_raw").unlink()
    wiring.files.write("bus/iio/devices/iio:device0/in_resistance2_raw", "many")

    assert why(nowhere, Terminal.PT100) is Missing.NO_BOARD
    assert why(small, Terminal.DIGITAL_1) is Missing.NOT_ON_VARIANT
    assert why(wiring.inputs, Terminal.ANALOG_2) is Missing.UNREADABLE
    assert why(wiring.inputs, Terminal.PT100) is Missing.UNREADABLE


def why(inputs: LocalInputs, terminal: Terminal) -> Missing:
    with pytest.raises(MissingError) as missing:
        inputs.show(terminal)
    return missing.value.why
