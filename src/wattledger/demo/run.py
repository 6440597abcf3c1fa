"""`wattledger demo`: a server in a hotel of simulated meters, for newcomers, screenshots and a first `curl`."""

from __future__ import annotations

import argparse
import fcntl
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO

from rich.console import Console

from wattledger.demo import incident, truth
from wattledger.demo.children import Interrupted, interruptible, seeder, server, station
from wattledger.demo.client import Api, ApiError
from wattledger.demo.folder import HISTORY_DAYS, DemoFolder
from wattledger.demo.inputs import put_up
from wattledger.demo.showing import Running, show
from wattledger.demo.tls import ensure_meter_certificate
from wattledger.plant import DataFolder
from wattledger.web.terminal import gettext as _

READY_WITHIN_S = 60.0
PROFILES = Path(__file__).parent / "profiles"
STATIONS = ("hosts", "line", "inputs")
TOOLS = {"incident": incident.main, "truth": truth.main}


def main(argv: Sequence[str] | None = None) -> int:
    """Run the demo until Ctrl-C, or one of its tools; 0 when all is well, 1 when it could not start or broke."""
    words = list(sys.argv[1:] if argv is None else argv)
    if words[:1] and words[0] in TOOLS:
        return TOOLS[words[0]](words[1:])
    parser = argparse.ArgumentParser(
        prog="wattledger demo",
        description=_("Run a server in a hotel of simulated meters."),
        epilog=_("Tools beside a running demo: wattledger demo incident --help, wattledger demo truth --help."),
    )
    parser.add_argument(
        "--data", type=Path, default=Path("demo-data"), help=_("its data folder; kept for the next time")
    )
    parser.add_argument("--port", type=int, default=8888, help=_("HTTPS port on this computer"))
    parser.add_argument(
        "--history",
        type=int,
        default=HISTORY_DAYS,
        metavar="DAYS",
        help=_("how many days of past are seeded when it is new (%(default)s)"),
    )
    chosen = parser.parse_args(words)
    console = Console()
    try:
        with interruptible():
            _run(chosen.data.absolute(), port=_free(chosen.port), history_days=chosen.history, console=console)
    except Interrupted:
        console.print(_("The demo has ended; its data stay in {folder}.").format(folder=chosen.data))
        return 0
    except (ApiError, RuntimeError, OSError) as error:
        console.print(str(error), style="red")
        return 1
    return 1


def _run(data: Path, *, port: int, history_days: int, console: Console) -> None:
    data.mkdir(mode=0o700, exist_ok=True)
    folder = DemoFolder(data)
    is_new = not folder.is_open
    folder.open(now_s=time.time(), history_days=history_days)
    address = f"https://127.0.0.1:{port}"
    with ExitStack() as started:
        started.enter_context(_alone(folder))
        log = started.enter_context(folder.log.open("ab"))
        console.print(_("Starting; the log is {file}.").format(file=log.name), style="dim")
        _furnish(folder)
        certificate = ensure_meter_certificate(folder)
        simulators = started.enter_context(ExitStack())  # end after the server, which would miss them
        serve = server(data, port=port, board=folder.board, log=log)
        if is_new:  # nothing is declared yet: the server may start beside the simulators
            serving = started.enter_context(serve)
        places = _simulate(simulators, folder, log=log)
        if not is_new:
            serving = started.enter_context(serve)
        _wait_until_ready(address, DataFolder(data).certificate, serving, log=folder.log)
        token_file = _token_file(data)
        api = Api(address, certificate=DataFolder(data).certificate, token=token_file.read_text(encoding="ascii"))
        running = Running(
            folder=folder,
            api=api,
            address=address,
            token_file=token_file,
            places=places,
            certificate=certificate,
            server=serving,
            seed=lambda: started.enter_context(seeder(data, address, log=log)),
        )
        show(running, console)


def _simulate(started: ExitStack, folder: DemoFolder, *, log: IO[bytes]) -> dict[str, str]:
    """Start all simulators; gives where each bus is. What was counted so far is worked out once, before."""
    folder.records(now_s=time.time())
    places: dict[str, str] = {}
    for name in STATIONS:
        places |= started.enter_context(station(name, folder.data, log=log))
    return places


@contextmanager
def _alone(folder: DemoFolder) -> Iterator[None]:
    """Keep other demos off the folder; raises RuntimeError when there is one."""
    with (folder.root / "lock").open("wb") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise RuntimeError(_("Another demo uses the folder {folder}.").format(folder=folder.data)) from None
        yield


def _furnish(folder: DemoFolder) -> None:
    """Put up what the server finds when it starts: profiles of its user's own, and the inputs of its board."""
    profiles = DataFolder(folder.data).profiles
    profiles.mkdir(mode=0o700, exist_ok=True)
    for path in PROFILES.glob("*.yaml"):
        shutil.copyfile(path, profiles / path.name)
    put_up(folder)


def _free(port: int) -> int:
    """`port` if nobody has it, else one that is free."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_until_ready(address: str, certificate: Path, child: subprocess.Popen[bytes], *, log: Path) -> None:
    deadline = time.monotonic() + READY_WITHIN_S
    while child.poll() is None:
        try:
            Api(address, certificate=certificate).get("health")
        except (ApiError, FileNotFoundError):
            if time.monotonic() > deadline:
                raise
            time.sleep(0.2)
        else:
            return
    raise RuntimeError(_("The server ended while it started; its log says why: {line}").format(line=_last_line(log)))


def _last_line(log: Path) -> str:
    return log.read_text(encoding="utf-8", errors="replace").rstrip().rpartition("\n")[2]


def _token_file(root: Path) -> Path:
    """The demo's own API token, made once and kept readable by its owner alone."""
    kept = root / "demo-token"
    if not kept.exists():
        made = subprocess.run(
            [sys.executable, "-m", "wattledger.services.cli", "token", "create", "admin", "--data", str(root)],
            capture_output=True,
            text=True,
            check=True,
        )
        with os.fdopen(os.open(kept, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(made.stdout.split()[-1])
    return Path(os.path.relpath(kept))
