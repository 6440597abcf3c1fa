"""The parts of which the plan of the hotel is made."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal


class BusKind(StrEnum):
    """How a bus is reached."""

    LINE = "modbus-rtu"
    TCP = "modbus-tcp"
    LOCAL = "local-io"


class TcpHost(StrEnum):
    """What a host asks of its clients."""

    CLEAR = "clear"
    ENCRYPTED = "encrypted"


@dataclass(frozen=True, slots=True)
class PlannedZone:
    """A place; `parent` is the key of the one that it lies in."""

    key: str
    name: str
    kind: Literal["building", "floor", "room"]
    parent: str | None = None
    area_m2: float | None = None


@dataclass(frozen=True, slots=True)
class PlannedSwitchboard:
    """A board and the zone it stands in."""

    key: str
    name: str
    zone: str


@dataclass(frozen=True, slots=True)
class PlannedBus:
    """A line, a host or the server's own terminals."""

    key: str
    name: str
    kind: BusKind
    host: TcpHost = TcpHost.CLEAR


@dataclass(frozen=True, slots=True)
class PlannedChannel:
    """What one channel of a device measures: a circuit of the hotel or a fluid, and what that belongs to.

    `meter` is its key in the hotel's records and `circuit` where it sits; `fed_by` is the meter upstream.
    `index` is what the counter showed on the opening, in Wh or m³. Usages and energy sources are those of the product.
    """

    meter: str
    circuit: str
    name: str
    zone: str | None = None
    usage: str | None = None
    source: str | None = "main_grid"
    switchboard: str | None = None
    fed_by: str | None = None
    limit_a: float | None = None
    index: float = 0.0


@dataclass(frozen=True, slots=True)
class PulseInput:
    """What a terminal of the server measures, in the words of its API."""

    measures: str
    unit: str = ""
    amount: float = 1.0


@dataclass(frozen=True, slots=True)
class PlannedDevice:
    """A device, who it says it is, and what its channels measure; channels count from 1 in their order."""

    key: str
    name: str
    bus: str
    unit_id: int
    profile: str
    product: str
    serial: str
    channels: tuple[PlannedChannel, ...]
    is_enabled: bool = True
    input: PulseInput | None = None
