"""`make demo` as a newcomer meets it, without a terminal: what it prints, and what it leaves behind."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

DEMO = [sys.executable, "-m", "wattledger.services.cli", "demo"]
COMMAND = [*DEMO, "--data", "demo-data", "--history", "2"]


@pytest.fixture
def start_demo(tmp_path: Path) -> Iterator[Callable[[], subprocess.Popen[str]]]:
    """Start demos on one data folder; the test ends with none."""
    started: list[subprocess.Popen[str]] = []

    def start() -> subprocess.Popen[str]:
        environment = {**os.environ, "LANG": "C", "COLUMNS": "120"}
        demo = subprocess.Popen(COMMAND, cwd=tmp_path, env=environment, stdout=subprocess.PIPE, text=True)
        started.append(demo)
        return demo

    yield start
    for demo in started:
        demo.kill()
        demo.communicate()


def seen_until(demo: subprocess.Popen[str], wanted: str) -> str:
    assert demo.stdout is not None
    lines: list[str] = []
    for line in demo.stdout:
        lines.append(line)
        if wanted in line:
            return "".join(lines)
    raise AssertionError(f"{wanted!r} never came:\n{''.join(lines)}")


def processes_on(folder: Path) -> str:
    return subprocess.run(["pgrep", "-af", str(folder)], capture_output=True, text=True, check=False).stdout


def test_the_demo_shows_its_hotel_and_lines_that_work_and_leaves_nothing_behind(
    start_demo: Callable[[], subprocess.Popen[str]], tmp_path: Path
) -> None:
    demo = start_demo()
    shown = seen_until(demo, "Ctrl-C")
    lines = [line for line in shown.splitlines() if line.startswith(("A=", "H=", "curl"))]
    asked = subprocess.run(["bash", "-ec", "\n".join(lines)], cwd=tmp_path, capture_output=True, text=True, check=True)
    beside = start_demo()
    refused, _ = beside.communicate(timeout=60)
    during = processes_on(tmp_path)
    demo.send_signal(signal.SIGINT)

    for state in (r"answers +[-0-9.]+ kW", r"answers +[0-9.\s]+ m³", "disabled"):
        assert re.search(state, shown), state
    assert shown.count("answers") > 10
    assert '"point": "voltage.l1-n"' in asked.stdout
    assert '"items"' in asked.stdout
    assert beside.returncode == 1
    assert "Another demo" in refused
    assert during
    assert demo.wait(30) == 0
    assert processes_on(tmp_path) == ""


def test_a_second_demo_goes_on_with_the_same_hotel_and_takes_its_processes_along_when_it_is_killed(
    start_demo: Callable[[], subprocess.Popen[str]], tmp_path: Path, make_server: Any
) -> None:
    first = start_demo()
    seen = seen_until(first, "Ctrl-C")
    first.terminate()
    first.wait(30)
    second = start_demo()
    again = seen_until(second, "Ctrl-C")
    told = subprocess.run([*DEMO, "incident", "spa", "silent", "off"], cwd=tmp_path, check=False)

    second.kill()

    assert incomer_in(again) == incomer_in(seen)
    assert told.returncode == 0
    make_server().until(lambda: not processes_on(tmp_path))


def incomer_in(shown: str) -> str:
    [device] = set(re.findall(r"devices/(d\d+)/live", shown))
    return str(device)
