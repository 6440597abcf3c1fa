"""The messages between the engine and everybody else, version 1.

Plain frozen dataclasses; on the wire they are JSON over HTTP/1.1 on a Unix socket. `actor` says in whose name something
is asked and goes into the journal. Fields are only added; a removal needs a new version.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Literal

VERSION = 1


class LiveQuality(StrEnum):
    """How fresh a live value is."""

    GOOD = "good"
    STALE = "stale"  # older than three of its poll periods: the device is silent or answers only in part
    NOT_AVAILABLE = "not_available"  # the device says that it has no value


class DeviceCondition(StrEnum):
    """How a device does on its bus."""

    WAITING = "waiting"  # not asked yet
    ANSWERING = "answering"
    SILENT = "silent"  # no answer within the timeout
    UNREACHABLE = "unreachable"  # no connection to its host
    REFUSING = "refusing"  # answers with an exception, or with another device's answers
    DISABLED = "disabled"
    UNUSABLE = "unusable"  # its configuration cannot be applied; the reason says why


class IdentifyOutcome(StrEnum):
    """What came of asking a device who it is."""

    MATCH = "match"
    OTHER_DEVICE = "other_device"
    NO_ANSWER = "no_answer"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class LiveValue:
    """The newest value of one point, in the unit of its quantity."""

    device: int
    circuit: int
    channel: int
    point: str
    value: float | None  # None: the device has none
    unit: str
    time: datetime  # when it was read
    age_s: float  # by the monotonic clock, so right even when the wall clock is not
    quality: LiveQuality


@dataclass(frozen=True, slots=True)
class DeviceClockState:
    """How the clock of a device does."""

    method: str  # how it is set: write, broadcast; none: not on this bus
    offset_s: float | None  # device minus server when it was last read; None: not read, or it shows no time
    last_set: datetime | None


@dataclass(frozen=True, slots=True)
class DeviceState:
    device: int
    condition: DeviceCondition
    since: datetime
    last_answer: datetime | None
    reason: str = ""  # English, for people who debug; empty when all is well
    clock: DeviceClockState | None = None  # None: it has none that is set
    why: str = ""  # code of the reason, of `fieldbus.Why`


@dataclass(frozen=True, slots=True)
class Refusal:
    """A part of the configuration that the engine could not apply."""

    kind: str  # bus, device, series
    id: int
    reason: str


@dataclass(frozen=True, slots=True)
class ClockState:
    trusted: bool
    reason: str  # synchronised, plausible, behind, ahead, first_start
    held_frames: int  # readings that wait until the clock is trusted


@dataclass(frozen=True, slots=True)
class EngineState:
    revision: int | None  # applied; None before the first plant
    configuration: str  # current, last_good, none
    configuration_error: str  # why the current one could not be read; empty when it could
    refused: tuple[Refusal, ...]
    devices: tuple[DeviceState, ...]
    clock: ClockState
    archive: str  # ok, full, failed
    highest_slot: datetime | None
    loop_lag_s: float  # worst within the last minute
    started: datetime


@dataclass(frozen=True, slots=True)
class TrafficStatistics:
    """Counts since `since`, of a bus (device None) or of one device on it."""

    bus: int
    device: int | None
    since: datetime
    requests: int
    answers: int
    timeouts: int
    rejected: int  # what came and did not fit its request, broken frames included
    crc_errors: int  # on a serial line: bytes that are no frame with a right check
    exceptions: dict[int, int]  # Modbus exception code → how often
    retries: int
    connections: int
    connections_lost: int
    busy_s: float  # seconds in which the bus was used; of a device: that its own requests took
    mean_response_s: float | None
    worst_response_s: float | None
    load: float | None  # the share of the last minute in which the bus was used, 0 to 1; None for a device
    cycle_s: float | None  # between two live readings; of a bus that of its slowest device; None: not known, or silent


@dataclass(frozen=True, slots=True)
class FramesRequest:
    """The last frames of a bus, of one unit or of all (None)."""

    bus: int
    unit_id: int | None = None


@dataclass(frozen=True, slots=True)
class BusFrame:
    """One frame on a bus, or one thing that happened to its connection."""

    time: datetime
    happening: str  # request, accepted, exception, rejected, late, timeout, connected, lost
    direction: str | None  # sent, received; None: no frame
    unit_id: int | None  # None: it concerns the whole bus, or no unit can be told
    device: int | None  # that has this unit; None where none has
    hex: str  # as on the wire, empty for what is no frame
    reason: str  # English: what was wrong with it


@dataclass(frozen=True, slots=True)
class PlanRequest:
    """How a device is asked at present."""

    device: int


@dataclass(frozen=True, slots=True)
class PlannedRequest:
    """One request: `points` lie in its answer, `fillers` of its `count` registers are read along for nothing."""

    function: int
    address: int
    count: int
    points: int
    fillers: int
    expected_s: float


@dataclass(frozen=True, slots=True)
class PointAsked:
    """A point of a device by its name and channel."""

    channel: int
    point: str


@dataclass(frozen=True, slots=True)
class ReadPlan:
    """How a device is asked for all its points, for those recorded at a slot, and what it refused alone before."""

    every: tuple[PlannedRequest, ...]
    recorded: tuple[PlannedRequest, ...]  # the energies first
    not_asked: tuple[PointAsked, ...]


@dataclass(frozen=True, slots=True)
class IdentifyRequest:
    """Ask the device at this address whether it is the declared one; a configured device or a place on a bus."""

    bus: int
    unit_id: int
    profile: str
    product: str
    actor: str


@dataclass(frozen=True, slots=True)
class Identification:
    outcome: IdentifyOutcome
    found: dict[str, str]  # what the device said: vendor, product, serial, firmware …
    advice: str  # of `fieldbus.Advice`, or check_adapter, check_terminal, check_tls in the place of check_address
    detail: str = ""  # English, for people who debug


@dataclass(frozen=True, slots=True)
class Reload:
    """The configuration was changed; `revision` is the one to apply."""

    revision: int
    actor: str


@dataclass(frozen=True, slots=True)
class Reloaded:
    revision: int
    refused: tuple[Refusal, ...]


@dataclass(frozen=True, slots=True)
class GivenPoint:
    slot: datetime
    value: float | None


@dataclass(frozen=True, slots=True)
class GivenReadings:
    """Past readings of one series: to be added where none are (backfill), or to stand instead (correct)."""

    series: int
    points: tuple[GivenPoint, ...]
    actor: str


@dataclass(frozen=True, slots=True)
class GivenChunk:
    """What an archive exported of one series; `blob` in base64."""

    series: int
    blob: str


@dataclass(frozen=True, slots=True)
class GivenChunks:
    """Readings of another archive, to be added where none are and no person has had a word."""

    chunks: tuple[GivenChunk, ...]
    actor: str


@dataclass(frozen=True, slots=True)
class ForgetBefore:
    """Let the readings of all months go that end before a moment."""

    moment: datetime
    actor: str


@dataclass(frozen=True, slots=True)
class Reset:
    """Set the traffic statistics of one bus back to zero, or of all (None)."""

    actor: str
    bus: int | None = None


@dataclass(frozen=True, slots=True)
class Stored:
    """How many readings were stored, counters reset, months forgotten."""

    count: int


@dataclass(frozen=True, slots=True)
class IoInput:
    """One input of the server. `missing`: code why it cannot be used; empty: it can. `fault`: code of its sensor's.

    `raw` is what stands at the terminal (1 closed, 0 open; mA; Ω), `live` what the device there makes of it.
    """

    terminal: int
    kind: Literal["digital", "analog", "pt100"]
    device: int | None
    live: LiveValue | None
    raw: float | None = None
    raw_unit: str = ""
    pulses: int | None = None
    fault: str = ""
    missing: str = ""
    detail: str = ""  # English, for people who debug


@dataclass(frozen=True, slots=True)
class IoOutput:
    """An output of the server: what it puts out (relay: 1 closed, 0 open; volts), or the code why there is none."""

    value: float | None
    missing: str = ""
    detail: str = ""


@dataclass(frozen=True, slots=True)
class IoState:
    """The server's own inputs and outputs. `variant` None: nobody said what this computer has."""

    variant: str | None
    inputs: tuple[IoInput, ...]
    relay: IoOutput
    analog_output: IoOutput
    lamps: dict[str, str]


@dataclass(frozen=True, slots=True)
class RelayTest:
    """Close the relay for a moment."""

    actor: str


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a request was refused."""

    code: str
    text: str
