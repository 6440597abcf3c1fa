"""What the tests in a browser share: a running server, and how one logs in."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from playwright.sync_api import Page

from wattledger.demo.client import Api
from wattledger.plant import DataFolder

COMMAND = [sys.executable, "-m", "wattledger.services.cli"]
READY_WITHIN_S = 40.0
PASSWORD = "Tilleul-2026"


@dataclass(frozen=True, slots=True)
class Served:
    """A running server."""

    address: str
    folder: DataFolder

    @property
    def api(self) -> Api:
        """The API, as the super admin."""
        made = subprocess.run(
            [*COMMAND, "token", "create", "admin", "--data", str(self.folder.root)],
            capture_output=True,
            text=True,
            timeout=60,
            check=True,
        )
        return Api(self.address, certificate=self.folder.certificate, token=made.stdout.split()[-1])


def free_port() -> int:
    """A port on which nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def until(holds: Callable[[], Any], *, within_s: float = READY_WITHIN_S) -> Any:
    """Ask again and again until the answer is something; gives it."""
    deadline = time.monotonic() + within_s
    while not (answer := holds()):
        assert time.monotonic() < deadline, f"{holds} never held"
        time.sleep(0.05)
    return answer


def log_in(page: Page, address: str, *, password: str, button: str = "Log in") -> None:
    """Type name and password of the super admin at the login page."""
    page.goto(f"{address}/login/")
    page.locator("#id_identifier").fill("admin")
    page.locator("#id_password").fill(password)
    page.locator("form").get_by_role("button", name=button, exact=True).click()
