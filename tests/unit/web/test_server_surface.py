"""What stands between the network and the apps: bounded bodies, the secret key, settings without a folder."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from asgiref.testing import ApplicationCommunicator
from django.db import connection

from wattledger.plant import DataFolder
from wattledger.web.asgi import application, bounded
from wattledger.web.secret import ensure_secret_key

WITHIN_S = 10.0
MOST = 1000


def scope(headers: list[tuple[bytes, bytes]], path: str = "/api/v1/buses", method: str = "POST") -> dict[str, Any]:
    return {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": method, "path": path,
        "raw_path": path.encode(), "query_string": b"", "headers": [(b"host", b"x"), *headers], "scheme": "https",
        "client": ("127.0.0.1", 1), "server": ("127.0.0.1", 2),
    }  # fmt: skip


async def echo(_: Any, receive: Callable[[], Any], send: Callable[[Any], Any]) -> None:
    """Reads all of the body, then answers."""
    more = True
    while more:
        more = (await receive()).get("more_body", False)
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b""})


@pytest.mark.parametrize(
    ("told", "chunks", "status"),
    [
        (None, [b"x" * 500, b"x" * 500], 200),
        (b"1000", [b"x" * 1000], 200),
        (b"1001", [], 413),
        (b"99999999999999999999", [], 413),
        (None, [b"x" * 500, b"x" * 501], 413),
        (b"10", [b"x" * 1001], 413),
    ],
)
async def test_a_body_is_bounded_whether_its_length_is_told_or_not(
    told: bytes | None, chunks: list[bytes], status: int
) -> None:
    headers = [] if told is None else [(b"content-length", told)]
    server = ApplicationCommunicator(bounded(echo, most_bytes=MOST), scope(headers))  # type: ignore[arg-type]
    for number, chunk in enumerate(chunks, start=1):
        await server.send_input({"type": "http.request", "body": chunk, "more_body": number < len(chunks)})

    answer = await server.receive_output(WITHIN_S)
    await server.receive_output(WITHIN_S)
    await server.wait(WITHIN_S)

    assert answer["status"] == status


async def test_the_application_answers_with_the_headers_of_the_api(folder: DataFolder) -> None:
    server = ApplicationCommunicator(application, scope([], "/api/v1/me", "GET"))
    await server.send_input({"type": "http.request", "body": b"", "more_body": False})

    answer = await server.receive_output(WITHIN_S)
    await server.receive_output(WITHIN_S)
    await server.wait(WITHIN_S)

    headers = {name.lower(): value for name, value in answer["headers"]}
    assert answer["status"] == 401
    assert headers[b"content-type"] == b"application/problem+json"
    assert headers[b"content-security-policy"].startswith(b"default-src 'none'")


def test_the_secret_key_is_made_once_and_for_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "data" / "secret.key"

    with ThreadPoolExecutor(1) as pool:
        pool.submit(ensure_secret_key, path).result()
    first = path.read_text()
    ensure_secret_key(path)

    assert path.read_text() == first
    assert len(first) >= 64
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [file.name for file in path.parent.iterdir()] == ["secret.key"]


@pytest.mark.parametrize("content", [b"", b"short\n", b"\0" * 64, b"\xa5" * 64, b"k" * 49])
def test_what_cannot_be_a_secret_key_is_set_aside_and_made_anew(
    tmp_path: Path, content: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "secret.key"
    path.write_bytes(content)

    ensure_secret_key(path)
    made = path.read_text()
    ensure_secret_key(path)

    assert path.read_text() == made
    assert len(made) >= 64
    assert (tmp_path / "secret.key.damaged").read_bytes() == content
    assert [record.getMessage().count("secret.key.damaged") for record in caplog.records] == [1]


def test_a_secret_key_that_somebody_chose_stays(tmp_path: Path) -> None:
    path = tmp_path / "secret.key"
    path.write_text("correct-horse-battery-staple-" * 2 + "\n")

    ensure_secret_key(path)

    assert path.read_text().startswith("correct-horse")


def run_settings(folder: Path | None) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if name != "WATTLEDGER_DATA"}
    if folder is not None:
        environment["WATTLEDGER_DATA"] = str(folder)
    shown = "import wattledger.web.settings as s; print(s.SECRET_KEY); print(s.DATABASES['default']['NAME'])"
    return subprocess.run(
        [sys.executable, "-c", shown], env=environment, capture_output=True, text=True, check=False, cwd="/"
    )


def test_settings_work_without_a_data_folder_and_write_nothing() -> None:
    key, database = run_settings(None).stdout.split()

    assert len(key) == 50
    assert database == ":memory:"


def test_settings_take_key_and_database_from_the_data_folder(tmp_path: Path) -> None:
    ensure_secret_key(tmp_path / "secret.key")

    assert run_settings(tmp_path).stdout.split() == [
        (tmp_path / "secret.key").read_text(),
        str(tmp_path / "config.sqlite3"),
    ]


def test_a_data_folder_without_a_key_is_an_error_that_says_what_to_do(tmp_path: Path) -> None:
    ended = run_settings(tmp_path)

    assert ended.returncode != 0
    assert "secret.key" in ended.stderr
    assert "starting the server makes it" in ended.stderr


def test_the_database_is_opened_for_several_processes(folder: DataFolder, api: Any) -> None:
    with connection.cursor() as cursor:
        found = {
            name: cursor.execute(f"PRAGMA {name}").fetchone()[0]
            for name in ("journal_mode", "synchronous", "busy_timeout", "foreign_keys")
        }

    assert found == {"journal_mode": "wal", "synchronous": 2, "busy_timeout": 5000, "foreign_keys": 1}
