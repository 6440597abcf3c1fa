"""The list of events in the API."""

from __future__ import annotations

from typing import Annotated, Literal

from django.http import HttpRequest
from ninja import Query, Router
from pydantic import Field, WithJsonSchema

from wattledger.apps.accounts.gate import requires
from wattledger.apps.accounts.rights import Right
from wattledger.apps.alarms.texts import event_text
from wattledger.apps.rest.pages import Cursor, Limit, position
from wattledger.apps.rest.server import journal
from wattledger.apps.rest.values import Answer, Time, UtcTime
from wattledger.journal import Event, Kind, Severity

router = Router(tags=["events"])
# Written out, because the description of the API calls enumerations by their bare name, and there is another Kind.
EventKind = Annotated[Kind, WithJsonSchema({"type": "string", "enum": [kind.value for kind in Kind]})]
Kinds = Annotated[list[EventKind], Query(max_length=10)]
Severities = Annotated[list[Severity], Query(max_length=10)]
Codes = Annotated[list[Annotated[str, Field(max_length=100)]], Query(max_length=100)]


class EventAnswer(Answer):
    """One event. `standing`: its condition lasts. `ended` and the acknowledgement are null until they happen."""

    id: str
    code: str
    kind: EventKind
    severity: Severity
    text: str
    params: dict[str, str | int | float]
    source: str
    actor: str | None
    first_fired: UtcTime
    last_fired: UtcTime
    count: int
    standing: bool
    ended: UtcTime | None
    acknowledged: UtcTime | None
    acknowledged_by: str | None
    comment: str


class EventPage(Answer):
    items: list[EventAnswer]
    next: str | None


class EventsQuery(Answer):
    """Which events. `active`: what stands, and unacknowledged alarms. The period takes in what fired in it."""

    status: Literal["active", "all"] = "all"
    kind: Kinds = []  # noqa: RUF012 - pydantic copies it
    severity: Severities = []  # noqa: RUF012
    code: Codes = []  # noqa: RUF012
    start: Time | None = None
    end: Time | None = None


@router.get("/events", response=EventPage)
@requires(Right.OPERATE)
def list_events(
    request: HttpRequest, query: Query[EventsQuery], limit: Limit = 100, cursor: Cursor = None
) -> EventPage:
    """What happened, newest first, in the language of `Accept-Language`."""
    found = journal().events(
        active_only=query.status == "active",
        limit=limit,
        after=position(cursor) or None,
        kinds=query.kind,
        severities=query.severity,
        codes=query.code,
        since=query.start,
        until=query.end,
    )
    behind = None if found.next is None else str(found.next)
    return EventPage(items=[_event(event) for event in found.events], next=behind)


def _event(event: Event) -> EventAnswer:
    return EventAnswer(
        id=event.occurrence,
        code=event.code,
        kind=event.kind,
        severity=event.severity,
        text=event_text(event),
        params=dict(event.params),
        source=event.source,
        actor=event.actor,
        first_fired=event.first_fired,
        last_fired=event.last_fired,
        count=event.count,
        standing=event.is_standing,
        ended=event.ended,
        acknowledged=event.acknowledged,
        acknowledged_by=event.acknowledged_by,
        comment=event.comment,
    )
