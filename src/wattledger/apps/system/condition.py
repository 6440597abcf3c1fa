"""How the server does, for the frame of every page: what the engine says and what the journal keeps open."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from wattledger.apps.building.revision import saved_revision
from wattledger.apps.devices.queries import living_devices
from wattledger.apps.rest.server import data_folder, journal
from wattledger.engine.api import DeviceCondition, EngineClient, EngineError, EngineState
from wattledger.journal import Event, JournalError, Kind, Severity

ENGINE_WITHIN_S = 1.0  # a page does not wait longer for an engine that hangs; it shows what it knows
MOST_EVENTS = 100  # that are counted; beyond, the pill says so
GRAVEST_FIRST = (Severity.CRITICAL, Severity.MAJOR, Severity.MINOR, Severity.WARNING)
WITHOUT_CELLS = 40  # from so many devices on, one bar instead of a cell for each
TROUBLE = (
    DeviceCondition.SILENT,
    DeviceCondition.UNREACHABLE,
    DeviceCondition.REFUSING,
    DeviceCondition.UNUSABLE,
)


@dataclass(frozen=True, slots=True)
class Devices:
    """How many devices there are and answer; `cells` has one word for each: ok, bad, off."""

    declared: int
    answering: int
    in_trouble: int
    cells: tuple[str, ...]

    @property
    def has_cells(self) -> bool:
        """Whether each device has a cell of its own."""
        return 0 < len(self.cells) <= WITHOUT_CELLS


@dataclass(frozen=True, slots=True)
class Condition:
    """`engine` None: it does not answer. `open_events` None: the journal cannot be read; else the gravest first."""

    engine: EngineState | None
    saved_revision: int
    devices: Devices
    open_events: tuple[Event, ...] | None

    @property
    def is_pending(self) -> bool:
        """Whether a change is saved that the engine has not applied."""
        return self.engine is not None and self.engine.revision != self.saved_revision

    @property
    def alarms(self) -> int:
        """How many events want somebody."""
        return len(self.open_events or ())

    @property
    def are_more(self) -> bool:
        """Whether there are more than were counted."""
        return self.alarms >= MOST_EVENTS

    @property
    def worst(self) -> Severity | None:
        """The gravest of them."""
        return self.open_events[0].severity if self.open_events else None


def condition() -> Condition:
    """How the server does now; waits at most a second for the engine."""
    state = _engine_state()
    return Condition(state, saved_revision(), _devices(state), _open_events())


def _engine_state() -> EngineState | None:
    try:
        return EngineClient(data_folder().engine_socket, timeout_s=ENGINE_WITHIN_S).state()
    except EngineError:
        return None


def _devices(state: EngineState | None) -> Devices:
    numbers = list(living_devices().order_by("pk").values_list("pk", flat=True))
    known = {device.device: device.condition for device in state.devices} if state else {}
    words = [_word(known.get(number)) for number in numbers]
    counts = Counter(words)
    return Devices(len(numbers), counts["ok"], counts["bad"], tuple(words))


def _word(state: DeviceCondition | None) -> str:
    if state is DeviceCondition.ANSWERING:
        return "ok"
    return "bad" if state in TROUBLE else "off"


def _open_events() -> tuple[Event, ...] | None:
    kinds = (Kind.ALARM, Kind.ERROR, Kind.WARNING)
    try:
        found = journal().events(active_only=True, kinds=kinds, limit=MOST_EVENTS).events
    except JournalError:
        return None
    return tuple(sorted(found, key=lambda event: GRAVEST_FIRST.index(event.severity)))
