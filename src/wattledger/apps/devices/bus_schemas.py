"""What the API takes and gives of buses."""

from __future__ import annotations

from typing import Annotated, Literal, TypeAlias

from pydantic import Field, StringConstraints

from wattledger.apps.devices.models import LEAST_TIMEOUT_S, MOST_IN_FLIGHT, MOST_RETRIES, MOST_TIMEOUT_S, Security
from wattledger.apps.rest.values import Answer, Given, Id, Name, PemText, UtcTime, Version
from wattledger.plant import TCP_UNIT_IDS, Parity, TlsVersion

Host = Annotated[str, Field(min_length=1, max_length=253)]
Port = Annotated[int, Field(ge=1, le=65535)]
DeviceFile = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=255),
    Field(description="the device file of the serial port, as /dev/ttyUSB0"),
]
Baudrate = Literal[1200, 2400, 4800, 9600, 19200, 38400, 57600, 115200]
StopBits = Annotated[Literal[1, 2] | None, Field(description="null: 1 with a check bit, 2 without")]
Echo = Annotated[bool, Field(description="whether the adapter hears what it sends itself")]
InFlight = Annotated[
    int,
    Field(ge=1, le=MOST_IN_FLIGHT, description="requests under way at once; 1 unless the server's manual allows more"),
]
UnitFilter = Annotated[int | None, Field(ge=0, le=TCP_UNIT_IDS[-1], description="only of this unit")]
Timeout = Annotated[float, Field(ge=LEAST_TIMEOUT_S, le=MOST_TIMEOUT_S, description="seconds")]
Retries = Annotated[int, Field(ge=0, le=MOST_RETRIES, description="of reads; writes are never repeated")]


class TlsFields(Given):
    """How a connection over TLS is secured; null and absent are the same where nothing was given before."""

    certificate: Annotated[Id | None, Field(description="what we show; authenticated connections only")] = None
    tls_version: Annotated[TlsVersion | None, Field(description="1.1 with legacy only")] = None
    legacy: Annotated[bool | None, Field(description="short keys, SHA-1 and TLS 1.1 pass")] = None
    check_dates: bool | None = None
    accept_self_signed: Annotated[bool | None, Field(description="any server may sign its own certificate")] = None
    authorities: Annotated[
        PemText | None, Field(description="who may issue the server's certificate; null: whom the system trusts")
    ] = None
    server_certificate: Annotated[
        PemText | None, Field(description="exactly this one is accepted, instead of authorities")
    ] = None


class NewTcpBus(TlsFields):
    """A Modbus TCP connection to be made."""

    kind: Literal["modbus-tcp"]
    name: Name
    host: Host
    port: Port = 502
    security: Security = Security.CLEAR
    in_flight: InFlight = 1
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
    echo: Echo = False
    timeout_s: Timeout = 0.25
    retries: Retries = 1


class NewLocalBus(Given):
    """The server's own inputs, to be made a bus; there is one at most."""

    kind: Literal["local-io"]
    name: Name


NewBus: TypeAlias = Annotated[NewTcpBus | NewRtuBus | NewLocalBus, Field(discriminator="kind")]


class TcpBusChange(TlsFields):
    """Of a Modbus TCP connection; what is absent stays as it is, and what no longer applies is dropped."""

    name: Name | None = None
    host: Host | None = None
    port: Port | None = None
    security: Security | None = None
    in_flight: InFlight | None = None
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
    echo: Echo | None = None
    timeout_s: Timeout | None = None
    retries: Retries | None = None
    version: Version | None = None


class LocalBusChange(Given):
    """Of the server's own inputs; what is absent stays as it is."""

    name: Name | None = None
    version: Version | None = None


class TcpBusAnswer(Answer):
    """Fields that do not apply to the connection's security are null."""

    id: str
    kind: Literal["modbus-tcp"]
    name: str
    host: str
    port: int
    security: Security
    certificate: str | None
    tls_version: TlsVersion | None
    legacy: bool | None
    check_dates: bool | None
    accept_self_signed: bool | None
    authorities: str | None
    server_certificate: str | None
    in_flight: int
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
    echo: bool
    timeout_s: float
    retries: int
    version: int


class LocalBusAnswer(Answer):
    id: str
    kind: Literal["local-io"]
    name: str
    version: int


BusAnswer: TypeAlias = Annotated[TcpBusAnswer | RtuBusAnswer | LocalBusAnswer, Field(discriminator="kind")]


class BusPage(Answer):
    items: list[BusAnswer]
    next: str | None


class Frame(Answer):
    """One frame on a bus, or one thing that happened to its connection.

    `happening` is request, accepted, exception, rejected, late, timeout, connected or lost; `direction` sent, received
    or null. `unit_id` null: it concerns the whole bus, or no unit can be told. `hex` is as on the wire; `reason` is
    English.
    """

    time: UtcTime
    happening: str
    direction: str | None
    unit_id: int | None
    device: str | None
    hex: str
    reason: str


class Frames(Answer):
    """The last frames of a bus, the newest last."""

    items: list[Frame]


class Traffic(Answer):
    """Counts since `since`; `device` null: of the whole bus.

    `load` is the share of the last minute in which the bus was used, `cycle_s` the time between two live readings.
    """

    device: str | None
    since: UtcTime
    requests: int
    answers: int
    timeouts: int
    rejected: int
    crc_errors: int
    exceptions: dict[int, int]
    retries: int
    connections: int
    connections_lost: int
    busy_s: float
    mean_response_s: float | None
    worst_response_s: float | None
    load: float | None
    cycle_s: float | None
