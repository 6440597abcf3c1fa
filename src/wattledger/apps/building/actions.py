"""What changes the site."""

from __future__ import annotations

from zoneinfo import available_timezones

from django.db.models import F

from wattledger.apps.accounts.changes import CHANGED
from wattledger.apps.accounts.models import User
from wattledger.apps.accounts.rights import Right
from wattledger.apps.building.models import Site
from wattledger.apps.building.revision import changing
from wattledger.apps.rest.problems import ProblemError, bad_field

# Links and rules of the zone database that are no place where a building stands.
NO_PLACE = frozenset({"Factory", "localtime", "posixrules"})


def change_site(*, name: str | None, zone: str | None, version: int | None, by: User) -> Site:
    """Change the site's name or time zone (None: as it is); the zone moves the local days, so administrators only.

    Raises FieldError for an unknown zone, and ProblemError for a missing right or another version than `version`.
    """
    if zone is not None and not by.may(Right.ADMINISTER):
        raise ProblemError("forbidden")
    if zone is not None and (zone in NO_PLACE or zone not in available_timezones()):
        raise bad_field("zone", "not_time_zone")
    with changing("site", by=by) as change:
        site = Site.objects.get()
        if version is not None and version != site.version:
            raise ProblemError("version_conflict")
        wanted = {"name": name if name is not None else site.name, "zone": zone or site.zone}
        if wanted != {"name": site.name, "zone": site.zone}:
            Site.objects.update(**wanted, version=F("version") + 1)
            change.says(wanted["name"], CHANGED)
    return Site.objects.get()
