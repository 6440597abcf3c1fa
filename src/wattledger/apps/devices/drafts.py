"""What somebody wants a bus, a device or a circuit to be; ids are those of the database."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias, TypedDict

from wattledger.apps.devices.models import BusKind, Security
from wattledger.plant import Parity, TlsVersion

# What somebody says of an input of the server itself, by the names of `plant.Input`; what is absent stays as it is.
InputDraft: TypeAlias = dict[str, str | float | bool]


class Belonging(TypedDict, total=False):
    """What a circuit belongs to; an absent key leaves it as it is, None takes it away."""

    zone: int | None
    usage: int | None
    source: int | None
    switchboard: int | None
    landmark: int | None
    activity: str
    fed_by: int | None
    limit_a: float | None
    limit_w: float | None


class BusFields(TypedDict, total=False):
    """What can be said of a bus, as its model has it; an absent key leaves it as it is."""

    kind: BusKind
    name: str
    host: str
    port: int | None
    device_file: str
    baudrate: int
    parity: Parity
    stop_bits: int | None
    echo: bool
    in_flight: int
    security: Security
    certificate_id: int | None
    tls_version: TlsVersion
    legacy: bool
    check_dates: bool
    accept_self_signed: bool
    authorities: str
    server_certificate: str
    timeout_s: float
    retries: int


class Since(StrEnum):
    """From when a changed belonging holds."""

    TODAY = "today"  # the site's midnight that has just been
    ALWAYS = "always"  # for the past as well


@dataclass(frozen=True, slots=True)
class CircuitDraft:
    """One channel; `name` None: as it is, or after the device. `field` is where the request named it, for errors.

    `is_shorthand`: meant for the only circuit, and so refused where there are several.
    """

    channel: int
    name: str | None
    belonging: Belonging
    field: str = ""
    is_shorthand: bool = False


@dataclass(frozen=True, slots=True)
class DeviceDraft:
    """A device to be made. `recorded` None: what its profile proposes."""

    name: str
    profile: str
    product: str
    bus: int
    unit_id: int
    enabled: bool
    recorded: tuple[str, ...] | None
    circuits: tuple[CircuitDraft, ...]
    input: InputDraft | None = None


@dataclass(frozen=True, slots=True)
class DeviceChange:
    """A device to be changed; None and empty leave as it is. `default_recorded`: what the profile proposes."""

    name: str | None = None
    bus: int | None = None
    unit_id: int | None = None
    enabled: bool | None = None
    recorded: tuple[str, ...] | None = None
    default_recorded: bool = False
    circuits: tuple[CircuitDraft, ...] = ()
    input: InputDraft | None = None
    since: Since = Since.TODAY
    version: int | None = None
