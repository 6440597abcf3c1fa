"""What is recorded of a device: its series, and how often. All within the caller's transaction."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from wattledger.apps.accounts.changes import CHANGED
from wattledger.apps.accounts.models import User
from wattledger.apps.building.revision import changing
from wattledger.apps.devices.models import Circuit, RecordingInterval, Series
from wattledger.apps.rest.problems import FieldError, FieldProblem
from wattledger.catalog import DeviceMap, MappedPoint
from wattledger.measure import INTERVALS_MIN, Aggregate, Kind
from wattledger.plant import FACTORY_INTERVAL_MIN, OTHER_INTERVAL_MIN

Identity = tuple[int, str, str, str, int, str]


def chosen_points(device_map: DeviceMap, names: tuple[str, ...] | None) -> tuple[MappedPoint, ...]:
    """The points with these names on every channel that has them; None: those that the profile proposes.

    Raises FieldError for names that the product does not have.
    """
    if names is None:
        return tuple(point for point in device_map.points if point.recorded_by_default)
    offered = {str(point.name) for point in device_map.points}
    choice = ", ".join(sorted(offered))
    unknown = [
        FieldProblem(f"recorded.{place}", "unknown_point", {"name": name, "choice": choice})
        for place, name in enumerate(names)
        if name not in offered
    ]
    if unknown:
        raise FieldError(*unknown)
    wanted = set(names)
    return tuple(point for point in device_map.points if str(point.name) in wanted)


def record_points(circuits: Iterable[Circuit], points: Iterable[MappedPoint]) -> bool:
    """Record exactly these points; False when that was so already.

    A series that is no longer recorded stays with what it has; recorded again it goes on.
    """
    by_channel = {circuit.channel: circuit for circuit in circuits}
    wanted = dict(_wanted(by_channel, points))
    present = {_identity(row): row for row in Series.objects.filter(circuit__in=by_channel.values())}
    switched = [row for identity, row in present.items() if row.recorded is not (identity in wanted)]
    for row in switched:
        row.recorded = not row.recorded
        row.save(update_fields=["recorded"])
    coarse = [key for key, row in present.items() if key in wanted and row.decimals < wanted[key].decimals]
    for key in coarse:  # a pulse is worth less than before; what is recorded keeps its meaning
        present[key].decimals = wanted[key].decimals
        present[key].save(update_fields=["decimals"])
    new = [row for identity, row in wanted.items() if identity not in present]
    Series.objects.bulk_create(new)
    return bool(switched or coarse or new)


def interval_min(kind: Kind) -> int:
    """The factory's interval of a kind, in minutes."""
    return FACTORY_INTERVAL_MIN.get(kind, OTHER_INTERVAL_MIN)


def intervals() -> dict[Kind, int]:
    """The recording interval of every kind, in minutes."""
    chosen = {Kind(row.kind): row.minutes for row in RecordingInterval.objects.all()}
    return {kind: chosen.get(kind, interval_min(kind)) for kind in Kind}


def change_intervals(wanted: Mapping[Kind, int], *, by: User) -> None:
    """Set the intervals of the kinds named; raises FieldError for minutes that are not offered."""
    choice = ", ".join(map(str, INTERVALS_MIN))
    wrong = [
        FieldProblem(kind.value, "not_one_of", {"choice": choice})
        for kind, minutes in wanted.items()
        if minutes not in INTERVALS_MIN
    ]
    if wrong:
        raise FieldError(*wrong)
    with changing("recording_interval", by=by) as change:
        present = intervals()
        changed = {kind: minutes for kind, minutes in wanted.items() if present[kind] != minutes}
        for kind, minutes in changed.items():
            RecordingInterval.objects.update_or_create(kind=kind.value, defaults={"minutes": minutes})
        if changed:
            change.says(", ".join(sorted(changed)), CHANGED)


def _wanted(by_channel: Mapping[int, Circuit], points: Iterable[MappedPoint]) -> Iterator[tuple[Identity, Series]]:
    for point in points:
        for aggregate in point.name.measures.recorded:
            row = _series(by_channel[point.channel], point, aggregate)
            yield _identity(row), row


def _series(circuit: Circuit, point: MappedPoint, aggregate: Aggregate) -> Series:
    return Series(
        circuit=circuit,
        quantity=point.name.quantity,
        direction=point.name.direction or "",
        phase=point.name.phase or "",
        order=point.name.order,
        aggregate=aggregate.value,
        decimals=point.decimals,
    )


def _identity(row: Series) -> Identity:
    return row.circuit_id, row.quantity, str(row.direction), str(row.phase), row.order, row.aggregate
