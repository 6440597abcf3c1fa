"""What is asked of the building."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from wattledger.apps.building.models import Site


def site_zone() -> ZoneInfo:
    """The time zone of the site."""
    return ZoneInfo(Site.objects.only("zone").get().zone)
