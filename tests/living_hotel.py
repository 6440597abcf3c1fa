"""The demo hotel for the soak test: its processes, a clock that leaps, and what they take."""

from __future__ import annotations

import os
import re
import struct
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from wattledger.demo.client import Api, ApiError
from wattledger.demo.folder import DemoFolder
from wattledger.demo.seeding import progress_in, token_of
from wattledger.engine.api import EngineClient
from wattledger.plant import DataFolder

DEMO = [sys.executable, "-m", "wattledger.services.cli", "demo"]
CHILDREN = ("engine", "web", "worker")
SHIFTED_CLOCK = Path(__file__).parent / "soak" / "shifted_clock.c"
START_WITHIN_S = 180.0
WALS = ("archive/hot.db-wal", "journal.sqlite3-wal", "config.sqlite3-wal")


@dataclass(frozen=True, slots=True)
class Taken:
    """What the server takes at one moment; memory and the like summed over its processes."""

    memory_kb: int  # PSS
    descriptors: int
    threads: int
    wal_bytes: int
    loop_lag_s: float


class LeapingClock:
    """A wall clock for processes that are started in its environment; it leaps for all of them at once."""

    def __init__(self, folder: Path) -> None:
        library, self._file = folder / "shifted_clock.so", folder / "shift"
        subprocess.run(["gcc", "-O2", "-shared", "-fPIC", "-o", library, SHIFTED_CLOCK, "-lm"], check=True)
        self._file.write_bytes(struct.pack("=d", 0.0))
        self._shift_s = 0.0
        self.environment = {"LD_PRELOAD": str(library), "SHIFT_FILE": str(self._file)}

    def leap(self, by_s: float) -> None:
        """Move the wall clock on."""
        self._shift_s += by_s
        with self._file.open("r+b") as file:
            file.write(struct.pack("=d", self._shift_s))

    def now(self) -> float:
        """What it shows: seconds since 1970."""
        return time.time() + self._shift_s


class Hotel:
    """A running demo on a clock of its own."""

    def __init__(self, data: Path, clock: LeapingClock) -> None:
        self.data = data
        self.folder = DemoFolder(data)
        self.clock = clock
        self.environment = {**os.environ, **clock.environment, "LANG": "C", "COLUMNS": "160"}
        self.api: Api
        self.server: int = 0

    def connect(self, shown: str) -> None:
        """Find the server of which the demo's picture tells."""
        [address] = set(re.findall(r"https://127\.0\.0\.1:\d+", shown))
        self.api = Api(address, certificate=DataFolder(self.data).certificate, token=token_of(self.data))
        listed = subprocess.run(
            ["pgrep", "-f", f"cli run --data {self.data}"], capture_output=True, text=True, check=True
        )
        self.server = min(int(pid) for pid in listed.stdout.split())

    def command(self, *words: str) -> None:
        """Let something go wrong, or go right again, by the clock of the hotel."""
        subprocess.run([*DEMO, "incident", "--data", str(self.data), *words], env=self.environment, check=True)

    def now(self) -> datetime:
        return datetime.fromtimestamp(self.clock.now(), UTC)

    def taken(self) -> Taken:
        """What the server takes now."""
        pids = [self._child(name) for name in CHILDREN]
        state = EngineClient(DataFolder(self.data).engine_socket).state()
        return Taken(
            memory_kb=sum(_field(f"/proc/{pid}/smaps_rollup", "Pss") for pid in pids),
            descriptors=sum(sum(1 for _ in Path(f"/proc/{pid}/fd").iterdir()) for pid in pids),
            threads=sum(_field(f"/proc/{pid}/status", "Threads") for pid in pids),
            wal_bytes=sum(_size(self.data / name) for name in WALS),
            loop_lag_s=state.loop_lag_s,
        )

    def _child(self, name: str) -> int:
        listed = subprocess.run(["pgrep", "-P", str(self.server)], capture_output=True, text=True, check=True).stdout
        return next(pid for pid in map(int, listed.split()) if f"wattledger: {name}" in _command_line(pid))


@contextmanager
def hotel(folder: Path, clock: LeapingClock) -> Iterator[Hotel]:
    """A demo with a day of history that has been seeded; everything is ended with the context."""
    made = Hotel(folder / "demo-data", clock)
    command = [*DEMO, "--data", str(made.data), "--history", "1", "--port", "0"]
    with subprocess.Popen(command, env=made.environment, stdout=subprocess.PIPE, text=True) as demo:
        try:
            made.connect(_shown(demo))
            until(lambda: (progress := progress_in(made.folder)) is not None and progress.is_done)
            yield made
        finally:
            demo.terminate()
            demo.wait(60)


def until(holds: Callable[[], Any], *, within_s: float = START_WITHIN_S, every_s: float = 0.2) -> Any:
    """Ask again and again until the answer is something; gives it, or what it was at the end of the time."""
    deadline = time.monotonic() + within_s
    while True:
        try:
            answer = holds()
        except ApiError:
            answer = None
        if answer or time.monotonic() > deadline:
            return answer
        time.sleep(every_s)


def _shown(demo: subprocess.Popen[str]) -> str:
    assert demo.stdout is not None
    lines: list[str] = []
    for line in demo.stdout:
        lines.append(line)
        if "Ctrl-C" in line:
            return "".join(lines)
    raise AssertionError(f"the demo ended: {''.join(lines)}")


def _field(path: str, name: str) -> int:
    text = Path(path).read_text(encoding="ascii", errors="replace")
    found = re.search(rf"^{name}:\s+(\d+)", text, re.MULTILINE)
    assert found, f"{path} has no {name}"
    return int(found[1])


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0


def _command_line(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
