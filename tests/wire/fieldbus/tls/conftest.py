"""Certificates of every kind, and ends of TLS that can be put before any Modbus server."""

from __future__ import annotations

import shutil
import socket
import ssl
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from cryptography.x509.oid import ExtendedKeyUsageOID

from tls_peers import HOST, Issued, TlsFront, issue, server_context


@dataclass(frozen=True)
class Certificates:
    """What the tests show and trust; `forger` has the authority's name, but another key."""

    authority: Issued
    stranger: Issued
    forger: Issued
    server: Issued
    client: Issued
    expired: Issued
    future: Issued
    elsewhere: Issued
    expired_elsewhere: Issued
    expired_strange: Issued
    strange: Issued
    forged: Issued
    self_signed: Issued
    self_signed_expired: Issued
    client_expired: Issued
    client_strange: Issued
    intermediate: Issued
    server_of_intermediate: Issued
    not_a_server: Issued
    pretender: Issued


@pytest.fixture(scope="session")
def issued() -> Certificates:
    authority = issue("plant authority", is_authority=True)
    stranger = issue("other authority", is_authority=True)
    forger = issue("plant authority", is_authority=True)
    intermediate = issue("workshop authority", by=authority, is_authority=True)
    past = (-3, -2)
    return Certificates(
        authority,
        stranger,
        forger,
        server=issue("meter", by=authority, host=HOST),
        client=issue("wattledger", by=authority, role="Operator"),
        expired=issue("meter", by=authority, host=HOST, days=past),
        future=issue("meter", by=authority, host=HOST, days=(2, 3)),
        elsewhere=issue("meter", by=authority, host="192.0.2.7"),
        expired_elsewhere=issue("meter", by=authority, host="192.0.2.7", days=past),
        expired_strange=issue("meter", by=stranger, host=HOST, days=past),
        strange=issue("meter", by=stranger, host=HOST),
        forged=issue("meter", by=forger, host=HOST),
        self_signed=issue("factory"),
        self_signed_expired=issue("factory", days=past),
        client_expired=issue("wattledger", by=authority, days=past),
        client_strange=issue("wattledger", by=stranger),
        intermediate=intermediate,
        server_of_intermediate=issue("meter", by=intermediate, host=HOST),
        pretender=issue("plant authority", by=forger, host=HOST),  # names itself as issuer, but has another key
        not_a_server=issue("meter", by=authority, host=HOST, usage=ExtendedKeyUsageOID.CLIENT_AUTH),
    )


@pytest.fixture
def secured(scripted: Any, issued: Certificates, tmp_path: Path) -> Iterator[Callable[..., TlsFront]]:
    """Start an honest (or scripted) Modbus server behind TLS with the given certificate."""
    with ExitStack() as fronts:

        def start(
            server: Issued | None = None,
            *,
            script: Any = None,
            clients_of: Issued | None = None,
            version: ssl.TLSVersion | None = None,
            change: Callable[[ssl.SSLContext], None] = lambda context: None,
            **settings: Any,
        ) -> TlsFront:
            context = server_context(server or issued.server, tmp_path, clients_of=clients_of)
            change(context)
            if version:
                context.minimum_version = context.maximum_version = version
            backend = scripted(script) if script else scripted()
            front = TlsFront(context, backend.port, **settings)
            fronts.callback(front.stop)
            return front

        yield start


@pytest.fixture
def stunnel_port(libmodbus_port: int, issued: Certificates, tmp_path: Path) -> Iterator[int]:
    """A libmodbus server behind stunnel, which wants client certificates of the authority."""
    program = shutil.which("stunnel4")
    assert program, "stunnel4 is needed; `make setup-test` installs it"
    certificate, key = issued.server.files(tmp_path)
    authority, _ = issued.authority.files(tmp_path)
    with socket.create_server((HOST, 0)) as free:
        port = int(free.getsockname()[1])
    configuration = tmp_path / "stunnel.conf"
    configuration.write_text(
        f"foreground = yes\npid =\nsyslog = no\n[modbus]\naccept = {HOST}:{port}\nconnect = {HOST}:{libmodbus_port}\n"
        f"cert = {certificate}\nkey = {key}\nCAfile = {authority}\nverifyChain = yes\nrequireCert = yes\n"
    )
    with subprocess.Popen([program, configuration], stderr=subprocess.DEVNULL) as stunnel:
        try:
            until_listening(port)
            yield port
        finally:
            stunnel.terminate()


def until_listening(port: int) -> None:
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        with suppress(OSError), socket.create_connection((HOST, port), timeout=1):
            return
        time.sleep(0.02)
    raise AssertionError(f"nobody listens on port {port}")
