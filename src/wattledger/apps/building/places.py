"""What makes zones and switchboards."""

from __future__ import annotations

from wattledger.apps.accounts.changes import CREATED
from wattledger.apps.accounts.models import User
from wattledger.apps.building.models import Switchboard, Zone, ZoneKind
from wattledger.apps.building.revision import changing
from wattledger.apps.rest.problems import bad_field


def create_zone(*, name: str, kind: ZoneKind, parent: int | None, area_m2: float | None, by: User) -> Zone:
    """Make a building, or a floor or room within another zone.

    Raises FieldError for a building inside another zone, for a part of none, and for a parent that there is not.
    """
    if (kind is ZoneKind.BUILDING) != (parent is None):
        raise bad_field("parent", "contradiction", other="kind")
    with changing("zone", by=by) as change:
        if parent is not None and not Zone.objects.filter(pk=parent, retired=False).exists():
            raise bad_field("parent", "unknown")
        zone = Zone.objects.create(name=name, kind=kind, parent_id=parent, area_m2=area_m2)
        change.says(zone.name, CREATED)
    return zone


def create_switchboard(*, name: str, location: int, by: User) -> Switchboard:
    """Make a switchboard that stands in a zone; raises FieldError for a zone that there is not."""
    with changing("switchboard", by=by) as change:
        if not Zone.objects.filter(pk=location, retired=False).exists():
            raise bad_field("location", "unknown")
        board = Switchboard.objects.create(name=name, location_id=location)
        change.says(board.name, CREATED)
    return board
