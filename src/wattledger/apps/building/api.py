"""The building in the API: the site, and what circuits can be assigned to."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from django.http import HttpRequest
from ninja import Router
from pydantic import Field

from wattledger.apps.accounts.gate import requires, user_of
from wattledger.apps.accounts.rights import Right
from wattledger.apps.building.actions import change_site
from wattledger.apps.building.models import EnergySource, Site, Usage
from wattledger.apps.rest.ids import Kind, public_id
from wattledger.apps.rest.pages import Cursor, Limit, page
from wattledger.apps.rest.values import Answer, Given, Line, Version

router = Router(tags=["building"])


class SiteAnswer(Answer):
    """`zone` is the IANA name of the time zone in which local days are counted."""

    server: UUID
    name: str
    zone: str
    version: int


class SiteChange(Given):
    """What is absent stays as it is; with a `version` that is no longer the present one, nothing is changed (409)."""

    name: Line | None = None
    zone: Annotated[str, Field(max_length=64)] | None = None
    version: Version | None = None


class Choice(Answer):
    """Something built in that a circuit can be assigned to; `code` is the same on every server."""

    id: str
    code: str
    name: str


class ChoicePage(Answer):
    items: list[Choice]
    next: str | None


@router.get("/site", response=SiteAnswer)
@requires(Right.OPERATE)
def show_site(request: HttpRequest) -> SiteAnswer:
    """The site."""
    return _site(Site.objects.get())


@router.patch("/site", response=SiteAnswer)
@requires(Right.CONFIGURE)
def patch_site(request: HttpRequest, change: SiteChange) -> SiteAnswer:
    """Change the site. Its time zone can be changed by administrators only."""
    return _site(change_site(name=change.name, zone=change.zone, version=change.version, by=user_of(request)))


@router.get("/usages", response=ChoicePage)
@requires(Right.OPERATE)
def list_usages(request: HttpRequest, limit: Limit = 100, cursor: Cursor = None) -> ChoicePage:
    """What energy can be used for; custom usages once they have a name."""
    offered = Usage.objects.filter(retired=False).exclude(built_in=False, name="")
    rows, behind = page(offered, limit=limit, cursor=cursor)
    items = [Choice(id=public_id(Kind.USAGE, row.pk), code=row.code, name=row.name) for row in rows]
    return ChoicePage(items=items, next=behind)


@router.get("/sources", response=ChoicePage)
@requires(Right.OPERATE)
def list_sources(request: HttpRequest, limit: Limit = 100, cursor: Cursor = None) -> ChoicePage:
    """Where energy can come from."""
    rows, behind = page(EnergySource.objects.all(), limit=limit, cursor=cursor)
    items = [Choice(id=public_id(Kind.SOURCE, row.pk), code=row.code, name="") for row in rows]
    return ChoicePage(items=items, next=behind)


def _site(site: Site) -> SiteAnswer:
    return SiteAnswer(server=site.server, name=site.name, zone=site.zone, version=site.version)
