"""The plant: what is configured, as frozen values that the engine and the figures work with.

Ids are those of the configuration database. Times are UTC. A plant is one revision of the configuration, whole: it is
loaded, compared and applied as one value.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Literal, TypeAlias
from uuid import UUID

from wattledger.measure import Aggregate, Kind, PointName
from wattledger.plant.inputs import Input

# Which units can be asked: a gateway may use all of a byte, and 0 is then the gateway itself; on a serial line 0 is the
# broadcast that nobody answers, and from 248 on numbers are reserved (Modbus over Serial Line V1.02, 2.2).
TCP_UNIT_IDS = range(256)
RTU_UNIT_IDS = range(1, 248)
TERMINALS = range(1, 6)  # of the server itself: 1 and 2 digital, 3 and 4 analog inputs, 5 the PT100 input


class Parity(StrEnum):
    """The check bit of each character on a serial line."""

    NONE = "none"
    EVEN = "even"
    ODD = "odd"


class TlsVersion(StrEnum):
    """The version of TLS that a connection speaks; no other is accepted."""

    ANY = "any"  # the newest that both ends know, from 1.2 on (legacy: from 1.1 on)
    V1_1 = "1.1"  # legacy only
    V1_2 = "1.2"
    V1_3 = "1.3"


@dataclass(frozen=True, slots=True)
class ClientIdentity:
    """The certificate that this server shows, and its private key as the vault sealed it for `SEALED_FOR`."""

    certificate: str  # PEM, followed by its intermediates
    sealed_key: str = field(repr=False)


SEALED_FOR = "key of a client certificate"


@dataclass(frozen=True, slots=True)
class TlsSetup:
    """How a Modbus TCP connection is secured; certificates are PEM texts."""

    identity: ClientIdentity | None  # None: encrypted only, the other end does not learn who we are
    version: TlsVersion = TlsVersion.ANY
    is_legacy: bool = False  # TLS 1.1, short keys and SHA-1 pass
    checks_dates: bool = True
    accepts_self_signed: bool = False
    authorities: str = ""  # who may have issued the server's certificate; empty: whom the system trusts
    server_certificate: str = ""  # exactly this one is accepted, whatever it names; empty: any that passes the checks


@dataclass(frozen=True, slots=True)
class TcpBus:
    """A Modbus TCP connection: one host and port, shared by all units behind it."""

    id: int
    name: str
    host: str
    port: int
    timeout_s: float
    retries: int  # further tries after the first, of reads only
    in_flight: int = 1  # requests that may be under way at once; many servers take one at a time
    tls: TlsSetup | None = None  # None: in clear
    kind: Literal["modbus-tcp"] = "modbus-tcp"

    @property
    def place(self) -> str:
        """Where it is reached, for people: `192.0.2.7:502`."""
        return f"{self.host}:{self.port}"

    @property
    def unit_ids(self) -> range:
        """The units that can be asked on it."""
        return TCP_UNIT_IDS


@dataclass(frozen=True, slots=True)
class RtuBus:
    """A serial line that speaks Modbus RTU: one device file, shared by all units on the line."""

    id: int
    name: str
    device_file: str
    baudrate: int
    parity: Parity
    stop_bits: int | None  # None: as many as the parity leaves room for
    timeout_s: float
    retries: int  # further tries after the first, of reads only
    echo: bool = False  # the adapter hears what it sends itself
    kind: Literal["modbus-rtu"] = "modbus-rtu"

    @property
    def place(self) -> str:
        """Where it is reached, for people: `/dev/ttyUSB0`."""
        return self.device_file

    @property
    def unit_ids(self) -> range:
        """The units that can be asked on it."""
        return RTU_UNIT_IDS


@dataclass(frozen=True, slots=True)
class LocalBus:
    """The server's own inputs; the unit id is the terminal."""

    id: int
    name: str
    kind: Literal["local-io"] = "local-io"

    @property
    def place(self) -> str:
        """Where it is reached, for people."""
        return self.name

    @property
    def unit_ids(self) -> range:
        """The terminals."""
        return TERMINALS


Bus: TypeAlias = TcpBus | RtuBus | LocalBus


@dataclass(frozen=True, slots=True)
class Installation:
    """One meter in the place of a device, from its mounting to its exchange; `until` None: still there."""

    id: int
    since: datetime
    until: datetime | None = None
    serial: str = ""
    ratio: float = 1.0  # current transformer or pulse ratio that the meter itself does not apply
    modulus: float | None = None  # counters start anew here, in the series' unit; None: as the profile says


@dataclass(frozen=True, slots=True)
class Device:
    """What is wired: a unit on a bus that speaks as its profile says."""

    id: int
    name: str
    bus: int
    unit_id: int
    profile: str
    product: str
    enabled: bool = True
    installations: tuple[Installation, ...] = ()
    input: Input | None = None  # None: it is no input of the server itself, or nothing was said


@dataclass(frozen=True, slots=True)
class Assignment:
    """What a circuit belongs to from `since` on, until its next assignment; None: not assigned."""

    since: datetime
    zone: int | None = None
    usage: int | None = None
    source: int | None = None
    switchboard: int | None = None
    landmark: int | None = None
    activity: str = ""
    fed_by: int | None = None  # the circuit upstream
    limit_a: float | None = None  # rated current of its protection
    limit_w: float | None = None  # rated power, where that is what is known


@dataclass(frozen=True, slots=True)
class Circuit:
    """What is measured: one channel of a device and, over time, what it belongs to."""

    id: int
    name: str
    device: int
    channel: int = 1
    assignments: tuple[Assignment, ...] = ()


@dataclass(frozen=True, slots=True)
class Series:
    """All readings of one quantity of one circuit, across meters.

    `decimals` is its resolution: a stored integer n stands for n / 10**decimals. A change of `decimals` changes how
    the next readings are written, never what the old ones mean.
    """

    id: int
    uuid: UUID
    circuit: int
    quantity: str
    direction: str | None
    phase: str | None
    order: int
    aggregate: Aggregate
    decimals: int
    recorded: bool = True

    @property
    def point(self) -> PointName:
        """The name of the measured point."""
        return PointName.of(self.quantity, direction=self.direction, phase=self.phase, order=self.order)


@dataclass(frozen=True, slots=True)
class RecordingInterval:
    """How often the measurements of one kind are recorded."""

    kind: Kind
    minutes: int


@dataclass(frozen=True, slots=True)
class Plant:
    """One revision of the whole configuration."""

    revision: int
    server: UUID
    zone: str  # IANA name of the site's time zone
    buses: tuple[Bus, ...] = ()
    devices: tuple[Device, ...] = ()
    circuits: tuple[Circuit, ...] = ()
    series: tuple[Series, ...] = ()
    intervals: tuple[RecordingInterval, ...] = ()
    analog_output_v: float = 0.0  # what the 0-10 V output of the server is set to
    forgotten: tuple[int, ...] = ()  # ids of series that are to be gone for ever

    def interval_min(self, kind: Kind) -> int:
        """Minutes between two recorded readings of this kind; the factory's choice where nobody chose."""
        chosen = {interval.kind: interval.minutes for interval in self.intervals}
        return chosen.get(kind, FACTORY_INTERVAL_MIN.get(kind, OTHER_INTERVAL_MIN))


# Quarter hours must be exact for energies and powers: tariffs and demand are reckoned on them.
FACTORY_INTERVAL_MIN = {Kind.ENERGY: 5, Kind.POWER: 5, Kind.FLUID: 5}
OTHER_INTERVAL_MIN = 10
