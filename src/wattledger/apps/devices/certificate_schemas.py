"""What the API takes and gives of client certificates."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from wattledger.apps.rest.values import Answer, Given, Name, PemText, SecretPemText, UtcTime, Version


class NewCertificate(Given):
    """A certificate, followed by its intermediates, and its private key, without a passphrase."""

    name: Name
    certificate: PemText
    key: SecretPemText


class CertificateChange(Given):
    """What is absent stays as it is; certificate and key are replaced together."""

    name: Name | None = None
    certificate: PemText | None = None
    key: SecretPemText | None = None
    version: Version | None = None


class CertificateAnswer(Answer):
    """Dates between which it and its intermediates are all valid; names as in RFC 4514."""

    id: str
    name: str
    subject: str
    issuer: str
    valid_from: UtcTime
    valid_until: UtcTime
    fingerprint: Annotated[str, Field(description="SHA-256")]
    needs_legacy: Annotated[bool, Field(description="too weak for any but legacy connections")]
    added: UtcTime
    version: int


class CertificatePage(Answer):
    items: list[CertificateAnswer]
    next: str | None
