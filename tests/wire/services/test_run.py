"""`wattledger run` and the commands beside it, as a user starts them."""

from __future__ import annotations

import json
import os
import signal
import socket
import sqlite3
import ssl
import subprocess
import sys
import urllib.request
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from wattledger.archive import EmbeddedArchive, Point
from wattledger.journal import JobState, Journal

SHORT_S = 30


def tls(server: Any) -> ssl.SSLContext:
    """Trusts this server's certificate and nothing else."""
    context = ssl.create_default_context(cafile=str(server.data / "tls" / "cert.pem"))
    context.set_alpn_protocols(["h2", "http/1.1"])
    return context


def get(server: Any, path: str, *, token: str = "") -> Any:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    request = urllib.request.Request(f"https://localhost:{server.port}{path}", headers=headers)
    context = ssl.create_default_context(cafile=str(server.data / "tls" / "cert.pem"))
    with urllib.request.urlopen(request, context=context, timeout=SHORT_S) as answer:
        return json.load(answer)


def post(server: Any, what: str, token: str, content: dict[str, object]) -> Any:
    request = urllib.request.Request(
        f"https://localhost:{server.port}/api/v1/{what}",
        data=json.dumps(content).encode(),
        headers={"Authorization": f"Bearer {token}", "Content-Type": "application/json"},
    )
    context = ssl.create_default_context(cafile=str(server.data / "tls" / "cert.pem"))
    with urllib.request.urlopen(request, context=context, timeout=SHORT_S) as answer:
        return json.load(answer)


def command(*words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "wattledger.services.cli", *words],
        capture_output=True,
        text=True,
        timeout=SHORT_S,
        check=False,
        env=os.environ | environment,
    )


@pytest.fixture
def served(run: Any, port: int) -> Any:
    """A real server of the test's own."""
    server = run(port=port)
    server.until_ready()
    return server


def test_it_serves_its_api_over_tls_with_its_own_certificate_and_ends_without_trace(
    served: Any, port: int, look: Any
) -> None:
    with (
        socket.create_connection(("127.0.0.1", port)) as plain,
        tls(served).wrap_socket(plain, server_hostname="localhost") as secured,
    ):
        assert secured.selected_alpn_protocol() == "h2"
        shown = secured.getpeercert(binary_form=True) or b""
    assert ssl.DER_cert_to_PEM_cert(shown).split() == (served.data / "tls" / "cert.pem").read_text().split()
    assert get(served, "/api/v1/health")["status"] == "ok"
    assert [look.title(pid) for pid in served.children()] == [
        "wattledger: engine",
        "wattledger: web",
        "wattledger: worker",
    ]
    fingerprints = [event.params["fingerprint"] for event in served.events("certificate_created")]
    assert len(fingerprints) == 1
    children = served.children()

    code, _out, err = served.stop()

    assert (code, err) == (0, "")
    assert not any(look.is_alive(pid) for pid in children)
    assert len(served.events("service_started")) == len(served.events("service_stopped")) == 1
    assert served.events("service_restarted") == ()


def test_each_service_comes_back_after_a_kill_and_the_api_answers_again(standing: Any, look: Any) -> None:
    for name in ("engine", "web", "worker"):
        old = standing.child(name)
        os.kill(old, signal.SIGKILL)
        standing.until_replaced(name, old)
    look.until(lambda: len(standing.events("service_restarted")) == 3, "three events")

    def answers() -> bool:
        try:
            return bool(get(standing, "/api/v1/health")["status"] == "ok")
        except OSError:
            return False

    look.until(answers, "the api")


def test_a_journal_damaged_while_the_server_runs_is_replaced_and_the_jobs_go_on(served: Any, look: Any) -> None:
    others = served.child("web"), served.child("worker")
    journal_file = served.data / "journal.sqlite3"
    with closing(sqlite3.connect(journal_file)) as plain:
        plain.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    with journal_file.open("r+b") as file:
        file.write(b"\xa5" * journal_file.stat().st_size)

    old = served.child("engine")
    os.kill(old, signal.SIGKILL)
    served.until_replaced("engine", old)
    look.until(lambda: list(served.data.glob("journal.sqlite3.damaged-*Z")), "the damaged file set aside")

    with Journal(journal_file) as journal:
        number = journal.jobs.submit("snapshot")
        look.until(lambda: journal.jobs.get(number).state is JobState.DONE, "the snapshot")
    look.until(lambda: served.events("service_restarted"), "the engine's restart in the new file")
    assert len(served.events("journal_set_aside")) == 1
    assert (served.child("web"), served.child("worker")) == others
    assert "Traceback" not in (served.data / "logs" / "wattledger.log").read_text()


