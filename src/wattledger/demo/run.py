"""`wattledger demo`: a server with a simulated meter, for newcomers, screenshots and a first `curl`."""

from __future__ import annotations

import argparse
import os
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.live import Live

from wattledger.demo.children import Interrupted, interruptible, server, simulated_meter
from wattledger.demo.client import Api, ApiError
from wattledger.demo.plant import PRODUCT, SERIAL, declare
from wattledger.demo.screen import screen
from wattledger.plant import DataFolder
from wattledger.web.terminal import gettext as _

READY_WITHIN_S = 60.0
LOOK_EVERY_S = 1.0


def main(argv: Sequence[str] | None = None) -> int:
    """Run the demo until Ctrl-C; 0 when it was asked to end, 1 when it could not start or broke."""
    parser = argparse.ArgumentParser(prog="wattledger demo", description=_("Run a server with a simulated meter."))
    parser.add_argument(
        "--data", type=Path, default=Path("demo-data"), help=_("its data folder; kept for the next time")
    )
    parser.add_argument("--port", type=int, default=8888, help=_("HTTPS port on this computer"))
    chosen = parser.parse_args(argv)
    console = Console()
    try:
        with interruptible():
            _run(chosen.data.absolute(), chosen.port, console)
    except Interrupted:
        console.print(_("The demo has ended; its data stay in {folder}.").format(folder=chosen.data))
        return 0
    except (ApiError, RuntimeError, OSError) as error:
        console.print(str(error), style="red")
        return 1
    return 1


def _run(root: Path, port: int, console: Console) -> None:
    root.mkdir(mode=0o700, exist_ok=True)
    folder = DataFolder(root)
    port = _free(port)
    address = f"https://127.0.0.1:{port}"
    with (
        (root / "demo.log").open("ab") as log,
        simulated_meter(PRODUCT, serial=SERIAL, log=log) as meter_port,
        server(root, port=port, log=log) as child,
    ):
        console.print(_("Starting; the log is {file}.").format(file=log.name), style="dim")
        _wait_until_ready(address, folder.tls / "cert.pem", child, log=Path(log.name))
        token_file = _token_file(root)
        api = Api(address, certificate=folder.tls / "cert.pem", token=token_file.read_text(encoding="ascii"))
        device = declare(api, meter_port=meter_port)
        _show(api, console, child, address=address, token_file=token_file, device=device)


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


def _show(
    api: Api, console: Console, child: subprocess.Popen[bytes], *, address: str, token_file: Path, device: str
) -> None:
    with Live(console=console, auto_refresh=False, transient=not console.is_terminal) as live:
        is_shown = False
        while child.poll() is None:
            values, notice = _live_values(api, device)
            if console.is_terminal:
                live.update(screen(address, token_file, device, values, notice=notice), refresh=True)
            elif values and not is_shown:  # a file or a pipe: once, when there is something to see
                console.print(screen(address, token_file, device, values))
                is_shown = True
            time.sleep(LOOK_EVERY_S)
    raise RuntimeError(_("The server has ended; its log says why."))


def _live_values(api: Api, device: str) -> tuple[list[dict[str, Any]], str]:
    """What there is to show, and what is wrong where there is nothing."""
    try:
        return api.list(f"devices/{device}/live"), ""
    except ApiError as error:
        return [], str(error)
