"""What the API takes and gives of devices and what they record."""

from __future__ import annotations

from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from wattledger.apps.devices.drafts import Since
from wattledger.apps.devices.input_models import MOST_LEAD_OHM, InputKind
from wattledger.apps.rest.values import Answer, Given, Id, Line, Name, UtcTime, Version
from wattledger.catalog import Status
from wattledger.engine.api import IdentifyOutcome
from wattledger.measure import Aggregate, Kind
from wattledger.plant import MOST_DEBOUNCE_MS, TCP_UNIT_IDS, USUAL_DEBOUNCE_MS

UnitId = Annotated[int, Field(ge=0, le=TCP_UNIT_IDS[-1], description="1 to 247 on a serial line")]
Channel = Annotated[int, Field(ge=1, le=1000)]
PointText = Annotated[str, Field(max_length=100)]
Points = Annotated[list[PointText], Field(max_length=1000)] | Literal["default"]
Limit = Annotated[float, Field(gt=0, le=1e12)]
InputEnd = Annotated[float, Field(ge=-1e9, le=1e9)]


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


class InputFields(Given):
    """What an input of the server itself measures. What is absent stays as it is, at first as the product has it.

    Pulse counter: `measures`, `unit`, `amount`, `offset`, `debounce_ms`, `inverted`. Binary input: `measures`,
    `debounce_ms`, `inverted`. Analog input: `measures`, `unit`, `at_4ma`, `at_20ma`. PT100: `measures`, `lead_ohm`.
    """

    measures: PointText = Field(default="", description="the name of a point, as water_volume")
    unit: Annotated[str, Field(max_length=16)] = Field(default="", description="empty: the unit of the point")
    amount: Annotated[float, Field(gt=0, le=1e9)] = Field(default=1.0, description="that a pulse is worth")
    offset: Annotated[float, Field(ge=0, le=1e12)] = Field(default=0.0, description="at which the index begins")
    debounce_ms: Annotated[int, Field(ge=0, le=MOST_DEBOUNCE_MS)] = USUAL_DEBOUNCE_MS
    inverted: bool = Field(default=False, description="closed and open change places")
    at_4ma: InputEnd = 4.0
    at_20ma: InputEnd = 20.0
    lead_ohm: Annotated[float, Field(ge=0, le=MOST_LEAD_OHM)] = Field(default=0.0, description="both wires together")


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
    input: InputFields | None = Field(default=None, description="of an input of the server itself")


class DeviceFieldsChange(BelongingFields):
    """What is absent stays as it is; `since` says from when a changed belonging holds."""

    name: Name | None = None
    bus: Id | None = None
    unit_id: UnitId | None = None
    enabled: bool | None = None
    recorded: Points | None = None
    circuits: Annotated[tuple[CircuitFields, ...], Field(max_length=1000)] = ()
    input: InputFields | None = None
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


class InputAnswer(Answer):
    """What is said of an input; the fields of the other kinds are null."""

    kind: InputKind
    measures: str
    unit: str = ""
    amount: float | None = None
    offset: float | None = None
    debounce_ms: int | None = None
    inverted: bool | None = None
    at_4ma: float | None = None
    at_20ma: float | None = None
    lead_ohm: float | None = None


class DeviceAnswer(Answer):
    """`zone`, `usage`, `source`, `switchboard` are those of its circuit where there is only one.

    `input`: what is said of an input of the server itself; null: it is none.
    """

    id: str
    name: str
    profile: str
    product: str
    bus: str
    unit_id: int
    enabled: bool
    created: UtcTime
    recorded: list[str]
    input: InputAnswer | None
    circuits: list[CircuitAnswer]
    zone: str | None
    usage: str | None
    source: str | None
    switchboard: str | None
    version: int


class DevicePage(Answer):
    items: list[DeviceAnswer]
    next: str | None


class PlannedRequestAnswer(Answer):
    """One request: `points` lie in its answer; `fillers` of its `count` registers nobody asked for."""

    function: int
    address: int
    count: int
    points: int
    fillers: int
    expected_ms: float


class PlannedRequests(Answer):
    """Requests in the order in which they are sent, their sums, and these in words."""

    requests: list[PlannedRequestAnswer]
    points: int
    fillers: int
    expected_ms: int
    text: str


class PlannedPoint(Answer):
    channel: int
    point: str


class PlanAnswer(Answer):
    """How a device is asked for `every` point and for those `recorded` at a slot, and what it refuses."""

    device: str
    every: PlannedRequests
    recorded: PlannedRequests
    not_asked: list[PlannedPoint]


class Advice(Answer):
    code: str
    text: str


class IdentificationAnswer(Answer):
    """`found` is what the device said of itself; `detail` is English, for people who debug."""

    outcome: IdentifyOutcome
    found: dict[str, str]
    advice: Advice
    detail: str


class SeriesOriginAnswer(Answer):
    """A series of another server whose readings were imported, as it was called there."""

    server: UUID
    uuid: UUID
    device: str
    channel: int
    point: str
    first: UtcTime
    last: UtcTime
    imported: UtcTime


class SeriesAnswer(Answer):
    """`how`: what is kept of the values around each slot. `retired`: its device was deleted.

    `origins`: from where readings were imported that it did not record itself.
    """

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
    origins: list[SeriesOriginAnswer]


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
