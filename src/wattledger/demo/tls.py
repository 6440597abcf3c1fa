"""The certificate of the hotel's meter behind TLS, which signed it itself."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from wattledger.demo.folder import DemoFolder

VALID_FOR = timedelta(days=3650)


def ensure_meter_certificate(folder: DemoFolder) -> str:
    """The certificate in PEM, made with its key where there is none yet."""
    if not folder.certificate.exists():
        _make(folder)
    return folder.certificate.read_text(encoding="ascii")


def _make(folder: DemoFolder) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Comptage du fournisseur")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + VALID_FOR)
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    folder.certificate_key.unlink(missing_ok=True)
    with os.fdopen(os.open(folder.certificate_key, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(private)
    folder.certificate.write_bytes(made.public_bytes(serialization.Encoding.PEM))
