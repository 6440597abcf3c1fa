"""Texts in PEM (RFC 7468) as certificates and keys, and what can be said of them before a connection uses them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeAlias

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from wattledger.certificates.errors import CertificateError, Fault

Certificates: TypeAlias = Sequence[x509.Certificate]


@dataclass(frozen=True, slots=True)
class Identity:
    """A certificate, followed by its intermediates, and its key."""

    certificates: Certificates
    key: bytes = field(repr=False)  # PEM, without a passphrase

    @property
    def pem(self) -> bytes:
        """All in one text."""
        return text_of(self.certificates).encode() + self.key


@dataclass(frozen=True, slots=True)
class Facts:
    """What people are shown of a certificate; names as in RFC 4514, the fingerprint is that of SHA-256."""

    subject: str
    issuer: str
    valid_from: datetime
    valid_until: datetime
    fingerprint: str


def certificates_of(pem: bytes) -> Certificates:
    """The certificates in a text, at least one. Raises CertificateError."""
    _check_pem(pem)
    if b"-----BEGIN CERTIFICATE-----" not in pem:
        raise CertificateError(Fault.NO_CERTIFICATE)
    try:
        found = x509.load_pem_x509_certificates(pem)
        for certificate in found:
            facts_of(certificate)  # the library reads names when they are asked for
    except ValueError:
        raise CertificateError(Fault.CERTIFICATE_DAMAGED) from None
    return found


def identity_of(certificates: Certificates, key: bytes) -> Identity:
    """The first certificate with its key, given as PEM. Raises CertificateError when they do not belong together."""
    private_key = _private_key(key)
    try:
        certified = certificates[0].public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    except (ValueError, UnsupportedAlgorithm):
        raise CertificateError(Fault.CERTIFICATE_NOT_FOR_TLS) from None
    if private_key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo) != certified:
        raise CertificateError(Fault.PRIVATE_KEY_OF_ANOTHER)
    return Identity(certificates, private_key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))


def check_dates(certificates: Certificates, *, at: datetime) -> None:
    """Raises CertificateError when one of them is not valid at that time."""
    for certificate in certificates:
        if at > certificate.not_valid_after_utc:
            raise CertificateError(Fault.CERTIFICATE_EXPIRED, date=f"{certificate.not_valid_after_utc:%Y-%m-%d}")
        if at < certificate.not_valid_before_utc:
            raise CertificateError(
                Fault.CERTIFICATE_NOT_VALID_YET,
                date=f"{certificate.not_valid_before_utc:%Y-%m-%d}",
                today=f"{at:%Y-%m-%d}",
            )


def facts_of(certificate: x509.Certificate) -> Facts:
    """What is shown of a certificate. Raises ValueError where it is damaged."""
    return Facts(
        subject=certificate.subject.rfc4514_string(),
        issuer=certificate.issuer.rfc4514_string(),
        valid_from=certificate.not_valid_before_utc,
        valid_until=certificate.not_valid_after_utc,
        fingerprint=certificate.fingerprint(SHA256()).hex(":").upper(),
    )


def text_of(certificates: Certificates) -> str:
    """The certificates as PEM, and nothing else that their file may have held: a key, or words."""
    return "".join(certificate.public_bytes(Encoding.PEM).decode() for certificate in certificates)


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


def _private_key(pem: bytes) -> PrivateKeyTypes:
    _check_pem(pem)
    if b"PRIVATE KEY-----" not in pem:
        raise CertificateError(Fault.NO_PRIVATE_KEY)
    try:
        return load_pem_private_key(pem, password=None)
    except TypeError:  # how the library says that it wants a password
        raise CertificateError(Fault.PRIVATE_KEY_LOCKED) from None
    except (ValueError, UnsupportedAlgorithm):
        # Not chained: what a parser says of a key has no place in a log.
        raise CertificateError(Fault.PRIVATE_KEY_DAMAGED) from None


def _check_pem(text: bytes) -> None:
    if b"-----BEGIN " not in text:
        raise CertificateError(Fault.NO_PEM)