def test_a_second_server_is_refused_by_folder_and_by_port(standing: Any, run: Any, tmp_path: Path) -> None:
    code, _out, err = run(port=standing.port, data=standing.data).finished()
    assert (code, err.count("\n")) == (3, 1)
    assert f"pid {standing.pid}" in err

    code, _out, err = run(port=standing.port, data=tmp_path / "another").finished()
    assert (code, err.count("\n")) == (4, 1)
    assert str(standing.port) in err


def test_a_new_certificate_is_shown_after_a_hangup(served: Any, look: Any) -> None:
    web, before = served.child("web"), (served.data / "tls" / "cert.pem").read_bytes()
    (served.data / "tls" / "cert.pem").unlink()
    subprocess.run([sys.executable, "-m", "wattledger.services.certificate", str(served.data)], check=True, timeout=30)

    os.kill(served.pid, signal.SIGHUP)
    served.until_replaced("web", web)

    assert (served.data / "tls" / "cert.pem").read_bytes() != before

    def shows_it() -> bool:
        try:
            return bool(get(served, "/api/v1/health")["status"] == "ok")
        except OSError:
            return False

    look.until(shows_it, "an answer under the new certificate")


def test_an_open_stream_does_not_hold_up_the_stop(served: Any, port: int) -> None:
    token = command("token", "create", "admin", "--data", str(served.data)).stdout.split()[-1]
    context = ssl.create_default_context(cafile=str(served.data / "tls" / "cert.pem"))
    with (
        socket.create_connection(("127.0.0.1", port), timeout=SHORT_S) as plain,
        context.wrap_socket(plain, server_hostname="localhost") as stream,
    ):
        stream.sendall(
            b"GET /api/v1/live/stream HTTP/1.1\r\nHost: localhost\r\nAccept: text/event-stream\r\n"
            b"Authorization: Bearer " + token.encode() + b"\r\n\r\n"
        )
        assert stream.recv(4096).startswith(b"HTTP/1.1 200")

        code, _out, _err = served.stop()

    assert code == 0  # it would be 1, had the web been killed for not stopping


def test_a_token_made_beside_the_running_server_opens_the_api(standing: Any) -> None:
    made = command("token", "create", "admin", "--data", str(standing.data))

    assert (made.returncode, made.stderr) == (0, "")
    assert isinstance(get(standing, "/api/v1/profiles", token=made.stdout.splitlines()[-1]), dict | list)
    (event,) = standing.events("token_created")
    assert (event.actor, event.source) == ("local", "cli")


def test_a_token_is_made_directly_after_the_start(run: Any, port: int) -> None:
    server = run(port=port)

    made = command("token", "create", "admin", "--data", str(server.data))
    checked = command("check", "--data", str(server.data))

    assert (made.returncode, made.stderr) == (0, "")
    assert (checked.returncode, checked.stderr) == (0, "")
    server.until_ready()
    assert isinstance(get(server, "/api/v1/profiles", token=made.stdout.splitlines()[-1]), dict | list)


def test_the_commands_refuse_what_is_not_there_in_one_line(standing: Any, tmp_path: Path) -> None:
    data = ["--data", str(standing.data)]
    period = ["--start", "2026-01-01", "--end", "2026-02-01"]
    for words, code in (
        (["token", "create", "nobody", *data], 1),
        (["export", "--device", "Boiler", "--point", "active_power.total", *period, *data], 1),
        (["token", "create", "admin", "--data", str(tmp_path / "missing")], 5),
        (["check", "--data", str(tmp_path / "missing")], 5),
    ):
        refused = command(*words)
        assert (refused.returncode, refused.stdout, refused.stderr.count("\n")) == (code, "", 1), refused
    assert command("run").returncode == 2


