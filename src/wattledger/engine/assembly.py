"""A plant made ready for acquisition: which points of which device are read, and what of them is recorded.

Pure: takes a plant and the catalog, gives frozen values that compare equal as long as nothing that matters changed, so
that it goes on undisturbed when a new revision is applied; names do not matter for that.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from wattledger.archive import MOST_SERIES_A_FRAME
from wattledger.catalog import Catalog, CatalogError, DeviceMap, MappedPoint, device_map, measuring
from wattledger.engine.api import Refusal
from wattledger.measure import Aggregate, Kind, MeasureError, Nature, PointName
from wattledger.plant import LOCAL_PROFILE, USUAL_INPUTS, Bus, Circuit, Device, Plant, Series

# What a transformer or pulse ratio that the meter does not know multiplies.
RATIO_KINDS = frozenset({Kind.CURRENT, Kind.POWER, Kind.ENERGY, Kind.FLUID})


@dataclass(frozen=True, slots=True)
class RecordedSeries:
    """One series and the point that fills it."""

    series: int
    point: MappedPoint
    aggregate: Aggregate
    decimals: int


@dataclass(frozen=True, slots=True)
class SlotGroup:
    """The series of one device that share their slots and are written as one frame.

    Energies stand apart from the rest: they are read first at a slot, of all devices, so that their indexes lie close
    to it, and each frame keeps one offset.
    """

    minutes: int
    energies: bool
    members: tuple[RecordedSeries, ...]


@dataclass(frozen=True, slots=True)
class DeviceSetup:
    """One device, ready to be read."""

    device: Device
    map: DeviceMap
    circuits: tuple[tuple[int, int], ...]  # channel, circuit
    groups: tuple[SlotGroup, ...]
    ratio: float

    @property
    def nameless(self) -> DeviceSetup:
        """What of the setup matters for reading: another name or serial number disturbs nothing."""
        return replace(self, device=replace(self.device, name="", installations=()))

    def factor(self, point: MappedPoint) -> float:
        """By what the meter's own value is multiplied: the ratio of transformers or pulses it knows nothing of."""
        return self.ratio if point.name.measures.kind in RATIO_KINDS else 1.0

    def with_ratio(self, answers: Mapping[MappedPoint, float | None]) -> Mapping[MappedPoint, float | None]:
        """The meter's own values, each multiplied by its factor."""
        if self.ratio == 1.0:
            return answers
        return {point: None if value is None else value * self.factor(point) for point, value in answers.items()}


@dataclass(frozen=True, slots=True)
class BusSetup:
    """One bus with the enabled devices on it."""

    bus: Bus
    devices: tuple[DeviceSetup, ...]


@dataclass(frozen=True, slots=True)
class Assembly:
    """A plant as far as it can be acquired, and what of it cannot."""

    buses: tuple[BusSetup, ...]
    refusals: tuple[Refusal, ...]


def assemble(plant: Plant, catalog: Catalog) -> Assembly:
    """Resolve every enabled device against its profile; what does not fit is refused by itself, never the whole."""
    refusals: list[Refusal] = []
    circuits, series = _circuits_by_device(plant), _series_by_circuit(plant)
    buses = {bus.id: bus for bus in plant.buses}
    by_bus: dict[int, list[DeviceSetup]] = defaultdict(list)
    for device in plant.devices:
        if not device.enabled:
            continue
        try:
            mapped = _device_map(catalog, device)
        except (CatalogError, MeasureError) as error:
            refusals.append(Refusal("device", device.id, str(error)))
            continue
        bus = buses.get(device.bus)
        if bus is None or device.unit_id not in bus.unit_ids:
            refusals.append(Refusal("device", device.id, _why_not_on(bus, device)))
            continue
        own = circuits[device.id]
        recorded = [
            member for circuit in own for member in _recorded(circuit, series[circuit.id], mapped, refusals=refusals)
        ]
        by_bus[device.bus].append(
            DeviceSetup(
                device=device,
                map=mapped,
                circuits=tuple((circuit.channel, circuit.id) for circuit in own),
                groups=tuple(_groups(recorded, plant)),
                ratio=device.installations[-1].ratio if device.installations else 1.0,
            )
        )
    return Assembly(tuple(BusSetup(bus, tuple(by_bus[bus.id])) for bus in plant.buses), tuple(refusals))


def _device_map(catalog: Catalog, device: Device) -> DeviceMap:
    profile = catalog.profile(device.profile)
    mapped = device_map(profile, profile.product(device.product))
    if device.profile != LOCAL_PROFILE:
        return mapped
    return measuring(mapped, device.input or USUAL_INPUTS[device.product])


def _why_not_on(bus: Bus | None, device: Device) -> str:
    if bus is None:
        return f"there is no bus {device.bus}"
    return f"bus {bus.name} has no unit {device.unit_id}; {bus.unit_ids[0]} to {bus.unit_ids[-1]}"


def _circuits_by_device(plant: Plant) -> dict[int, list[Circuit]]:
    found: dict[int, list[Circuit]] = defaultdict(list)
    for circuit in plant.circuits:
        found[circuit.device].append(circuit)
    return found


def _series_by_circuit(plant: Plant) -> dict[int, list[Series]]:
    found: dict[int, list[Series]] = defaultdict(list)
    for series in plant.series:
        if series.recorded:
            found[series.circuit].append(series)
    return found


def _recorded(
    circuit: Circuit, series: Iterable[Series], mapped: DeviceMap, *, refusals: list[Refusal]
) -> Iterator[RecordedSeries]:
    offered: dict[PointName, MappedPoint] = {
        point.name: point for point in mapped.points if point.channel == circuit.channel
    }
    for one in series:
        try:
            name = one.point
        except MeasureError as error:
            refusals.append(Refusal("series", one.id, str(error)))
            continue
        if name in offered:
            yield RecordedSeries(one.id, offered[name], one.aggregate, one.decimals)
        else:
            refusals.append(Refusal("series", one.id, f"{mapped.product} does not measure {name}"))


def _groups(recorded: Sequence[RecordedSeries], plant: Plant) -> Iterator[SlotGroup]:
    by_slot: dict[tuple[int, bool], list[RecordedSeries]] = defaultdict(list)
    for member in recorded:
        quantity = member.point.name.measures
        by_slot[plant.interval_min(quantity.kind), quantity.nature is Nature.COUNTER].append(member)
    for (minutes, energies), members in sorted(by_slot.items()):
        members.sort(key=lambda member: member.series)
        for first in range(0, len(members), MOST_SERIES_A_FRAME):
            yield SlotGroup(minutes, energies, tuple(members[first : first + MOST_SERIES_A_FRAME]))
