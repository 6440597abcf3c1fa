"""Errors of this package.

CertificateError   a text is not the certificate or key that it should be; `fault` says why
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum


class Fault(StrEnum):
    """What is wrong; part of the API, so only ever added to."""

    NO_PEM = "no_pem"
    NO_CERTIFICATE = "no_certificate"
    CERTIFICATE_DAMAGED = "certificate_damaged"
    CERTIFICATE_EXPIRED = "certificate_expired"
    CERTIFICATE_NOT_VALID_YET = "certificate_not_valid_yet"
    CERTIFICATE_NOT_FOR_TLS = "certificate_not_for_tls"
    NO_PRIVATE_KEY = "no_private_key"
    PRIVATE_KEY_DAMAGED = "private_key_damaged"
    PRIVATE_KEY_LOCKED = "private_key_locked"
    PRIVATE_KEY_OF_ANOTHER = "private_key_of_another"


TEXTS: Mapping[Fault, str] = {
    Fault.NO_PEM: "no PEM file (a text with a line -----BEGIN …-----)",
    Fault.NO_CERTIFICATE: "the file holds no certificate",
    Fault.CERTIFICATE_DAMAGED: "the file is damaged: it holds no readable certificate",
    Fault.CERTIFICATE_EXPIRED: "expired on {date}",
    Fault.CERTIFICATE_NOT_VALID_YET: "is not valid before {date}; today is {today} by this clock",
    Fault.CERTIFICATE_NOT_FOR_TLS: "TLS takes no certificate of this kind",
    Fault.NO_PRIVATE_KEY: "the file holds no private key",
    Fault.PRIVATE_KEY_DAMAGED: "the file is damaged or of a kind that is not known",
    Fault.PRIVATE_KEY_LOCKED: "it is locked with a passphrase; give it without one",
    Fault.PRIVATE_KEY_OF_ANOTHER: "it does not match the certificate",
}


class CertificateError(ValueError):
    """A text is not the certificate or key that it should be; `params` are what the text of the fault names."""

    def __init__(self, fault: Fault, **params: str) -> None:
        super().__init__(TEXTS[fault].format_map(params))
        self.fault = fault
        self.params = params
