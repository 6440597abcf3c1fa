"""A meter behind TLS as the documents tell it: certificates of openssl, stunnel before the meter, a whole server."""

from __future__ import annotations

import base64
import os
import re
import signal
import socket
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from wattledger.demo.client import ApiError
from wattledger.journal import Journal

DOCUMENT = Path(__file__).parents[3] / "docs" / "api.md"
SECTION = "## A meter behind TLS"


def documented() -> str:
    """The lines of the section that a reader types."""
    section = DOCUMENT.read_text(encoding="utf-8").split(f"{SECTION}\n")[1].split("\n## ")[0]
    return "\n".join(re.findall(r"```\n(.*?)```", section, re.DOTALL))


@pytest.fixture
def typed(server: Any, ecr380d: Any, tmp_path: Path) -> Iterator[Callable[[], str]]:
    """Types the documented lines into a shell; what they started ends with the test."""
    shells: list[subprocess.Popen[str]] = []
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        secured_port = probe.getsockname()[1]

    def run() -> str:
        lines = documented().replace("8020", str(secured_port)).replace("5020", str(ecr380d.port))
        known = f'H="Authorization: Bearer {server.token}"\nA={server.address}/api/v1\n'
        shell = subprocess.Popen(
            ["bash", "-ec", known + lines.replace("curl -k", "curl --no-progress-meter --fail-with-body -k")],
            cwd=tmp_path,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        shells.append(shell)
        assert shell.stdout is not None
        said = ""
        while said.count('"version"') < 2:  # of the certificate and of the bus
            piece = os.read(shell.stdout.fileno(), 65536).decode()
            assert piece, said
            said += piece
        return said

    yield run
    for shell in shells:
        os.killpg(shell.pid, signal.SIGTERM)
        shell.communicate()


def test_a_meter_behind_tls_is_read_as_the_documents_tell(
    server: Any, typed: Callable[[], str], ecr380d: Any, tmp_path: Path
) -> None:
    api = server.api
    ecr380d.tell("freeze on")
    ecr380d.tell("set 0xB060 4711")
    said = typed()
    [bus], [certificate] = api.list("buses"), api.list("certificates")
    wanted = {"name": "Main meter", "profile": "hager-ecr", "product": "ECR380D", "bus": bus["id"], "unit_id": 1}

    device = api.post("devices", wanted)["id"]
    live = server.until(lambda: server.live(device))
    with pytest.raises(ApiError, match="does not belong to the certificate"):
        api.patch(f"certificates/{certificate['id']}", pair(tmp_path, "wattledger.crt", "meter.key"))
    after = server.until(lambda: server.live(device))
    unchanged = api.get(f"certificates/{certificate['id']}")

    assert live["active_energy.import.total"]["value"] == 4_711_000
    assert (bus["security"], bus["certificate"], bus["tls_version"]) == ("authenticated", "k1", "any")
    assert (certificate["subject"], certificate["issuer"]) == ("CN=Wattledger", "CN=Plant authority")
    assert after
    assert unchanged == certificate
    assert "PRIVATE" not in said
    with Journal(server.folder.journal) as journal:  # the worker looks after expiry from the first day
        server.until(lambda: "client certificates" in journal.runs.last())
    assert clear_key_in(server.folder.root, tmp_path / "wattledger.key") == []


def pair(folder: Path, certificate: str, key: str) -> dict[str, str]:
    return {"certificate": (folder / certificate).read_text(), "key": (folder / key).read_text()}


def clear_key_in(root: Path, key: Path) -> list[Path]:
    """The files below `root` in which a line of the key's text, or the bytes it stands for, can be found."""
    lines = [line for line in key.read_bytes().splitlines() if len(line) == 64]
    secrets = [*lines, *(base64.b64decode(line) for line in lines)]
    files = [path for path in root.rglob("*") if path.is_file()]
    assert len(lines) > 20
    assert root / "archive" / "last_plant.json" in files
    return [path for path in files if any(secret in path.read_bytes() for secret in secrets)]
