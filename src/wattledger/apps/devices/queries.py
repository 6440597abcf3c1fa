"""What is asked of buses and devices."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from django.db.models import Q, QuerySet

from wattledger.apps.devices.circuits import present_assignment
from wattledger.apps.devices.input_models import DeviceInput
from wattledger.apps.devices.inputs import input_of
from wattledger.apps.devices.models import Circuit, CircuitAssignment, Device, Series
from wattledger.apps.rest.problems import ProblemError, bad_field
from wattledger.measure import Aggregate, PointName
from wattledger.plant import Input


@dataclass(frozen=True, slots=True)
class CircuitRow:
    """A circuit and what it belongs to now; an assignment None: to nothing yet."""

    circuit: Circuit
    assignment: CircuitAssignment | None

    @property
    def is_assigned(self) -> bool:
        """Whether it is shown by zone, usage and source: it has all three."""
        held = self.assignment
        return held is not None and None not in (held.zone_id, held.usage_id, held.source_id)


@dataclass(frozen=True, slots=True)
class DeviceRow:
    """A device, its circuits by channel, and the names of the points that are recorded."""

    device: Device
    circuits: tuple[CircuitRow, ...]
    recorded: tuple[str, ...]
    input: Input | None  # what is said of it; None: it is no input of the server itself


def point_of(series: Series) -> PointName:
    """The name of the point that a series records."""
    return PointName.of(
        series.quantity, direction=series.direction or None, phase=series.phase or None, order=series.order
    )


def living_devices() -> QuerySet[Device]:
    """Devices that were not deleted."""
    return Device.objects.filter(retired=None)


def device_rows(devices: Iterable[Device]) -> list[DeviceRow]:
    """The rows of these devices, in four queries however many they are."""
    devices = list(devices)
    circuits = list(Circuit.objects.filter(device__in=devices).order_by("device", "channel"))
    assigned: dict[int, list[CircuitAssignment]] = defaultdict(list)
    for row in CircuitAssignment.objects.filter(circuit__in=circuits).order_by("valid_from"):
        assigned[row.circuit_id].append(row)
    recorded: dict[int, dict[str, None]] = defaultdict(dict)  # a set that keeps its order
    device_of = {circuit.pk: circuit.device_id for circuit in circuits}
    for series in Series.objects.filter(circuit__in=circuits, recorded=True).order_by("pk"):
        recorded[device_of[series.circuit_id]][str(point_of(series))] = None
    now = datetime.now(UTC)
    rows: dict[int, list[CircuitRow]] = defaultdict(list)
    for circuit in circuits:
        rows[circuit.device_id].append(CircuitRow(circuit, present_assignment(assigned[circuit.pk], at=now)))
    inputs = {row.device_id: input_of(row) for row in DeviceInput.objects.filter(device__in=devices)}
    return [
        DeviceRow(device, tuple(rows[device.pk]), tuple(recorded[device.pk]), inputs.get(device.pk))
        for device in devices
    ]


def device_row(device: Device) -> DeviceRow:
    """The row of one device."""
    return device_rows([device])[0]


def find_device(device_id: int) -> Device:
    """A device that was not deleted; raises ProblemError "not found"."""
    device = living_devices().filter(pk=device_id).first()
    if device is None:
        raise ProblemError("not_found")
    return device


def find_series(
    device_id: int, *, channel: int | None, point: str, aggregate: Aggregate, otherwise: Aggregate | None = None
) -> Series:
    """The series of one point of a device that is or was; raises FieldError that says what there is instead.

    `channel` None: the only one. `otherwise`: what will do where `aggregate` is not recorded.
    """
    circuits = {row.channel: row for row in Circuit.objects.filter(device=device_id)}
    if not circuits:
        raise bad_field("device", "unknown")
    choice = ", ".join(map(str, sorted(circuits)))
    if channel is None and len(circuits) > 1:
        raise bad_field("channel", "channel_required", choice=choice)
    circuit = circuits.get(channel) if channel is not None else next(iter(circuits.values()))
    if circuit is None:
        raise bad_field("channel", "unknown_channel", choice=choice)
    kept = Series.objects.filter(circuit=circuit)
    fitting = {(str(point_of(row)), row.aggregate): row for row in kept}
    for wanted in (aggregate, otherwise):
        if wanted is not None and (point, wanted) in fitting:
            return fitting[point, wanted]
    if any(name == point for name, _ in fitting):
        others = sorted(kept_as for name, kept_as in fitting if name == point)
        raise bad_field("how", "not_one_of", choice=", ".join(others))
    raise bad_field("point", "not_recorded", choice=", ".join(sorted({name for name, _ in fitting})))


def series_of(device_id: int | None) -> QuerySet[Series]:
    """All series, or those of one device, with circuits, devices and origins loaded; those of deleted devices too."""
    wanted = Q() if device_id is None else Q(circuit__device=device_id)
    return Series.objects.filter(wanted).select_related("circuit__device").prefetch_related("origins")
