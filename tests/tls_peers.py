"""What tests of TLS are made from: certificates of every kind, and an end of TLS to stand before a Modbus server."""

from __future__ import annotations

import ipaddress
import select
import socket
import ssl
import threading
from contextlib import closing, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

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
