"""Servers as processes, and what /proc says of them."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from wattledger.journal import Event, Journal

DEADLINE_S = 30.0  # the machine may be busy; nothing takes that long when all is well
TINY_SERVER = Path(__file__).with_name("tiny_server.py")


def until(condition: Callable[[], object], what: str) -> None:
    """Wait until it holds."""
    deadline = time.monotonic() + DEADLINE_S
    while not condition():
        assert time.monotonic() < deadline, f"never came true: {what}"
        time.sleep(0.02)


class Server:
    """A server's parent process and what can be seen of it from outside."""

    port = 0  # of a real one

    def __init__(self, data: Path, command: list[str]) -> None:
        self.data = data
        self.command = command
        self.parent = subprocess.Popen(
            [sys.executable, *command],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    @property
    def pid(self) -> int:
        return self.parent.pid

    def until_ready(self) -> str:
        """The line that says so."""
        assert self.parent.stdout is not None
        line = self.parent.stdout.readline()
        assert "ready" in line, self.parent.communicate(timeout=DEADLINE_S)
        return line

    def child(self, name: str) -> int | None:
        """The pid of a child."""
        return next((pid for pid in self.children() if title(pid) == f"wattledger: {name}"), None)

    def children(self) -> list[int]:
        return [pid for pid in processes() if parent_of(pid) == self.pid]

    def until_replaced(self, name: str, old: int | None) -> int:
        seen: list[int] = []

        def is_replaced() -> bool:
            seen.extend(pid for pid in (self.child(name),) if pid not in (None, old))
            return bool(seen)

        until(is_replaced, f"a new {name}")
        return seen[-1]

    def stop(self, number: int = signal.SIGTERM) -> tuple[int, str, str]:
        """Exit code, stdout and stderr after the signal."""
        self.parent.send_signal(number)
        out, err = self.parent.communicate(timeout=DEADLINE_S)
        return self.parent.returncode, out, err

    def finished(self) -> tuple[int, str, str]:
        """The same of one that ends by itself."""
        out, err = self.parent.communicate(timeout=DEADLINE_S)
        return self.parent.returncode, out, err

    def events(self, code: str) -> tuple[Event, ...]:
        with Journal(self.data / "journal.sqlite3") as journal:
            return journal.events(codes=[code]).events

    def clean_up(self) -> None:
        for pid in [self.pid, *self.children()]:
            if self.parent.poll() is None or pid != self.pid:
                os.kill(pid, signal.SIGKILL)
        if self.parent.poll() is None:
            self.parent.communicate()
        for stream in (self.parent.stdout, self.parent.stderr):
            if stream is not None:
                stream.close()


def processes() -> list[int]:
    return [int(path.name) for path in Path("/proc").iterdir() if path.name.isdigit()]


def parent_of(pid: int) -> int | None:
    """The parent of a process that still runs; None for one that is gone or a zombie."""
    try:
        after_name = (Path("/proc") / str(pid) / "stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    return None if after_name[0] in "ZX" else int(after_name[1])


def is_alive(pid: int) -> bool:
    return parent_of(pid) is not None


def title(pid: int) -> str:
    try:
        return re.sub(r"\x00.*", "", (Path("/proc") / str(pid) / "cmdline").read_bytes().decode(), flags=re.DOTALL)
    except OSError:
        return ""


class Look:
    """The helpers above, for tests that cannot import them."""

    until = staticmethod(until)
    is_alive = staticmethod(is_alive)
    title = staticmethod(title)


@pytest.fixture
def look() -> type[Look]:
    return Look


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Server]]:
    """Start a parent with tiny children: `start("engine=good", …)`."""
    started: list[Server] = []

    def start_one(*children: str, data: Path | None = None) -> Server:
        folder = data or tmp_path / "data"
        started.append(Server(folder, [str(TINY_SERVER), str(folder), *children]))
        return started[-1]

    yield start_one
    for server in started:
        server.clean_up()


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Callable[..., Server]]:
    """Start the real thing: `run("--port", …)`."""
    started: list[Server] = []

    def start_one(*options: str, data: Path | None = None, port: int) -> Server:
        started.append(real_server(data or tmp_path / "data", port, *options))
        return started[-1]

    yield start_one
    for server in started:
        server.clean_up()


def real_server(data: Path, port: int, *options: str) -> Server:
    command = ["-m", "wattledger.services.cli", "run", "--data", str(data), "--port", str(port), *options]
    server = Server(data, command)
    server.port = port
    return server


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


@pytest.fixture
def port() -> int:
    return free_port()


@pytest.fixture(scope="module")
def standing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One real server that runs, for tests that leave it as it was."""
    server = real_server(tmp_path_factory.mktemp("standing") / "data", free_port())
    try:
        server.until_ready()
        yield server
    finally:
        server.clean_up()
