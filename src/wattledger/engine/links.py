"""The connection that a bus of the plant is read over."""

from __future__ import annotations

from typing import TypeAlias

from wattledger.fieldbus import Parity, RtuLink, SerialSettings, TcpLink
from wattledger.plant import Bus, RtuBus, TcpBus

BusLink: TypeAlias = TcpLink | RtuLink


def link_of(bus: Bus) -> BusLink:
    """The connection of a bus; nothing is opened before the first request."""
    match bus:
        case TcpBus():
            return TcpLink(bus.host, bus.port, timeout_s=bus.timeout_s, retries=bus.retries)
        case RtuBus():
            return RtuLink(_serial_settings(bus), timeout_s=bus.timeout_s, retries=bus.retries)


def _serial_settings(bus: RtuBus) -> SerialSettings:
    return SerialSettings(bus.device_file, bus.baudrate, Parity(bus.parity), stop_bits=bus.stop_bits, echo=bus.echo)
