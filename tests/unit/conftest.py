"""A server's web side on a data folder of its own, for the tests that ask for it; the others never load Django."""

# ruff: noqa: PLC0415 - Django must be set up before its models are imported, and only where it is wanted

from __future__ import annotations

import asyncio
import json
import os
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from wattledger.plant import DataFolder

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "wattledger.web.settings")

WITHIN_S = 15.0


@pytest.fixture(scope="session")
def new_configuration(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The configuration database as a new server has it; tests copy it."""
    from django.core.management import call_command
    from django.db import connection

    path = tmp_path_factory.mktemp("new") / "config.sqlite3"
    with _database(path):
        call_command("migrate", verbosity=0)
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return path


@pytest.fixture
def folder(tmp_path: Path, new_configuration: Path) -> Iterator[DataFolder]:
    """A data folder with a new configuration that Django and the API work on; no engine runs there."""
    from django.test import override_settings

    from wattledger.apps.rest.server import journal
    from wattledger.vault import ensure_vault_key

    found = DataFolder(tmp_path / "data")
    found.root.mkdir()
    found.run.mkdir()
    ensure_vault_key(found.vault_key)
    shutil.copy(new_configuration, found.configuration)
    with _database(found.configuration), override_settings(DATA_FOLDER=found, CONTROL_TIMEOUT_S=10.0):
        yield found
        journal().close()


@contextmanager
def _database(path: Path) -> Iterator[None]:
    """Django's one database lies at `path`, in every thread."""
    from django.db import connections

    settings = connections.settings["default"]
    before = settings["NAME"]
    settings["NAME"] = str(path)
    try:
        yield
    finally:
        connections.close_all()
        settings["NAME"] = before


class ApiCaller:
    """A program that uses the API; `token` None: it shows none."""

    def __init__(self, token: str | None, *, language: str = "en") -> None:
        from django.test import Client

        headers = {"Accept-Language": language} | ({"Authorization": f"Bearer {token}"} if token else {})
        self.token = token
        self._client = Client(headers=headers, raise_request_exception=False)

    def __call__(self, method: str, path: str, body: object = None, **headers: str) -> Any:
        """The response; `body` is sent as JSON unless it is bytes."""
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        kept = {} if body is None else {"data": body if isinstance(body, bytes) else json.dumps(body)}
        content_type = sent.pop("Content-Type", "application/json")
        return self._client.generic(method, f"/api/v1{path}", content_type=content_type, headers=sent, **kept)

    def get(self, path: str, **headers: str) -> Any:
        """What a GET answers, which must be a success."""
        response = self("GET", path, **headers)
        assert response.status_code == 200, response.content
        return response.json()

    def post(self, path: str, body: object, **headers: str) -> Any:
        """What a POST answers, which must be a success."""
        response = self("POST", path, body, **headers)
        assert response.status_code in (200, 201, 204), response.content
        return response.json() if response.content else None

    def patch(self, path: str, body: object) -> Any:
        """What a PATCH answers, which must be a success."""
        response = self("PATCH", path, body)
        assert response.status_code == 200, response.content
        return response.json()


@pytest.fixture
def user_with(folder: DataFolder) -> Callable[[str], Any]:
    """Makes a user of a profile; his identifier is the profile's name."""
    from wattledger.apps.accounts.models import User

    def make(profile: str) -> User:
        if profile == "administrator":
            return User.objects.get(identifier="admin")
        return User.objects.get_or_create(identifier=profile, defaults={"name": profile, "profile": profile})[0]

    return make


@pytest.fixture
def caller(user_with: Callable[[str], Any]) -> Callable[..., ApiCaller]:
    """Makes programs that act as a user of a profile ("anonymous": as nobody)."""
    from wattledger.apps.accounts.tokens import create_token

    def make(profile: str = "administrator", *, language: str = "en") -> ApiCaller:
        if profile == "anonymous":
            return ApiCaller(None, language=language)
        token = create_token(user_with(profile), name="tests", actor="tests").secret
        return ApiCaller(token, language=language)

    return make


@pytest.fixture
def api(caller: Callable[..., ApiCaller]) -> ApiCaller:
    """A program that acts as the super admin."""
    return caller()


@pytest.fixture
def bus(api: ApiCaller) -> str:
    """A bus; nobody listens at its address."""
    made = api.post("/buses", {"kind": "modbus-tcp", "name": "Board", "host": "127.0.0.1", "port": 15020})
    return str(made["id"])


@pytest.fixture
def meter(api: ApiCaller, bus: str) -> dict[str, Any]:
    """A declared three-phase meter."""
    wanted = {"name": "Main", "profile": "hager-ecr", "product": "ECR380D", "bus": bus, "unit_id": 1}
    return dict(api.post("/devices", wanted))


@pytest.fixture
def engine(folder: DataFolder) -> Iterator[None]:
    """A real engine on the folder, in a thread of its own; it answers before the test begins."""
    with _running_engine(folder):
        yield


@pytest.fixture
def run_engine_on(folder: DataFolder) -> Callable[[Path], AbstractContextManager[None]]:
    """The same on a computer whose inputs and outputs a board file describes, as often as a test likes."""

    def run(board_file: Path) -> AbstractContextManager[None]:
        from wattledger.fieldbus import load_board

        return _running_engine(folder, board=load_board(board_file))

    return run


@contextmanager
def _running_engine(folder: DataFolder, **settings: Any) -> Iterator[None]:
    from wattledger.apps.rest.server import engine as client
    from wattledger.engine.api import EngineError
    from wattledger.engine.service import EngineSettings, run_engine
    from wattledger.services.engine import SavedConfiguration

    stop = asyncio.Event()
    runner = asyncio.Runner()
    loop = runner.get_loop()

    def run() -> None:
        with runner:
            runner.run(
                run_engine(
                    EngineSettings(folder, **settings), plants=SavedConfiguration(), heartbeat=lambda: None, stop=stop
                )
            )

    thread = threading.Thread(target=run, name="engine")
    thread.start()
    try:
        deadline = time.monotonic() + WITHIN_S
        while True:
            try:
                client().state()
                break
            except EngineError:
                assert thread.is_alive(), "the engine ended"
                assert time.monotonic() < deadline, "the engine does not answer"
                time.sleep(0.02)
        yield
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join()


@pytest.fixture
def visit(user_with: Callable[[str], Any]) -> Callable[..., Any]:
    """Makes browsers: logged in as a user of a profile who has no duties left, or as nobody ("anonymous")."""
    from django.test import Client

    from wattledger.apps.accounts.models import User
    from wattledger.apps.accounts.sessions import COOKIE, begin_session

    def make(profile: str = "administrator", *, language: str = "en", **options: Any) -> Client:
        client = Client(headers={"Accept-Language": language}, raise_request_exception=False, **options)
        if profile != "anonymous":
            user = user_with(profile)
            User.objects.filter(pk=user.pk).update(licence_accepted=datetime.now(UTC), must_change_password=False)
            client.cookies[COOKIE] = begin_session(user, address="192.0.2.7", browser="tests")
        return client

    return make
