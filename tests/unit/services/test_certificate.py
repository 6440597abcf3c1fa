"""The certificate that the server makes for itself."""

from __future__ import annotations

import ipaddress
import socket
import ssl
import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from wattledger.plant import DataFolder
from wattledger.services.certificate import RENEWED_BEFORE, VALID_FOR, ensure_certificate


@pytest.fixture
def folder(tmp_path: Path) -> DataFolder:
    return DataFolder(tmp_path)


def present(folder: DataFolder) -> x509.Certificate:
    return x509.load_pem_x509_certificate(folder.certificate.read_bytes())


def test_it_names_this_computer_and_its_addresses(folder: DataFolder) -> None:
    ensure_certificate(folder)

    names = present(folder).extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert {"localhost", socket.gethostname()} <= set(names.get_values_for_type(x509.DNSName))
    addresses = set(names.get_values_for_type(x509.IPAddress))
    assert {ipaddress.ip_address("127.0.0.1"), ipaddress.ip_address("::1")} <= addresses


def test_a_tls_server_can_use_it_and_its_key_is_private(folder: DataFolder) -> None:
    ensure_certificate(folder)

    ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(folder.certificate, folder.certificate_key)
    assert stat.S_IMODE(folder.certificate_key.stat().st_mode) == 0o600


def test_it_is_made_once(folder: DataFolder) -> None:
    fingerprint = ensure_certificate(folder)
    before = folder.certificate.read_bytes()

    assert fingerprint is not None
    assert len(fingerprint.split(":")) == 32
    assert ensure_certificate(folder) is None
    assert folder.certificate.read_bytes() == before


def test_it_is_renewed_before_it_expires_with_the_same_key(folder: DataFolder) -> None:
    ensure_certificate(folder)
    key, expires = folder.certificate_key.read_bytes(), present(folder).not_valid_after_utc

    assert ensure_certificate(folder, now=expires - RENEWED_BEFORE - timedelta(hours=1)) is None
    assert ensure_certificate(folder, now=expires - RENEWED_BEFORE) is not None
    assert folder.certificate_key.read_bytes() == key
    assert present(folder).not_valid_after_utc > expires
    ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(folder.certificate, folder.certificate_key)


def test_it_is_valid_now_and_not_longer_than_all_systems_accept(folder: DataFolder) -> None:
    ensure_certificate(folder)

    made = present(folder)
    assert made.not_valid_before_utc < datetime.now(UTC) < made.not_valid_after_utc
    assert made.not_valid_after_utc - made.not_valid_before_utc == VALID_FOR


def test_a_certificate_that_a_user_brought_is_never_replaced(folder: DataFolder) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "energy.example")])
    expired = datetime.now(UTC) - timedelta(days=1)
    brought = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(expired - timedelta(days=10))
        .not_valid_after(expired)
        .sign(key, hashes.SHA256())
        .public_bytes(serialization.Encoding.PEM)
    )
    ensure_certificate(folder)
    folder.certificate.write_bytes(brought)

    assert ensure_certificate(folder) is None
    assert folder.certificate.read_bytes() == brought


@pytest.mark.parametrize("damaged", ["certificate", "certificate_key"])
def test_what_cannot_be_read_is_made_anew(folder: DataFolder, damaged: str) -> None:
    ensure_certificate(folder)
    path: Path = getattr(folder, damaged)
    path.write_text("garbage")

    assert ensure_certificate(folder) is not None
    ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(folder.certificate, folder.certificate_key)
