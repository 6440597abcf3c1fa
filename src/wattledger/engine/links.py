"""The connection that a bus of the plant is read over."""

from __future__ import annotations

from functools import partial
from typing import TypeAlias

from wattledger.fieldbus import (
    LocalLink,
    Parity,
    RtuLink,
    SerialSettings,
    TcpLink,
    TlsSecurity,
    TlsSettings,
    TlsSettingsError,
    TlsVersion,
)
from wattledger.plant import SEALED_FOR, ClientIdentity, RtuBus, TcpBus, TlsSetup
from wattledger.vault import Vault, VaultError

BusLink: TypeAlias = TcpLink | RtuLink | LocalLink


def link_of(bus: TcpBus | RtuBus, vault: Vault) -> TcpLink | RtuLink:
    """The connection of a bus on a wire; nothing is opened, and no key unsealed, before the first request."""
    match bus:
        case TcpBus():
            return TcpLink(
                bus.host,
                bus.port,
                timeout_s=bus.timeout_s,
                retries=bus.retries,
                in_flight=bus.in_flight,
                tls=None if bus.tls is None else _tls_settings(bus.tls, vault),
            )
        case RtuBus():
            return RtuLink(_serial_settings(bus), timeout_s=bus.timeout_s, retries=bus.retries)


def _serial_settings(bus: RtuBus) -> SerialSettings:
    return SerialSettings(bus.device_file, bus.baudrate, Parity(bus.parity), stop_bits=bus.stop_bits, echo=bus.echo)


def _tls_settings(setup: TlsSetup, vault: Vault) -> TlsSettings:
    identity = setup.identity
    return TlsSettings(
        TlsSecurity.ENCRYPTED if identity is None else TlsSecurity.AUTHENTICATED,
        certificate=None if identity is None else identity.certificate.encode(),
        key=None if identity is None else partial(_unsealed, identity, vault),
        authorities=(setup.authorities.encode(),) if setup.authorities else (),
        peer_certificate=setup.server_certificate.encode() or None,
        version=TlsVersion(setup.version),
        is_legacy=setup.is_legacy,
        checks_dates=setup.checks_dates,
        accepts_self_signed=setup.accepts_self_signed,
    )


def _unsealed(identity: ClientIdentity, vault: Vault) -> bytes:
    try:
        return vault.unseal(identity.sealed_key, purpose=SEALED_FOR)
    except VaultError as error:
        raise TlsSettingsError(f"private key of the client certificate: {error}") from error
