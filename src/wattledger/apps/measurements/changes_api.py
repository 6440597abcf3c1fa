"""What changed in the recorded readings, for programs that keep a copy of them or make something of them."""

from __future__ import annotations

import re
from typing import Annotated

from django.http import HttpRequest
from ninja import Query, Router

from wattledger.apps.accounts.gate import requires
from wattledger.apps.accounts.rights import Right
from wattledger.apps.measurements.queries import archive_reader
from wattledger.apps.rest.ids import Kind, public_id
from wattledger.apps.rest.problems import bad_field
from wattledger.apps.rest.values import Answer, UtcTime
from wattledger.archive import Changes

router = Router(tags=["measurements"])

MOST_CHANGES = 200  # each names all series of a slot
FORM = re.compile(r"(?P<cursor>[0-9]{1,18})-(?P<epoch>[0-9a-f-]{0,36})", re.ASCII)
BEGINNING = "0-"

Position = Annotated[str, Query(alias="next", max_length=60)]
AtOnce = Annotated[int, Query(ge=1, le=MOST_CHANGES)]


class ChangeAnswer(Answer):
    """Readings of `series` from `first` to `last`, both included, came, changed or went: read them again."""

    series: list[str]
    first: UtcTime
    last: UtcTime


class ChangesAnswer(Answer):
    """`next` is where to go on, also when there is nothing new. `reset`: begin anew, these are the first changes.

    Where nothing is read that was there before it is gone, but for readings of before `let_go_until` that only had to
    make room; those of `forgotten` series are gone, whenever they were.
    """

    items: list[ChangeAnswer]
    next: str
    reset: bool
    forgotten: list[str]
    let_go_until: UtcTime | None


@router.get("/changes", response=ChangesAnswer)
@requires(Right.OPERATE)
def list_changes(request: HttpRequest, limit: AtOnce = 50, after: Position = BEGINNING) -> ChangesAnswer:
    """What changed after `next` of an earlier answer, oldest first; without it from the beginning."""
    found = FORM.fullmatch(after)
    if found is None:
        raise bad_field("next", "not_a_cursor")
    with archive_reader() as reader:
        return _answer(reader.changes(int(found["cursor"]), epoch=found["epoch"], limit=limit))


def _answer(told: Changes) -> ChangesAnswer:
    return ChangesAnswer(
        items=[
            ChangeAnswer(series=_ids(change.series), first=change.start, last=change.end) for change in told.changes
        ],
        next=f"{told.cursor}-{told.epoch}",
        reset=told.is_reset,
        forgotten=_ids(told.forgotten),
        let_go_until=told.let_go_until,
    )


def _ids(numbers: tuple[int, ...]) -> list[str]:
    return [public_id(Kind.SERIES, number) for number in numbers]
