"""`wattledger archive`: beside a running server, without one, and killed on its way."""

from __future__ import annotations

import json
import signal
import sqlite3
import ssl
import subprocess
import sys
import urllib.request
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import numpy as np
import pytest

from wattledger.archive import Chunk, EmbeddedReader
from wattledger.archive.embedded.chunk import encode_chunk
from wattledger.archive.embedded.scaled import scaled_of
from wattledger.archive.exchange_file import Origin, OriginSeries, writing_exchange

SHORT_S = 120
START = int(datetime(2025, 1, 1, tzinfo=UTC).timestamp())
A_PIECE, PIECES = 1000, 40
EVER = (datetime(1970, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC))


def words(*given: str) -> list[str]:
    return [sys.executable, "-m", "wattledger.services.cli", "archive", *given]


def command(*given: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(words(*given), capture_output=True, text=True, timeout=SHORT_S, check=False)


def post(server: Any, what: str, token: str, content: dict[str, object]) -> Any:
    request = urllib.request.Request(
        f"https://localhost:{server.port}/api/v1/{what}",
        data=json.dumps(content).encode(),
        headers={"Authorization": f"Bearer {token}", "Content-Type": "application/json"},
    )
    context = ssl.create_default_context(cafile=str(server.data / "tls" / "cert.pem"))
    with urllib.request.urlopen(request, context=context, timeout=SHORT_S) as answer:
        return json.load(answer)


@pytest.fixture
def served(run: Any, port: int) -> Any:
    """A server with a meter that nobody answers for."""
    server = run(port=port)
    server.until_ready()
    made = [sys.executable, "-m", "wattledger.services.cli", "token", "create", "admin", "--data", str(server.data)]
    token = subprocess.run(made, capture_output=True, text=True, timeout=SHORT_S, check=True).stdout.split()[-1]
    bus = post(server, "buses", token, {"kind": "modbus-tcp", "name": "Cellar", "host": "127.0.0.1", "port": 9})
    wanted = {"name": "Boiler", "profile": "hager-ecr", "product": "ECR380D", "bus": bus["id"], "unit_id": 1}
    post(server, "devices", token, wanted)
    return server


def history(server: Any, path: Path) -> int:
    """An export of this server's own, in many pieces; gives the number of its series."""
    with closing(sqlite3.connect(server.data / "config.sqlite3")) as plain:
        ((own,),) = plain.execute("SELECT server FROM building_site").fetchall()
        number, uuid = plain.execute("SELECT id, uuid FROM devices_series ORDER BY id").fetchone()
    series = OriginSeries(number, UUID(uuid), "Boiler", 1, "whatever", "last")
    start, end = (datetime.fromtimestamp(START + 300 * A_PIECE * part, UTC) for part in (0, PIECES))
    with writing_exchange(path, Origin(UUID(own), "epoch", end, start, end, (series,))) as writer:
        for part in range(PIECES):
            slots = START + 300 * (part * A_PIECE + np.arange(A_PIECE, dtype=np.int64))
            readings = scaled_of(slots, np.arange(A_PIECE, dtype=np.int64), decimals=0)
            writer.add(Chunk(number, encode_chunk(readings, portable=True)))
    return int(number)


def kept(server: Any, series: int) -> int:
    with EmbeddedReader.open(server.data / "archive") as reader:
        return len(reader.read([series], *EVER)[series])


def test_an_import_goes_on_where_it_was_killed_whether_the_server_runs_or_not(
    served: Any, look: Any, tmp_path: Path
) -> None:
    path = tmp_path / "history.wattx"
    series = history(served, path)
    importing = words("import", str(path), "--data", str(served.data))

    with subprocess.Popen(importing, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as killed:
        look.until(lambda: kept(served, series), "the first readings")
        killed.send_signal(signal.SIGKILL)
    part = kept(served, series)
    with subprocess.Popen(importing, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as again:
        look.until(lambda: kept(served, series) > part, "more readings")
        engine = served.child("engine")
        subprocess.run(["kill", "-9", str(engine)], check=True)
        out, err = again.communicate(timeout=SHORT_S)

    assert again.returncode == 0, err
    assert 0 < part < A_PIECE * PIECES
    assert kept(served, series) == A_PIECE * PIECES
    assert "readings were new and are recorded now" in out
    assert len(served.events("readings_imported")) == 1

    served.stop()
    copy, data = tmp_path / "all.wattx", ["--data", str(served.data)]
    exported = command("export", str(copy), "--device", "Boiler", "--from", "2025-02-01", *data)
    taken = command("import", str(copy), *data)

    assert (exported.returncode, taken.returncode) == (0, 0)
    assert taken.stdout.endswith("\n0 readings were new and are recorded now.\n")
