"""A real server on a free port with a simulated meter, and Debian's Chromium that looks at it."""

from __future__ import annotations

import signal
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from browsing import COMMAND, PASSWORD, Served, free_port, log_in, until
from wattledger.demo.client import Api, ApiError
from wattledger.plant import DataFolder

CHROMIUM = "/usr/bin/chromium"
POLICY = "Content Security Policy"
STOP_WITHIN_S = 20.0


@pytest.fixture(scope="session")
def serve(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., Served]]:
    """Start servers on new folders; they end with the session."""
    running: list[subprocess.Popen[bytes]] = []

    def start(*options: str) -> Served:
        folder = DataFolder(tmp_path_factory.mktemp("data"))
        port = free_port()
        process = subprocess.Popen(
            [*COMMAND, "run", "--data", str(folder.root), "--port", str(port), *options], stdout=subprocess.DEVNULL
        )
        running.append(process)
        served = Served(f"https://127.0.0.1:{port}", folder)

        def is_ready() -> bool:
            assert process.poll() is None, "the server ended"
            try:
                return bool(Api(served.address, certificate=folder.certificate).get("health")["status"] == "ok")
            except (ApiError, FileNotFoundError):
                return False

        until(is_ready)
        return served

    yield start
    for process in running:
        process.send_signal(signal.SIGTERM)
    for process in running:
        process.wait(STOP_WITHIN_S)


@pytest.fixture(scope="session")
def server(serve: Callable[..., Served]) -> Served:
    """A server with a name and a device that does not answer."""
    served = serve()
    api = served.api
    api.patch("site", {"name": "Hôtel Les Tilleuls"})
    where = {"kind": "modbus-tcp", "name": "Board", "host": "127.0.0.1", "port": free_port(), "timeout_s": 0.25}
    bus = api.post("buses", where)["id"]
    api.post("devices", {"name": "Spa", "profile": "hager-ecr", "product": "ECR380D", "bus": bus, "unit_id": 14})
    until(lambda: api.get("events?status=active")["items"])
    return served


@pytest.fixture(scope="session")
def browser_type_launch_args() -> dict[str, Any]:
    """Debian's browser, not one that playwright would fetch."""
    return {"executable_path": CHROMIUM, "args": ["--disable-gpu", "--disable-dev-shm-usage"]}


@pytest.fixture
def open_browser(browser: Browser) -> Iterator[Callable[..., Page]]:
    """Opens pages in contexts of their own; a complaint in their console, as of the content policy, is a failure."""
    contexts: list[BrowserContext] = []
    complaints: list[str] = []

    def make(**options: Any) -> Page:
        context = browser.new_context(**{"ignore_https_errors": True, "locale": "en-GB", **options})
        context.set_default_timeout(10_000)
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on(
            "console", lambda said: complaints.append(said.text) if "Content Security Policy" in said.text else None
        )
        return page

    yield make
    for context in contexts:
        context.close()
    assert complaints == []


@pytest.fixture(scope="session")
def login_state(browser: Browser, server: Served) -> Any:
    """The cookies of a browser in which the super admin is logged in."""
    context = browser.new_context(ignore_https_errors=True, locale="en-GB")
    page = context.new_page()
    log_in(page, server.address, password="admin")
    page.get_by_role("button", name="I agree").click()
    for field, password in {"old": "admin", "new": PASSWORD, "repeated": PASSWORD}.items():
        page.locator(f"#id_{field}").fill(password)
    page.get_by_role("button", name="Change the password").click()
    expect(page.get_by_role("heading", name="Hello, Administrator")).to_be_visible()
    state = context.storage_state()
    context.close()
    return state


@pytest.fixture
def inside(open_browser: Callable[..., Page], login_state: Any) -> Callable[..., Page]:
    """Opens pages in which the super admin is logged in."""

    def make(**options: Any) -> Page:
        return open_browser(storage_state=login_state, **options)

    return make


@pytest.fixture(scope="session")
def axe() -> str:
    """The script that looks for what keeps people from using a page."""
    return (Path(__file__).parents[2] / "frontend/node_modules/axe-core/axe.min.js").read_text(encoding="utf-8")
