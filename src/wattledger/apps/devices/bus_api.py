"""Buses in the API."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from ninja import Body, Router, Status

from wattledger.apps.accounts.gate import requires, user_of
from wattledger.apps.accounts.idempotency import repeatable
from wattledger.apps.accounts.rights import Right
from wattledger.apps.devices import buses
from wattledger.apps.devices.answers import bus_answer, frame_answer, traffic_answer
from wattledger.apps.devices.bus_parsing import BusChange, bus_change_fields, new_bus_fields
from wattledger.apps.devices.bus_schemas import BusAnswer, BusPage, Frames, NewBus, Traffic, UnitFilter
from wattledger.apps.devices.models import Bus
from wattledger.apps.rest.ids import Kind, number_in_path
from wattledger.apps.rest.pages import Cursor, KnownVersion, Limit, page
from wattledger.apps.rest.responses import no_content
from wattledger.apps.rest.server import SOURCE, engine, journal
from wattledger.journal import Code

router = Router(tags=["buses"])


@router.get("/buses", response=BusPage)
@requires(Right.CONFIGURE)
def list_buses(request: HttpRequest, limit: Limit = 100, cursor: Cursor = None) -> BusPage:
    """The buses."""
    rows, behind = page(Bus.objects.all(), limit=limit, cursor=cursor)
    return BusPage(items=[bus_answer(row) for row in rows], next=behind)


@router.post("/buses", response={201: BusAnswer})
@requires(Right.CONFIGURE)
@repeatable()
def make_bus(request: HttpRequest, response: HttpResponse, bus: NewBus) -> Status[BusAnswer]:
    """Make a bus."""
    made = bus_answer(buses.create_bus(new_bus_fields(bus), by=user_of(request)))
    response["Location"] = f"{request.path}/{made.id}"
    return Status(201, made)


@router.get("/buses/{bus_id}", response=BusAnswer)
@requires(Right.CONFIGURE)
def show_bus(request: HttpRequest, bus_id: str) -> BusAnswer:
    """One bus."""
    return bus_answer(_bus(bus_id))


@router.patch("/buses/{bus_id}", response=BusAnswer)
@requires(Right.CONFIGURE)
def patch_bus(request: HttpRequest, bus_id: str, change: Body[BusChange]) -> BusAnswer:
    """Change a bus; its devices are read on the new connection at once."""
    bus = _bus(bus_id)
    wanted = change.of(bus.kind)
    fields = bus_change_fields(wanted)
    return bus_answer(buses.change_bus(bus.pk, fields, version=wanted.version, by=user_of(request)))


@router.delete("/buses/{bus_id}", response={204: None})
@requires(Right.CONFIGURE)
def drop_bus(request: HttpRequest, bus_id: str, version: KnownVersion = None) -> HttpResponse:
    """Delete a bus that has no devices any more."""
    buses.delete_bus(number_in_path(Kind.BUS, bus_id), version=version, by=user_of(request))
    return no_content()


@router.get("/buses/{bus_id}/statistics", response=list[Traffic])
@requires(Right.CONFIGURE)
def bus_statistics(request: HttpRequest, bus_id: str) -> list[Traffic]:
    """Traffic counts of the bus (device null) and of every device on it."""
    return _traffic(_bus(bus_id))


@router.post("/buses/{bus_id}/statistics/reset", response=list[Traffic])
@requires(Right.CONFIGURE)
@repeatable()
def reset_bus_statistics(request: HttpRequest, bus_id: str) -> list[Traffic]:
    """Start the traffic counts of the bus and its devices anew and give them; the list of events tells who did."""
    bus = _bus(bus_id)
    actor = user_of(request).identifier
    engine().reset_statistics(actor, bus=bus.pk)
    journal().note(Code.STATISTICS_RESET, params={"bus": bus.name}, source=SOURCE, actor=actor)
    return _traffic(bus)


@router.get("/buses/{bus_id}/frames", response=Frames)
@requires(Right.CONFIGURE)
def bus_frames(request: HttpRequest, bus_id: str, unit: UnitFilter = None) -> Frames:
    """The last frames on the bus, of all units or of one, as they were on the wire."""
    bus = _bus(bus_id)
    return Frames(items=[frame_answer(frame) for frame in engine().frames(bus.pk, unit_id=unit)])


def _traffic(bus: Bus) -> list[Traffic]:
    return [traffic_answer(counts) for counts in engine().statistics() if counts.bus == bus.pk]


def _bus(bus_id: str) -> Bus:
    return buses.find_bus(number_in_path(Kind.BUS, bus_id))
