"""The simulated meter: values that fit each other, and faults on request."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from wattledger.fieldbus import AnswerTimeoutError, ConnectionLostError, RefusedError, TcpLink
from wattledger.fieldbus.modbus.pdu import ReadRegisters

DEADLINE_S = 10.0
VOLTAGE = ReadRegisters(3, 0xB000, 1)


@pytest.fixture
async def link(ecr380d: Any) -> AsyncIterator[TcpLink]:
    link = TcpLink(ecr380d.host, ecr380d.port, timeout_s=0.3)
    yield link
    await link.close()


async def ask(link: TcpLink, request: ReadRegisters = VOLTAGE, **settings: float) -> tuple[int, ...]:
    return (await link.request(1, request, **settings)).answer


async def test_it_falls_silent_and_speaks_again(ecr380d: Any, link: TcpLink) -> None:
    ecr380d.tell("silent on")
    with pytest.raises(AnswerTimeoutError):
        await ask(link)
    ecr380d.tell("silent off")

    assert 20_000 < (await ask(link))[0] < 26_000


async def test_it_answers_late_and_right(ecr380d: Any, link: TcpLink) -> None:
    ecr380d.tell("delay 0.5")
    with pytest.raises(AnswerTimeoutError):
        await ask(link)

    assert await ask(link, ReadRegisters(3, 0xB0B1, 1), timeout_s=DEADLINE_S) == (1,)


async def test_it_keeps_registers_and_lets_them_live_again(ecr380d: Any, link: TcpLink) -> None:
    ecr380d.tell("set 0xB060 123456")
    assert await ask(link, ReadRegisters(3, 0xB060, 2)) == (1, 57920)

    ecr380d.tell("release 0xB060")
    assert await ask(link, ReadRegisters(3, 0xB060, 2)) == (0, 12345)


async def test_it_refuses_and_hangs_up(ecr380d: Any, link: TcpLink) -> None:
    ecr380d.tell("refuse 0xB000 6")
    with pytest.raises(RefusedError, match="server device busy"):
        await ask(link)
    ecr380d.tell("accept 0xB000")
    await ask(link)

    ecr380d.tell("close")
    with suppress(ConnectionLostError):  # the end shows before or during the next request
        await ask(link)
    await ask(link)
    assert link.statistics.of_link().connections == 2


async def test_it_knows_nothing_outside_its_documented_blocks(link: TcpLink) -> None:
    for address, count in ((0xB031, 1), (0xB030, 2), (0xB06B, 2), (0x0000, 1), (0xC040, 1)):
        with pytest.raises(RefusedError, match="illegal data address"):
            await ask(link, ReadRegisters(3, address, count))


async def test_a_command_that_it_does_not_know_is_an_error(ecr380d: Any) -> None:
    with pytest.raises(AssertionError, match="error unknown command 'dance'"):
        ecr380d.tell("dance")


def start_and_read_port(command: list[str]) -> tuple[subprocess.Popen[str], int]:
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True)
    assert process.stdout is not None
    return process, int(process.stdout.readline().removeprefix("port "))


METER = [sys.executable, "-m", "wattledger.demo.meter", "--port", "0"]


def test_it_ends_on_sigterm() -> None:
    process, _ = start_and_read_port(METER)
    with process:
        process.send_signal(signal.SIGTERM)

        assert process.wait(DEADLINE_S) == 0


def test_it_ends_with_its_parent(tmp_path: Path) -> None:
    parent = f"import subprocess, time; p = subprocess.Popen({METER!r}); print(p.pid, flush=True); time.sleep(60)"
    with subprocess.Popen([sys.executable, "-c", parent], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        meter = int(process.stdout.readline())
        assert process.stdout.readline().startswith("port ")

        process.kill()

        assert gone(lambda: is_running(meter))


def is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
        return Path(f"/proc/{pid}/stat").read_text().split()[2] != "Z"
    except (ProcessLookupError, FileNotFoundError):
        return False


def gone(condition: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + DEADLINE_S
    while condition() and time.monotonic() < deadline:
        time.sleep(0.01)
    return not condition()
