"""The whole product as its users start it: `wattledger run` on a data folder, reached over HTTPS with a token."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Protocol

import pytest

from wattledger.demo.client import Api, ApiError
from wattledger.plant import DataFolder

READY_WITHIN_S = 40.0
STOP_WITHIN_S = 20.0
COMMAND = [sys.executable, "-m", "wattledger.services.cli"]


class Meter(Protocol):
    port: int

    def tell(self, command: str) -> None: ...


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def until(holds: Callable[[], Any], *, within_s: float = READY_WITHIN_S) -> Any:
    """Ask again and again until the answer is something; gives it."""
    deadline = time.monotonic() + within_s
    while True:
        answer = holds()
        if answer:
            return answer
        assert time.monotonic() < deadline, f"{holds} never held"
        time.sleep(0.05)


class Server:
    """One `wattledger run`, and what one can do to it."""

    def __init__(self, root: Path) -> None:
        self.folder = DataFolder(root)
        self.port = free_port()
        self.until = until
        self._process: subprocess.Popen[str] | None = None
        self._token = ""

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def command(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run `wattledger …` to its end."""
        return subprocess.run([*COMMAND, *arguments], capture_output=True, text=True, timeout=60, check=False)

    def start(self, *options: str, environment: Mapping[str, str] | None = None) -> None:
        """Start, with further options of `run`, and wait until all services do."""
        self.launch(*options, environment=environment)
        until(self.is_ready)

    def launch(self, *options: str, environment: Mapping[str, str] | None = None) -> None:
        """Start and wait for nothing."""
        self._process = subprocess.Popen(
            [*COMMAND, "run", "--data", str(self.folder.root), "--port", str(self.port), *options],
            env={**os.environ, **(environment or {})},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            text=True,
        )

    def stop(self) -> int:
        """Ask it to end, as systemd does; gives the exit code."""
        assert self._process is not None
        self._process.terminate()
        return self._process.wait(STOP_WITHIN_S)

    def kill(self) -> None:
        """Pull the plug on the parent."""
        assert self._process is not None
        self._process.kill()
        self._process.wait()

    def close(self) -> None:
        if self._process is not None and self._process.poll() is None:
            self._process.kill()
            self._process.wait()

    def child(self, name: str) -> int | None:
        """The process id of a child; None while it is being restarted."""
        listed = subprocess.run(["pgrep", "-P", str(self.pid)], capture_output=True, text=True, check=False).stdout
        for pid in listed.split():
            try:
                if f"wattledger: {name}" in Path(f"/proc/{pid}/cmdline").read_text(encoding="utf-8"):
                    return int(pid)
            except OSError:
                continue
        return None

    def kill_child(self, name: str) -> None:
        pid = self.child(name)
        if pid is not None:
            os.kill(pid, signal.SIGKILL)

    def is_ready(self) -> bool:
        assert self._process is not None
        assert self._process.poll() is None, "the server ended"
        try:
            services = Api(self.address, certificate=self.folder.certificate).get("health")["services"]
        except (ApiError, FileNotFoundError):
            return False
        return all(state == "ok" for state in services.values())

    @property
    def address(self) -> str:
        return f"https://127.0.0.1:{self.port}"

    @property
    def token(self) -> str:
        """An access token of the super admin, made at first use."""
        if not self._token:
            made = self.command("token", "create", "admin", "--data", str(self.folder.root))
            assert made.returncode == 0, made.stderr
            self._token = made.stdout.split()[-1]
        return self._token

    @property
    def api(self) -> Api:
        return Api(self.address, certificate=self.folder.certificate, token=self.token)

    def declare(self, meter: Meter, *, minutes: int = 5) -> str:
        """A bus, the meter on it and its recording interval; gives the device's id."""
        api = self.api
        where = {"kind": "modbus-tcp", "name": "Board", "host": "127.0.0.1", "port": meter.port}
        bus = api.post("buses", {**where, "timeout_s": 0.5, "retries": 1})["id"]
        api.patch("intervals", {"intervals": {"energy": minutes, "power": minutes}})
        wanted = {"name": "Main meter", "profile": "hager-ecr", "product": "ECR380D", "bus": bus, "unit_id": 1}
        device = str(api.post("devices", {**wanted, "recorded": "default"})["id"])
        until(lambda: self.live(device))
        return device

    def readings(self, device: str, point: str) -> list[tuple[str, float, str]]:
        """All recorded readings of a point: time, value, quality; none while the server does not answer."""
        try:
            path = f"readings?device={device}&point={point}&start=2000-01-01T00:00:00Z&end=2100-01-01T00:00:00Z"
            return [(row[0], row[1], row[2]) for row in self.api.get(path)["rows"]]
        except ApiError:
            return []

    def events(self, code: str) -> list[dict[str, Any]]:
        """The events of one code, newest first."""
        try:
            return [event for event in self.api.list("events?limit=200") if event["code"] == code]
        except ApiError:
            return []

    def live(self, device: str) -> dict[str, Any]:
        try:
            values = self.api.list(f"devices/{device}/live")
        except ApiError:
            return {}
        return {value["point"]: value for value in values if value["value"] is not None}


class ServerClock:
    """The wall clock of a server, shifted by the library that `faketime` brings; its monotonic clock stays true."""

    def __init__(self, folder: Path, *, seconds_before_a_slot: float) -> None:
        self._file = folder / "shift"
        self.shift_s = 0.0
        self.step(60 - time.time() % 60 - seconds_before_a_slot)
        [library] = Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1")
        self.environment = {
            "LD_PRELOAD": str(library),
            "FAKETIME_TIMESTAMP_FILE": str(self._file),
            "FAKETIME_NO_CACHE": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            "DONT_FAKE_MONOTONIC": "1",
        }

    def step(self, by_s: float) -> None:
        """Move the wall clock, as a hand or a time daemon does."""
        self.shift_s += by_s
        beside = self._file.with_suffix(".new")
        beside.write_text(f"{self.shift_s:+.3f}")
        beside.replace(self._file)

    def now(self) -> float:
        return time.time() + self.shift_s


@pytest.fixture
def clock(tmp_path: Path) -> ServerClock:
    """Some ten seconds before a full minute: time to start and to declare a meter."""
    return ServerClock(tmp_path, seconds_before_a_slot=12)


@pytest.fixture
def make_server(tmp_path: Path) -> Iterator[Callable[[Path | None], Server]]:
    """Servers on folders of their own; whatever a test leaves running is ended."""
    with ExitStack() as servers:

        def make(root: Path | None = None) -> Server:
            server = Server(root or tmp_path / "data")
            server.folder.root.mkdir(parents=True, exist_ok=True)
            servers.callback(server.close)
            return server

        yield make


@pytest.fixture
def server(make_server: Callable[[], Server]) -> Server:
    """A running server on an empty folder."""
    made = make_server()
    made.start()
    return made


class SmallCard:
    """A file system with little space, which can be filled to the last byte."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def fill(self) -> None:
        with (self.folder / "filler").open("wb", buffering=0) as filler:
            for size in (65536, 512):
                try:
                    while True:
                        filler.write(os.urandom(size))
                except OSError:
                    continue

    def free(self) -> None:
        (self.folder / "filler").unlink()


@pytest.fixture
def small_card(tmp_path: Path) -> Iterator[SmallCard]:
    """A card of 24 MB, mounted for the test."""
    folder = tmp_path / "card"
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=24m", "card", folder], check=True)
    yield SmallCard(folder)
    subprocess.run(["umount", "--lazy", folder], check=True)
