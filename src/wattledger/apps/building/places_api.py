"""Zones and switchboards in the API."""

from __future__ import annotations

from typing import Annotated

from django.http import HttpRequest
from ninja import Router, Status
from pydantic import Field

from wattledger.apps.accounts.gate import requires, user_of
from wattledger.apps.accounts.idempotency import repeatable
from wattledger.apps.accounts.rights import Right
from wattledger.apps.building.models import Switchboard, Zone, ZoneKind
from wattledger.apps.building.places import create_switchboard, create_zone
from wattledger.apps.rest.ids import Kind, number_in_field, optional_id, public_id
from wattledger.apps.rest.pages import Cursor, Limit, page
from wattledger.apps.rest.values import Answer, Given, Id, Name

router = Router(tags=["building"])


class NewZone(Given):
    """A building stands by itself; a floor or a room names the zone that it lies in."""

    name: Name
    kind: ZoneKind
    parent: Id | None = None
    area_m2: Annotated[float, Field(gt=0, le=1e8)] | None = None


class ZoneAnswer(Answer):
    id: str
    name: str
    kind: ZoneKind
    parent: str | None
    area_m2: float | None


class ZonePage(Answer):
    items: list[ZoneAnswer]
    next: str | None


class NewSwitchboard(Given):
    """`location` is the zone it stands in."""

    name: Name
    location: Id


class SwitchboardAnswer(Answer):
    id: str
    name: str
    location: str


class SwitchboardPage(Answer):
    items: list[SwitchboardAnswer]
    next: str | None


@router.get("/zones", response=ZonePage)
@requires(Right.OPERATE)
def list_zones(request: HttpRequest, limit: Limit = 100, cursor: Cursor = None) -> ZonePage:
    """Buildings, floors and rooms."""
    rows, behind = page(Zone.objects.filter(retired=False), limit=limit, cursor=cursor)
    return ZonePage(items=[_zone(row) for row in rows], next=behind)


@router.post("/zones", response={201: ZoneAnswer})
@requires(Right.CONFIGURE)
@repeatable()
def make_zone(request: HttpRequest, zone: NewZone) -> Status[ZoneAnswer]:
    """Make a zone."""
    parent = None if zone.parent is None else number_in_field(Kind.ZONE, zone.parent, field="parent")
    made = create_zone(name=zone.name, kind=zone.kind, parent=parent, area_m2=zone.area_m2, by=user_of(request))
    return Status(201, _zone(made))


@router.get("/switchboards", response=SwitchboardPage)
@requires(Right.OPERATE)
def list_switchboards(request: HttpRequest, limit: Limit = 100, cursor: Cursor = None) -> SwitchboardPage:
    """The boards that feed circuits."""
    rows, behind = page(Switchboard.objects.filter(retired=False), limit=limit, cursor=cursor)
    return SwitchboardPage(items=[_switchboard(row) for row in rows], next=behind)


@router.post("/switchboards", response={201: SwitchboardAnswer})
@requires(Right.CONFIGURE)
@repeatable()
def make_switchboard(request: HttpRequest, board: NewSwitchboard) -> Status[SwitchboardAnswer]:
    """Make a switchboard."""
    location = number_in_field(Kind.ZONE, board.location, field="location")
    return Status(201, _switchboard(create_switchboard(name=board.name, location=location, by=user_of(request))))


def _zone(zone: Zone) -> ZoneAnswer:
    return ZoneAnswer(
        id=public_id(Kind.ZONE, zone.pk),
        name=zone.name,
        kind=ZoneKind(zone.kind),
        parent=optional_id(Kind.ZONE, zone.parent_id),
        area_m2=zone.area_m2,
    )


def _switchboard(board: Switchboard) -> SwitchboardAnswer:
    return SwitchboardAnswer(
        id=public_id(Kind.SWITCHBOARD, board.pk),
        name=board.name,
        location=public_id(Kind.ZONE, board.location_id),
    )
