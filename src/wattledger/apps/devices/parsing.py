"""From what the API takes of a device to what the actions want: ids become numbers, shorthand becomes a circuit."""

from __future__ import annotations

from wattledger.apps.devices.drafts import Belonging, CircuitDraft, DeviceChange, DeviceDraft, InputDraft
from wattledger.apps.devices.schemas import (
    BelongingFields,
    CircuitFields,
    DeviceFieldsChange,
    InputFields,
    NewDevice,
    Points,
)
from wattledger.apps.rest.ids import Kind, number_in_field
from wattledger.apps.rest.problems import bad_field

ONLY_CHANNEL = 1


def device_draft(given: NewDevice) -> DeviceDraft:
    """The device that the request wants made; raises FieldError."""
    return DeviceDraft(
        name=given.name,
        profile=given.profile,
        product=given.product,
        bus=number_in_field(Kind.BUS, given.bus, field="bus"),
        unit_id=given.unit_id,
        enabled=given.enabled,
        recorded=_names(given.recorded),
        circuits=_circuits(given, given.circuits),
        input=_input(given.input),
    )


def device_change(given: DeviceFieldsChange) -> DeviceChange:
    """The change that the request wants; raises FieldError."""
    return DeviceChange(
        name=given.name,
        bus=None if given.bus is None else number_in_field(Kind.BUS, given.bus, field="bus"),
        unit_id=given.unit_id,
        enabled=given.enabled,
        recorded=None if given.recorded is None else _names(given.recorded),
        default_recorded=given.recorded == "default",
        circuits=_circuits(given, given.circuits),
        input=_input(given.input),
        since=given.since,
        version=given.version,
    )


def _input(given: InputFields | None) -> InputDraft | None:
    return None if given is None else given.model_dump(exclude_unset=True)


def _names(recorded: Points) -> tuple[str, ...] | None:
    return tuple(recorded) if isinstance(recorded, list) else None


def _circuits(given: BelongingFields, circuits: tuple[CircuitFields, ...]) -> tuple[CircuitDraft, ...]:
    shorthand = _belonging(given, "")
    if not shorthand:
        return tuple(_circuit(circuit, f"circuits.{place}.") for place, circuit in enumerate(circuits))
    if circuits:
        raise bad_field(next(iter(shorthand)), "contradiction", other="circuits")
    return (CircuitDraft(ONLY_CHANNEL, None, shorthand, is_shorthand=True),)


def _circuit(given: CircuitFields, field: str) -> CircuitDraft:
    return CircuitDraft(given.channel, given.name, _belonging(given, field), field=field)


def _belonging(given: BelongingFields, field: str) -> Belonging:
    named = given.model_fields_set

    def number(name: str, kind: Kind, text: str | None) -> int | None:
        return None if text is None else number_in_field(kind, text, field=field + name)

    found = Belonging()
    if "zone" in named:
        found["zone"] = number("zone", Kind.ZONE, given.zone)
    if "usage" in named:
        found["usage"] = number("usage", Kind.USAGE, given.usage)
    if "source" in named:
        found["source"] = number("source", Kind.SOURCE, given.source)
    if "switchboard" in named:
        found["switchboard"] = number("switchboard", Kind.SWITCHBOARD, given.switchboard)
    if "landmark" in named:
        found["landmark"] = number("landmark", Kind.LANDMARK, given.landmark)
    if "fed_by" in named:
        found["fed_by"] = number("fed_by", Kind.CIRCUIT, given.fed_by)
    if "activity" in named:
        found["activity"] = given.activity
    if "limit_a" in named:
        found["limit_a"] = given.limit_a
    if "limit_w" in named:
        found["limit_w"] = given.limit_w
    return found
