"""Certificates of every kind, and ends of TLS that can be put before any Modbus server."""

from __future__ import annotations

import ipaddress
import select
import shutil
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

HOST = "127.0.0.1"
DAY = timedelta(days=1)
ROLE = x509.ObjectIdentifier("1.3.6.1.4.1.50316.802.1")


@dataclass(frozen=True)
class Issued:
    """A certificate and its key."""

    certificate: x509.Certificate
    private_key: ec.EllipticCurvePrivateKey

    @property
    def pem(self) -> bytes:
        return self.certificate.public_bytes(serialization.Encoding.PEM)

    @property
    def key(self) -> bytes:
        return self.key_locked_by(serialization.NoEncryption())

    def key_locked_by(self, encryption: serialization.KeySerializationEncryption) -> bytes:
        return self.private_key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, encryption)

    def files(self, folder: Path) -> tuple[Path, Path]:
        certificate, key = folder / f"{id(self)}.crt", folder / f"{id(self)}.key"
        certificate.write_bytes(self.pem)
        key.write_bytes(self.key)
        return certificate, key


def issue(
    name: str,
    *,
    by: Issued | None = None,
    host: str | None = None,
    days: tuple[int, int] = (-1, 1),
    is_authority: bool = False,
    role: str = "",
    usage: x509.ObjectIdentifier | None = None,
) -> Issued:
    """A certificate valid in the given days from now, signed by itself unless `by` somebody."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(by.certificate.subject if by else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now + days[0] * DAY)
        .not_valid_after(now + days[1] * DAY)
        .add_extension(x509.BasicConstraints(ca=is_authority, path_length=None), critical=True)
    )
    if host:
        address = x509.IPAddress(ipaddress.ip_address(host))
        builder = builder.add_extension(x509.SubjectAlternativeName([address]), critical=False)
    if usage:
        builder = builder.add_extension(x509.ExtendedKeyUsage([usage]), critical=False)
    if role:
        text = bytes((0x0C, len(role))) + role.encode()  # a UTF8String
        builder = builder.add_extension(x509.UnrecognizedExtension(ROLE, text), critical=False)
    return Issued(builder.sign(by.private_key if by else key, hashes.SHA256()), key)


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


class TlsFront:
    """The TLS end of a Modbus server, in a thread: passes bytes on, backwards in records of `record_bytes`."""

    host = HOST

    def __init__(self, context: ssl.SSLContext, backend_port: int, *, record_bytes: int = 16384) -> None:
        self.record_bytes = record_bytes
        self.connections = 0
        self.peer_der: bytes | None = None
        self.version: str | None = None
        self._context = context
        self._backend_port = backend_port
        self._stop_sender, self._stopped = socket.socketpair()
        self._listener = socket.create_server((HOST, 0))
        self.port: int = self._listener.getsockname()[1]
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def stop(self) -> None:
        self._stop_sender.close()
        self._thread.join()
        self._listener.close()
        self._stopped.close()

    def _serve(self) -> None:
        while self._stopped not in select.select([self._listener, self._stopped], [], [])[0]:
            connection, _ = self._listener.accept()
            self.connections += 1
            connection.settimeout(10)
            with closing(connection), suppress(OSError):
                secured = self._context.wrap_socket(connection, server_side=True)
                with secured, socket.create_connection((HOST, self._backend_port)) as backend:
                    self.peer_der, self.version = secured.getpeercert(binary_form=True), secured.version()
                    self._pass_on(secured, backend)

    def _pass_on(self, secured: ssl.SSLSocket, backend: socket.socket) -> None:
        while True:
            ready = [secured] if secured.pending() else select.select([secured, backend, self._stopped], [], [])[0]
            if self._stopped in ready:
                return
            for source in ready:
                data = source.recv(4096)
                if not data:
                    return
                if source is secured:
                    backend.sendall(data)
                else:
                    for start in range(0, len(data), self.record_bytes):
                        secured.sendall(data[start : start + self.record_bytes])


def server_context(server: Issued, folder: Path, *, clients_of: Issued | None = None) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*server.files(folder))
    if clients_of:
        context.verify_mode = ssl.CERT_REQUIRED
        context.load_verify_locations(cadata=clients_of.pem.decode())
    return context


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
