"""What changes devices."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from wattledger.apps.accounts.changes import CHANGED, CREATED, DELETED
from wattledger.apps.accounts.models import User
from wattledger.apps.building.revision import changing
from wattledger.apps.devices.catalog import map_of, part_of, terminals_of
from wattledger.apps.devices.circuits import assign
from wattledger.apps.devices.drafts import CircuitDraft, DeviceChange, DeviceDraft, Since
from wattledger.apps.devices.inputs import (
    check_terminal_is_here,
    keep_input,
    measured_map,
    present_input,
    said_input,
)
from wattledger.apps.devices.models import MOST_ON_LINE, Bus, BusKind, Circuit, Device, Installation, Series
from wattledger.apps.devices.recording import chosen_points, record_points
from wattledger.apps.rest.problems import ProblemError, bad_field
from wattledger.catalog import DeviceMap
from wattledger.plant import RTU_UNIT_IDS

WHAT = "device"


def create_device(draft: DeviceDraft, *, by: User) -> Device:
    """Make a device with its first installation, a circuit per channel and the series of what is recorded.

    Raises FieldError for whatever the catalog, the bus or the building does not have, and for a name or an address on
    the bus that another device has, for a serial line that is full or has no such unit, and for an input of the server
    that does not fit or cannot measure what is said.
    """
    product_map = map_of(draft.profile, draft.product)
    said = said_input(product_map, None, draft.input)
    device_map = measured_map(product_map, said)
    points = chosen_points(device_map, draft.recorded)
    if said is not None:
        check_terminal_is_here(draft.unit_id)
    with changing(WHAT, by=by) as change:
        device = Device(
            name=draft.name,
            bus=_bus(draft.bus),
            unit_id=draft.unit_id,
            part=part_of(device_map),
            profile=device_map.profile,
            product=device_map.product,
            enabled=draft.enabled,
        )
        _check_fits(device)
        device.save()
        keep_input(device, said)
        Installation.objects.create(device=device, since=device.created)
        circuits = _create_circuits(device, device_map)
        _change_circuits(circuits, draft.circuits, since=Since.ALWAYS)
        record_points(circuits, points)
        change.says(device.name, CREATED)
    return device


def change_device(device_id: int, wanted: DeviceChange, *, by: User) -> Device:
    """Change what `wanted` names, and nothing when it says what is so already; raises as `create_device`.

    With a version only when the device still has it, else ProblemError "version conflict".
    """
    with changing(WHAT, by=by) as change:
        device = _present(device_id, wanted.version)
        circuits = list(device.circuits.order_by("channel"))
        changes = [
            _change_fields(device, wanted),
            _change_circuits(circuits, wanted.circuits, since=wanted.since),
            _change_input(device, circuits, wanted),
            _change_recorded(device, circuits, wanted),
        ]
        if any(changes):
            device.version += 1
            device.save(update_fields=["name", "bus", "unit_id", "enabled", "version"])
            change.says(device.name, CHANGED)
    return device


def delete_device(device_id: int, *, version: int | None, by: User) -> None:
    """Retire a device: name and address are free again, its circuits, series and readings stay for the past."""
    with changing(WHAT, by=by) as change:
        device = _present(device_id, version)
        now = datetime.now(UTC)
        for present in device.installations.filter(until=None):
            present.until = max(now, present.since + timedelta(seconds=1))  # the clock may have gone back since
            present.save(update_fields=["until"])
        device.retired = now
        device.enabled = False
        device.version += 1
        device.save(update_fields=["retired", "enabled", "version"])
        change.says(device.name, DELETED)


def _present(device_id: int, version: int | None) -> Device:
    device = Device.objects.filter(pk=device_id, retired=None).first()
    if device is None:
        raise ProblemError("not_found")
    if version is not None and version != device.version:
        raise ProblemError("version_conflict")
    return device


def _bus(bus_id: int) -> Bus:
    bus = Bus.objects.filter(pk=bus_id).first()
    if bus is None:
        raise bad_field("bus", "unknown")
    return bus


def _check_fits(device: Device) -> None:
    """Raises FieldError when its name or unit is taken, or its bus cannot have it."""
    others = Device.objects.filter(retired=None).exclude(pk=device.pk)
    if others.filter(name=device.name).exists():
        raise bad_field("name", "taken", owner=device.name)
    neighbours = others.filter(bus=device.bus)
    owners = neighbours.filter(unit_id=device.unit_id)
    if device.part:  # beside other parts, but not beside a device that has the address for itself
        owners = owners.filter(part__in=("", device.part))
    owner = owners.first()
    if owner is not None:
        raise bad_field("unit_id", "taken", owner=owner.name)
    if device.bus is not None:
        _check_fits_terminal(device, device.bus)
    if device.bus is not None and device.bus.kind == BusKind.MODBUS_RTU:
        _check_fits_on_line(device, neighbours.count())


def _check_fits_terminal(device: Device, bus: Bus) -> None:
    terminals = terminals_of(device.profile, device.product)
    if bool(terminals) is not (bus.kind == BusKind.LOCAL_IO):
        raise bad_field("bus", "not_on_this_bus")
    if terminals and device.unit_id not in terminals:
        raise bad_field("unit_id", "not_one_of", choice=", ".join(map(str, terminals)))


def _check_fits_on_line(device: Device, neighbours: int) -> None:
    if device.unit_id < RTU_UNIT_IDS[0]:
        raise bad_field("unit_id", "too_small", limit=RTU_UNIT_IDS[0])
    if device.unit_id > RTU_UNIT_IDS[-1]:
        raise bad_field("unit_id", "too_big", limit=RTU_UNIT_IDS[-1])
    if neighbours >= MOST_ON_LINE:
        raise bad_field("bus", "line_full", limit=MOST_ON_LINE)


def _change_fields(device: Device, wanted: DeviceChange) -> bool:
    before = (device.name, device.bus_id, device.unit_id, device.enabled)
    if wanted.name is not None:
        device.name = wanted.name
    if wanted.bus is not None:
        device.bus = _bus(wanted.bus)
    if wanted.unit_id is not None:
        device.unit_id = wanted.unit_id
    if wanted.enabled is not None:
        device.enabled = wanted.enabled
    _check_fits(device)
    return before != (device.name, device.bus_id, device.unit_id, device.enabled)


def _create_circuits(device: Device, device_map: DeviceMap) -> list[Circuit]:
    return [
        Circuit.objects.create(
            device=device, channel=channel, name=device.name if device_map.channels == 1 else f"{device.name} {channel}"
        )
        for channel in range(1, device_map.channels + 1)
    ]


def _change_circuits(circuits: list[Circuit], drafts: tuple[CircuitDraft, ...], *, since: Since) -> bool:
    by_channel = {circuit.channel: circuit for circuit in circuits}
    named = set[int]()
    changed = False
    for draft in drafts:
        if draft.is_shorthand and len(circuits) > 1:
            raise bad_field(next(iter(draft.belonging)), "one_circuit_only")
        circuit = by_channel.get(draft.channel)
        if circuit is None:
            raise bad_field(f"{draft.field}channel", "unknown_channel", choice=", ".join(map(str, by_channel)))
        if draft.channel in named:
            raise bad_field(f"{draft.field}channel", "twice", name=draft.channel)
        named.add(draft.channel)
        if draft.name is not None and draft.name != circuit.name:
            circuit.name = draft.name
            circuit.save(update_fields=["name"])
            changed = True
        changed |= assign(circuit, draft, since=since)
    return changed


def _change_recorded(device: Device, circuits: list[Circuit], wanted: DeviceChange) -> bool:
    if wanted.recorded is None and not wanted.default_recorded:
        return False
    points = chosen_points(_map_of(device), wanted.recorded)
    return record_points(circuits, points)


def _change_input(device: Device, circuits: list[Circuit], wanted: DeviceChange) -> bool:
    """What is said of an input; where it measures something else, that is recorded instead."""
    if wanted.input is None:
        return False
    product_map = map_of(device.profile, device.product)
    before = present_input(device)
    said = said_input(product_map, before, wanted.input)
    if not keep_input(device, said):
        return False
    if wanted.recorded is None and not wanted.default_recorded:
        points = measured_map(product_map, said).points
        is_recorded = Series.objects.filter(circuit__in=circuits, recorded=True).exists()
        record_points(circuits, points if is_recorded else ())
    return True


def _map_of(device: Device) -> DeviceMap:
    return measured_map(map_of(device.profile, device.product), present_input(device))
