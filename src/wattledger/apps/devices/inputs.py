"""What the server's own inputs measure: what somebody says of them, checked and kept in the caller's transaction."""

from __future__ import annotations

from dataclasses import asdict, fields

from pydantic import TypeAdapter

from wattledger import plant
from wattledger.apps.devices.drafts import InputDraft
from wattledger.apps.devices.input_models import DeviceInput
from wattledger.apps.devices.models import Device
from wattledger.apps.rest.problems import FieldError, FieldProblem, bad_field
from wattledger.apps.rest.server import engine
from wattledger.catalog import DeviceMap, UnfitMeasureError, measuring
from wattledger.engine.api import EngineError
from wattledger.measure import UNITS, PointName, PointNameError, UnitError

NOT_ON_VARIANT = "not_on_variant"  # as the engine says it
_INPUT: TypeAdapter[plant.Input] = TypeAdapter(plant.Input)


def said_input(device_map: DeviceMap, present: plant.Input | None, draft: InputDraft | None) -> plant.Input | None:
    """The input of a device after somebody said something of it; None where it is no input of the server.

    Raises FieldError for what does not concern this kind of input or what it cannot measure.
    """
    if device_map.profile != plant.LOCAL_PROFILE:
        if draft is not None:
            raise bad_field("input", "no_input")
        return None
    before = present or plant.USUAL_INPUTS[device_map.product]
    named = {field.name for field in fields(before)} - {"kind"}
    foreign = [FieldProblem(f"input.{name}", "not_for_this_input") for name in draft or () if name not in named]
    if foreign:
        raise FieldError(*foreign)
    said = _INPUT.validate_python({**asdict(before), **(draft or {})})
    if isinstance(said, plant.AnalogInput) and said.at_4ma == said.at_20ma:
        raise bad_field("input.at_20ma", "ends_alike")
    measured_map(device_map, said)
    return said


def measured_map(device_map: DeviceMap, said: plant.Input | None) -> DeviceMap:
    """What the product offers with what is said of its input; raises FieldError for what cannot be measured so."""
    if said is None:
        return device_map
    try:
        return measuring(device_map, said)
    except PointNameError:
        raise bad_field("input.measures", "unknown_measure") from None
    except UnfitMeasureError:
        raise bad_field("input.measures", "unfit_measure") from None
    except UnitError:
        base = PointName.parse(said.measures).measures.unit
        choice = ", ".join(unit.symbol for unit in UNITS.values() if unit.base == base)
        raise bad_field("input.unit", "not_one_of", choice=choice) from None


def present_input(device: Device) -> plant.Input | None:
    """What was said of the input of a device; None: it is none."""
    row = DeviceInput.objects.filter(device=device).first()
    return None if row is None else input_of(row)


def input_of(row: DeviceInput) -> plant.Input:
    """A row as the value that the engine works with."""
    return _INPUT.validate_python({name: value for name, value in vars(row).items() if value is not None})


def keep_input(device: Device, said: plant.Input | None) -> bool:
    """Keep what is said; False when it was so already."""
    if said is None or said == present_input(device):
        return False
    DeviceInput.objects.update_or_create(device=device, defaults=asdict(said))
    return True


def check_terminal_is_here(terminal: int) -> None:
    """Raises FieldError when the engine says that this make of the server has no such input.

    Without an engine nobody knows; the device then says so itself once it is read.
    """
    try:
        state = engine().io()
    except EngineError:
        return
    if any(one.terminal == terminal and one.missing == NOT_ON_VARIANT for one in state.inputs):
        raise bad_field("unit_id", "not_on_variant", variant=state.variant)
