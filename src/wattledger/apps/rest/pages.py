"""Lists in pieces: `limit` says how many at most, `next` of one answer is where the following one goes on."""

from __future__ import annotations

from typing import Annotated, TypeVar

from django.db.models import Model, QuerySet
from ninja import Query

from wattledger.apps.rest.problems import bad_field

MOST_A_PAGE = 1000
Limit = Annotated[int, Query(ge=1, le=MOST_A_PAGE)]
Cursor = Annotated[str | None, Query(alias="next", max_length=40)]
KnownVersion = Annotated[int | None, Query(alias="version", ge=1, le=2**31 - 1)]  # refused when it is no longer so
MOST_DIGITS = 18  # fit into 64 bits

Row = TypeVar("Row", bound=Model)


def position(cursor: str | None) -> int:
    """Behind which row to go on; 0 at the beginning. Raises FieldError for what is no cursor of ours."""
    if cursor is None:
        return 0
    if not (cursor.isascii() and cursor.isdecimal() and len(cursor) <= MOST_DIGITS):
        raise bad_field("next", "not_a_cursor")
    return int(cursor)


def page(rows: QuerySet[Row], *, limit: int, cursor: str | None) -> tuple[list[Row], str | None]:
    """The rows of one page in the order of their ids, and where the next one begins (None: this was the last)."""
    found = list(rows.filter(pk__gt=position(cursor)).order_by("pk")[: limit + 1])
    if len(found) <= limit:
        return found, None
    return found[:limit], str(found[limit - 1].pk)
