"""Certificates and keys of Modbus over TLS: read and judged before OpenSSL sees them, so that reasons have words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TypeAlias

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key

from wattledger.fieldbus.errors import TlsSettingsError

Certificates: TypeAlias = Sequence[x509.Certificate]


@dataclass(frozen=True, slots=True)
class Identity:
    """Our own certificate, followed by its intermediates, and its key as one PEM text."""

    certificates: Certificates
    pem: bytes = field(repr=False)


def read_pem(source: bytes | Path, what: str) -> bytes:
    """The text itself; raises TlsSettingsError for a file that cannot be read or is no PEM."""
    pem = _read(source, what) if isinstance(source, Path) else source
    if b"-----BEGIN " not in pem:
        raise TlsSettingsError(f"{what}: no PEM file (a text with a line -----BEGIN …-----)")
    return pem


def certificates_of(pem: bytes, what: str) -> Certificates:
    """The certificates in a PEM text, at least one."""
    if b"-----BEGIN CERTIFICATE-----" not in pem:
        raise TlsSettingsError(f"{what}: the file holds no certificate")
    try:
        return x509.load_pem_x509_certificates(pem)
    except ValueError as error:
        raise TlsSettingsError(f"{what}: the file is damaged: it holds no readable certificate") from error


def identity_of(certificate: bytes, key: bytes) -> Identity:
    """Our certificate with its key; raises TlsSettingsError when they do not belong together or the key is locked."""
    certificates = certificates_of(certificate, "client certificate")
    if b"PRIVATE KEY-----" not in key:
        raise TlsSettingsError("private key: the file holds no private key")
    try:
        public_key = load_pem_private_key(key, password=None).public_key()
    except TypeError as error:  # how the library says that it wants a password
        raise TlsSettingsError("private key: it is locked with a passphrase; give it without one") from error
    except (ValueError, UnsupportedAlgorithm):
        # Not chained: what a parser says of a key has no place in a log.
        raise TlsSettingsError("private key: the file is damaged or of a kind that is not known") from None
    if _encoded(public_key) != _encoded(certificates[0].public_key()):
        raise TlsSettingsError("private key: it does not match the client certificate")
    return Identity(certificates, certificate.strip() + b"\n" + key.strip() + b"\n")


def check_dates(certificates: Certificates, what: str, *, at: datetime) -> None:
    """Raises TlsSettingsError when one of them is not valid at that time."""
    for certificate in certificates:
        problem = date_problem(certificate, at=at)
        if problem:
            raise TlsSettingsError(f"{what}: it {problem}")


def date_problem(certificate: x509.Certificate, *, at: datetime) -> str:
    """`expired on 2026-03-01`, or that it is not valid yet; empty when its dates include `at`."""
    if at > certificate.not_valid_after_utc:
        return f"expired on {certificate.not_valid_after_utc:%Y-%m-%d}"
    if at < certificate.not_valid_before_utc:
        return f"is not valid before {certificate.not_valid_before_utc:%Y-%m-%d}; today is {at:%Y-%m-%d} by this clock"
    return ""


def is_self_signed(der: bytes) -> bool:
    """Whether the certificate was signed with its own key."""
    certificate = certificate_of_der(der)
    try:
        certificate.verify_directly_issued_by(certificate)
    except (ValueError, TypeError, InvalidSignature, UnsupportedAlgorithm):
        return False
    return True


def certificate_of_der(der: bytes) -> x509.Certificate:
    """The certificate in these bytes; raises ValueError."""
    return x509.load_der_x509_certificate(der)


def der_of(certificate: x509.Certificate) -> bytes:
    """The bytes that a server shows in a handshake."""
    return certificate.public_bytes(Encoding.DER)


def _read(path: Path, what: str) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise TlsSettingsError(f"{what}: {path}: {error.strerror}") from error


def _encoded(public_key: object) -> bytes:
    encode = getattr(public_key, "public_bytes", None)
    return bytes(encode(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)) if encode else b""
