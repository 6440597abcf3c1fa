"""What people are shown of the work on a bus: its last frames, and how a device is asked."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection

from wattledger.catalog import MappedPoint
from wattledger.engine.acquisition import DeviceAcquisition
from wattledger.engine.api import BusFrame, PlannedRequest, PointAsked, ReadPlan
from wattledger.engine.links import BusLink
from wattledger.engine.polling import BusPoller
from wattledger.fieldbus import Manners, Read


def bus_frames(poller: BusPoller, *, unit_id: int | None) -> tuple[BusFrame, ...]:
    """What the monitor of a bus keeps, of one unit or of all, the newest last.

    What is said with a unit that several devices share (an inverter and the meters behind it) is none of them's own.
    """
    sharing = Counter(one.setup.device.unit_id for one in poller.acquisitions)
    units = {one.setup.device.unit_id: one.setup.device.id for one in poller.acquisitions}
    devices = {unit: device for unit, device in units.items() if sharing[unit] == 1}
    return tuple(
        BusFrame(
            time=entry.at,
            happening=entry.happening,
            direction=entry.direction,
            unit_id=entry.unit_id,
            device=None if entry.unit_id is None else devices.get(entry.unit_id),
            hex=entry.hex,
            reason=entry.reason,
        )
        for entry in poller.link.monitor.snapshot()
        if unit_id is None or entry.unit_id == unit_id
    )


def read_plan(one: DeviceAcquisition, link: BusLink) -> ReadPlan:
    """How a device is asked now; as at a slot, its energies are planned apart and come first."""
    points = one.setup.map.points
    slot = [
        {member.point for group in one.setup.groups if group.energies is energies for member in group.members}
        for energies in (True, False)
    ]
    return ReadPlan(
        every=_planned(one, link, points),
        recorded=tuple(request for due in slot for request in _planned(one, link, due)),
        not_asked=tuple(PointAsked(p.channel, str(p.name)) for p in points if one.memory.is_refused(p)),
    )


def _planned(one: DeviceAcquisition, link: BusLink, points: Collection[MappedPoint]) -> tuple[PlannedRequest, ...]:
    setup, unit_id = one.setup, one.setup.device.unit_id
    reads = one.memory.plan(setup.map, points, request_cost=link.request_cost(unit_id))
    gap_s = Manners.of(setup.map.limits).gap_s
    return tuple(_request(read, link.expected_s(unit_id, read.count) + gap_s) for read in reads)


def _request(read: Read, expected_s: float) -> PlannedRequest:
    return PlannedRequest(read.function, read.address, read.count, len(read.points), read.fillers, expected_s)