def test_recorded_readings_are_exported_as_csv(served: Any) -> None:
    token = command("token", "create", "admin", "--data", str(served.data)).stdout.split()[-1]
    bus = post(served, "buses", token, {"kind": "modbus-tcp", "name": "Cellar", "host": "127.0.0.1", "port": 9})
    wanted = {"name": "Boiler", "profile": "hager-ecr", "product": "ECR380D", "bus": bus["id"], "unit_id": 1}
    post(served, "devices", token, wanted)
    served.stop()
    with closing(sqlite3.connect(served.data / "config.sqlite3")) as plain:
        ((series, decimals),) = plain.execute(
            "SELECT id, decimals FROM devices_series"
            " WHERE quantity = 'active_power' AND phase = 'total' AND aggregate = 'last'"
        )
    slots = [datetime(2026, 1, 31, 23, 50, tzinfo=UTC) + timedelta(minutes=5 * number) for number in range(4)]
    with EmbeddedArchive.open(served.data / "archive") as archive:
        points = [Point(slot, 1234.5 + number) for number, slot in enumerate(slots)]
        archive.backfill(series, points, decimals=decimals).result(SHORT_S)

    words = ["export", "--data", str(served.data), "--device", "Boiler", "--point", "active_power.total"]
    exported = command(*words, "--start", "2026-02-01T00:55+01:00", "--end", "2026-02-01T00:05")

    assert (exported.returncode, exported.stderr) == (0, "")
    assert exported.stdout.splitlines() == [
        "time,active_power.total [W],quality",
        f"2026-01-31T23:55:00Z,{1235.5:.{decimals}f},late",
        f"2026-02-01T00:00:00Z,{1236.5:.{decimals}f},late",
    ]


def test_the_check_finds_nothing_beside_a_sound_server_and_names_what_is_damaged(served: Any) -> None:
    sound = command("check", "--data", str(served.data), LANG="C")
    assert (sound.returncode, sound.stderr) == (0, "")
    served.stop()
    with (served.data / "journal.sqlite3").open("r+b") as file:
        file.seek(0)
        file.write(b"\xa5" * 4096)

    damaged = command("check", "--data", str(served.data))

    assert damaged.returncode == 1
    assert "journal.sqlite3" in damaged.stdout


def test_a_damaged_configuration_does_not_stop_the_server_and_is_not_touched(run: Any, port: int) -> None:
    first = run(port=port)
    first.until_ready()
    first.stop()
    configuration = first.data / "config.sqlite3"
    for companion in ("-wal", "-shm"):
        configuration.with_name(configuration.name + companion).unlink(missing_ok=True)
    configuration.write_bytes(b"\xa5" * 8192)

    again = run(port=port)
    again.until_ready()

    assert configuration.read_bytes() == b"\xa5" * 8192
    assert len(again.children()) == 3
    assert again.stop()[0] == 0


def test_a_configuration_that_cannot_be_brought_up_is_put_back_as_it_was(run: Any, port: int) -> None:
    first = run(port=port)
    first.until_ready()
    first.stop()
    configuration = first.data / "config.sqlite3"
    with closing(sqlite3.connect(configuration)) as plain:  # as if it were pending: what it makes is there already
        plain.execute("DELETE FROM django_migrations WHERE app = 'devices'")
        plain.execute("UPDATE building_site SET name = 'Mill'")
        plain.commit()

    again = run(port=port)
    again.until_ready()
    again.stop()

    (kept,) = (first.data / "snapshots").glob("before-migration-*")
    for database in (configuration, kept / configuration.name):
        with closing(sqlite3.connect(database)) as plain:
            assert plain.execute("SELECT name FROM building_site").fetchall() == [("Mill",)]
            assert plain.execute("SELECT count(*) FROM django_migrations WHERE app = 'devices'").fetchone() == (0,)
    assert "it was put back" in (first.data / "logs" / "wattledger.log").read_text()


def test_the_worker_does_what_it_is_asked(standing: Any, look: Any) -> None:
    with Journal(standing.data / "journal.sqlite3") as journal:
        number = journal.jobs.submit("snapshot")
        look.until(lambda: journal.jobs.get(number).state is JobState.DONE, "the snapshot")
        name = journal.jobs.get(number).result

    assert {path.name for path in (standing.data / "snapshots" / str(name)).iterdir()} == {
        "config.sqlite3",
        "journal.sqlite3",
    }


@pytest.mark.parametrize(("options", "says"), [("ro", "Read-only"), ("size=64k", "full"), ("size=300k", "full")])
def test_a_folder_that_cannot_be_written_is_one_clear_line(tmp_path: Path, port: int, options: str, says: str) -> None:
    script = (
        f"mount -t tmpfs -o {options} tmpfs {tmp_path} && exec {sys.executable} -m wattledger.services.cli"
        f" run --data {tmp_path}/data --port {port}"
    )
    may_mount = subprocess.run(["unshare", "-rm", "true"], check=False, capture_output=True)
    if may_mount.returncode:
        pytest.skip("this user may not make a mount of his own")

    refused = subprocess.run(
        ["unshare", "-rm", "sh", "-c", script], capture_output=True, text=True, timeout=60, check=False
    )

    assert refused.returncode == 5, refused
    assert refused.stderr.count("\n") == 1
    assert says in refused.stderr
