"""What changes readings."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import islice

from django.db import transaction

from wattledger.apps.accounts.models import User
from wattledger.apps.devices.history_models import SeriesOrigin
from wattledger.apps.devices.models import Series
from wattledger.apps.devices.queries import point_of
from wattledger.apps.rest.problems import FieldError, FieldProblem
from wattledger.apps.rest.server import engine
from wattledger.archive.exchange_file import Origin, OriginSeries
from wattledger.engine.api import GivenPoint, GivenReadings
from wattledger.measure import Nature

MOST_TOLD = 10  # faulty rows of one request that are named


def import_readings(series: Series, rows: list[tuple[datetime, float]], *, by: User) -> int:
    """Add past readings where none are; gives how many were added, so the same again adds 0.

    The past may have another rhythm than the series is recorded in: history of 15 minutes fits a series of 5.
    Raises FieldError for times that lie in the future or between two seconds and for a counter below zero, and
    EngineError.
    """
    wrong = list(islice(_faults(rows, counts=point_of(series).measures.nature is Nature.COUNTER), MOST_TOLD))
    if wrong:
        raise FieldError(*wrong)
    points = tuple(GivenPoint(slot, value) for slot, value in rows)
    return engine().backfill(GivenReadings(series.pk, points, by.identifier)).count


def note_origin(series: Series, foreign: OriginSeries, origin: Origin, *, first: datetime, last: datetime) -> None:
    """Remember from which series of which server come the readings of [first, last] that `series` did not record."""
    with transaction.atomic():
        row = SeriesOrigin.objects.filter(series=series, server=origin.server, uuid=foreign.uuid).first()
        row = row or SeriesOrigin(series=series, server=origin.server, uuid=foreign.uuid, first=first, last=last)
        row.epoch, row.device = origin.epoch, foreign.device
        row.channel, row.point = foreign.channel, foreign.point
        row.first, row.last = min(first, row.first), max(last, row.last)
        row.save()


def _faults(rows: list[tuple[datetime, float]], *, counts: bool) -> Iterator[FieldProblem]:
    now = datetime.now(UTC)
    for place, (slot, value) in enumerate(rows):
        if slot > now:
            yield FieldProblem(f"rows.{place}.0", "in_the_future")
        elif slot.microsecond:
            yield FieldProblem(f"rows.{place}.0", "not_whole_second")
        if counts and value < 0:
            yield FieldProblem(f"rows.{place}.1", "too_small", {"limit": 0})
