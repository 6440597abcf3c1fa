"""What the API takes and gives of buses and devices."""

from __future__ import annotations

from typing import Annotated, Literal, TypeAlias
from uuid import UUID

from pydantic import Field, StringConstraints

from wattledger.apps.devices.drafts import Since
from wattledger.apps.devices.models import LEAST_TIMEOUT_S, MOST_RETRIES, MOST_TIMEOUT_S
from wattledger.apps.rest.values import Answer, Given, Id, Line, Name, UtcTime, Version
from wattledger.catalog import Status
from wattledger.engine.api import IdentifyOutcome
from wattledger.measure import Aggregate, Kind
from wattledger.plant import TCP_UNIT_IDS, Parity

Host = Annotated[str, Field(min_length=1, max_length=253)]
Port = Annotated[int, Field(ge=1, le=65535)]
DeviceFile = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=255),
    Field(description="the device file of the serial port, as /dev/ttyUSB0"),
]
Baudrate = Literal[1200, 2400, 4800, 9600, 19200, 38400, 57600, 115200]
StopBits = Annotated[Literal[1, 2] | None, Field(description="null: 1 with a check bit, 2 without")]
Timeout = Annotated[float, Field(ge=LEAST_TIMEOUT_S, le=MOST_TIMEOUT_S, description="seconds")]
Retries = Annotated[int, Field(ge=0, le=MOST_RETRIES, description="of reads; writes are never repeated")]
UnitId = Annotated[int, Field(ge=0, le=TCP_UNIT_IDS[-1], description="1 to 247 on a serial line")]
Channel = Annotated[int, Field(ge=1, le=1000)]
PointText = Annotated[str, Field(max_length=100)]
Points = Annotated[list[PointText], Field(max_length=1000)] | Literal["default"]
Limit = Annotated[float, Field(gt=0, le=1e12)]


class NewTcpBus(Given):
    """A Modbus TCP connection to be made."""

    kind: Literal["modbus-tcp"]
    name: Name
    host: Host
    port: Port = 502
    security: Literal["clear"] = "clear"
    timeout_s: Timeout = 1.0
    retries: Retries = 1


class NewRtuBus(Given):
    """A serial line to be made."""

    kind: Literal["modbus-rtu"]
    name: Name
    port: DeviceFile
    baudrate: Baudrate = 19200
    parity: Parity = Parity.EVEN
    stop_bits: StopBits = None
    timeout_s: Timeout = 0.25
    retries: Retries = 1


NewBus: TypeAlias = Annotated[NewTcpBus | NewRtuBus, Field(discriminator="kind")]


class TcpBusChange(Given):
    """Of a Modbus TCP connection; what is absent stays as it is."""

    name: Name | None = None
    host: Host | None = None
    port: Port | None = None
    timeout_s: Timeout | None = None
    retries: Retries | None = None
    version: Version | None = None


class RtuBusChange(Given):
    """Of a serial line; what is absent stays as it is."""

    name: Name | None = None
    port: DeviceFile | None = None
    baudrate: Baudrate | None = None
    parity: Parity | None = None
    stop_bits: StopBits = None
    timeout_s: Timeout | None = None
    retries: Retries | None = None
    version: Version | None = None


class TcpBusAnswer(Answer):
    id: str
    kind: Literal["modbus-tcp"]
    name: str
    host: str
    port: int
    security: str
    timeout_s: float
    retries: int
    version: int


class RtuBusAnswer(Answer):
    id: str
    kind: Literal["modbus-rtu"]
    name: str
    port: str
    baudrate: int
    parity: Parity
    stop_bits: int | None
    timeout_s: float
    retries: int
    version: int


BusAnswer: TypeAlias = Annotated[TcpBusAnswer | RtuBusAnswer, Field(discriminator="kind")]


class BusPage(Answer):
    items: list[BusAnswer]
    next: str | None


class Traffic(Answer):
    """Counts since `since`; `device` null: of the whole bus."""

    device: str | None
    since: UtcTime
    requests: int
    answers: int
    timeouts: int
    rejected: int
    exceptions: dict[int, int]
    retries: int
    connections: int
    connections_lost: int
    mean_response_s: float | None
    worst_response_s: float | None


class BelongingFields(Given):
    """What a circuit belongs to. What is absent stays as it is, null takes it away."""

    zone: Id | None = None
    usage: Id | None = None
    source: Id | None = None
    switchboard: Id | None = None
    landmark: Id | None = None
    fed_by: Id | None = Field(default=None, description="the circuit upstream")
    activity: Line = ""
    limit_a: Limit | None = Field(default=None, description="rated current")
    limit_w: Limit | None = Field(default=None, description="rated power")


class CircuitFields(BelongingFields):
    channel: Channel = 1
    name: Name | None = None


class NewDevice(BelongingFields):
    """A device to be made; the fields of a circuit beside the others are shorthand where it has only one."""

    name: Name
    profile: PointText
    product: PointText
    bus: Id
    unit_id: UnitId
    enabled: bool = True
    recorded: Points = "default"
    circuits: Annotated[tuple[CircuitFields, ...], Field(max_length=1000)] = ()


class DeviceFieldsChange(BelongingFields):
    """What is absent stays as it is; `since` says from when a changed belonging holds."""

    name: Name | None = None
    bus: Id | None = None
    unit_id: UnitId | None = None
    enabled: bool | None = None
    recorded: Points | None = None
    circuits: Annotated[tuple[CircuitFields, ...], Field(max_length=1000)] = ()
    since: Since = Since.TODAY
    version: Version | None = None


class CircuitAnswer(Answer):
    """`assigned`: it has a zone, a usage and a source, and so is shown by them."""

    id: str
    channel: int
    name: str
    zone: str | None
    usage: str | None
    source: str | None
    switchboard: str | None
    landmark: str | None
    fed_by: str | None
    activity: str
    limit_a: float | None
    limit_w: float | None
    assigned: bool


class DeviceAnswer(Answer):
    """`zone`, `usage`, `source`, `switchboard` are those of its circuit where there is only one."""

    id: str
    name: str
    profile: str
    product: str
    bus: str
    unit_id: int
    enabled: bool
    created: UtcTime
    recorded: list[str]
    circuits: list[CircuitAnswer]
    zone: str | None
    usage: str | None
    source: str | None
    switchboard: str | None
    version: int


class DevicePage(Answer):
    items: list[DeviceAnswer]
    next: str | None


class Advice(Answer):
    code: str
    text: str


class IdentificationAnswer(Answer):
    """`found` is what the device said of itself; `detail` is English, for people who debug."""

    outcome: IdentifyOutcome
    found: dict[str, str]
    advice: Advice
    detail: str


class SeriesAnswer(Answer):
    """`how`: what is kept of the values around each slot. `retired`: its device was deleted."""

    id: str
    uuid: UUID
    device: str
    circuit: str
    circuit_name: str
    channel: int
    point: str
    how: Aggregate
    unit: str
    decimals: int
    recorded: bool
    retired: bool


class SeriesPage(Answer):
    items: list[SeriesAnswer]
    next: str | None


class ProfileAnswer(Answer):
    id: str
    name: str
    family: str
    products: list[str]
    buses: list[str]
    status: Status


class Interval(Answer):
    """`factory` is what it was when the server was new."""

    kind: Kind
    minutes: int
    factory: int


class Intervals(Answer):
    items: list[Interval]


class IntervalsChange(Given):
    """Kinds that are absent keep their interval."""

    intervals: dict[Kind, int]
