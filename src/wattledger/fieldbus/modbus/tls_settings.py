"""How a Modbus TCP connection over TLS is secured, as values; made into contexts by `tls`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TypeAlias

Pem: TypeAlias = bytes  # a text with lines -----BEGIN …-----


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
    """How one connection is secured.

    `certificate` (followed by those of its intermediates) and `key` are used by authenticated connections only. The key
    is asked for when the first connection is made, in a thread; who gives it may raise TlsSettingsError.
    The server's certificate must come from one of the `authorities` (none given: those that the system trusts) and name
    the host. `peer_certificate` is the server's own instead: then exactly that one is accepted, whatever it names.
    `accepts_self_signed` lets in any server with a certificate that it signed itself, whatever it names: the line is
    encrypted, but who is at its end is not known. Without `checks_dates` every other check stays.
    `is_legacy` lets TLS 1.1, short keys and SHA-1 signatures pass on this connection, and on no other.
    """

    security: TlsSecurity
    certificate: Pem | None = field(default=None, repr=False)
    key: Callable[[], Pem] | None = field(default=None, repr=False)
    authorities: tuple[Pem, ...] = field(default=(), repr=False)
    peer_certificate: Pem | None = field(default=None, repr=False)
    version: TlsVersion = TlsVersion.ANY
    is_legacy: bool = False
    checks_dates: bool = True
    accepts_self_signed: bool = False
