"""How far the card reaches: what the readings take, now and with other intervals."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from wattledger.apps.devices.catalog import map_of
from wattledger.apps.devices.models import Series
from wattledger.apps.devices.queries import point_of
from wattledger.apps.devices.recording import chosen_points, intervals
from wattledger.apps.measurements.queries import archive_reader
from wattledger.apps.rest.problems import FieldError, bad_field
from wattledger.archive import Forecast, Recording, Usage, forecast
from wattledger.measure import INTERVALS_MIN, Kind

MOST_PLANNED = 10_000  # devices of one product

Recorded = Iterator[tuple[int, Kind]]  # per series: which device it is of, and what it measures


@dataclass(frozen=True, slots=True)
class PlannedDevices:
    """So many devices, of each of which these kinds would be recorded, one entry per series."""

    count: int
    kinds: tuple[Kind, ...]


def storage(planned: Mapping[Kind, int], devices: Iterable[PlannedDevices] = ()) -> tuple[Usage, Forecast, int]:
    """What the archive takes, what comes of recording with the planned minutes (else the present), and the series.

    `devices` are recorded beside those that are.
    """
    minutes = {**intervals(), **planned}
    together: dict[tuple[int, int, bool], int] = defaultdict(int)  # device, minutes, energies → series
    for device, kind in (*_recorded(), *_to_be_recorded(devices)):
        together[device, minutes[kind], kind is Kind.ENERGY] += 1
    with archive_reader() as reader:
        usage = reader.usage()
    recording = [Recording(series=count, frames=1, interval_s=every * 60) for (_, every, _), count in together.items()]
    return usage, forecast(usage, recording), sum(together.values())


def planned_intervals(texts: list[str]) -> dict[Kind, int]:
    """`energy:15` as a kind and minutes; raises FieldError."""
    planned = {}
    for place, text in enumerate(texts):
        name, _, minutes = text.partition(":")
        if name not in set(Kind):
            raise bad_field(f"interval.{place}", "not_one_of", choice=", ".join(Kind))
        if minutes not in map(str, INTERVALS_MIN):
            raise bad_field(f"interval.{place}", "not_one_of", choice=", ".join(map(str, INTERVALS_MIN)))
        planned[Kind(name)] = int(minutes)
    return planned


def planned_devices(texts: list[str]) -> list[PlannedDevices]:
    """`hager-ecr:ECR380D:30` as thirty devices that record what their profile proposes; raises FieldError."""
    return [_planned_devices(text, field=f"add.{place}") for place, text in enumerate(texts)]


def _planned_devices(text: str, *, field: str) -> PlannedDevices:
    profile, _, rest = text.partition(":")
    product, _, count = rest.rpartition(":")
    if not (count.isascii() and count.isdigit()):
        raise bad_field(field, "not_valid")
    if int(count) > MOST_PLANNED:
        raise bad_field(field, "too_big", limit=MOST_PLANNED)
    try:
        device_map = map_of(profile, product)
    except FieldError as error:
        raise bad_field(field, error.fields[0].code, **error.fields[0].params) from error
    measures = [point.name.measures for point in chosen_points(device_map, None)]
    return PlannedDevices(int(count), tuple(each.kind for each in measures for _ in each.recorded))


def _recorded() -> Recorded:
    for series in Series.objects.filter(recorded=True, circuit__device__retired=None).select_related("circuit"):
        yield series.circuit.device_id, point_of(series).measures.kind


def _to_be_recorded(devices: Iterable[PlannedDevices]) -> Recorded:
    number = 0  # of devices that are not there; below it, as no device has such an id
    for planned in devices:
        for _ in range(planned.count):
            number -= 1
            yield from ((number, kind) for kind in planned.kinds)
