"""How a Modbus TCP connection over TLS is secured, as values; made into contexts by `tls`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import TypeAlias

from wattledger.fieldbus.statistics import utc_now

Pem: TypeAlias = bytes | Path


class TlsSecurity(StrEnum):
    """Who proves who he is."""

    ENCRYPTED = "encrypted"  # the server only
    AUTHENTICATED = "authenticated"  # both ends


class TlsVersion(StrEnum):
    """The version to speak; no other is accepted."""

    ANY = "any"  # the newest that both ends know, from 1.2 on (legacy: from 1.1 on)
    V1_1 = "1.1"  # legacy only
    V1_2 = "1.2"
    V1_3 = "1.3"


@dataclass(frozen=True, slots=True)
class TlsSettings:
    """How one connection is secured; PEM texts are given as bytes or as the file that holds them.

    `certificate` (followed by those of its intermediates) and `key` are used by authenticated connections only.
    The server's certificate must come from one of the `authorities` (none given: those that the system trusts) and name
    the host. `peer_certificate` is the server's own instead: then exactly that one is accepted, whatever it names.
    `accepts_self_signed` lets in any server with a certificate that it signed itself, whatever it names: the line is
    encrypted, but who is at its end is not known. Without `checks_dates` every other check stays.
    `is_legacy` lets TLS 1.1, short keys and SHA-1 signatures pass on this connection, and on no other.
    """

    security: TlsSecurity
    certificate: Pem | None = field(default=None, repr=False)
    key: Pem | None = field(default=None, repr=False)
    authorities: tuple[Pem, ...] = field(default=(), repr=False)
    peer_certificate: Pem | None = field(default=None, repr=False)
    version: TlsVersion = TlsVersion.ANY
    is_legacy: bool = False
    checks_dates: bool = True
    accepts_self_signed: bool = False


def check_tls_settings(settings: TlsSettings, *, now: Callable[[], datetime] = utc_now) -> None:
    """Find out before anything uses them whether connections can be made with these settings; reads the files.

    Raises TlsSettingsError with the reason: a file that is missing or no PEM, a key that is locked or belongs to
    another certificate, dates (while they are checked) that do not include `now`, TLS 1.1 without legacy, what OpenSSL
    refuses.
    """
    from wattledger.fieldbus.modbus import tls  # noqa: PLC0415 - 15 MB of libraries, only for those who use TLS

    tls.tls_contexts(settings)
    if settings.checks_dates:
        tls.check_own_dates(settings, at=now())
