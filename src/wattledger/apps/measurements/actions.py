"""What changes readings."""

from __future__ import annotations

from datetime import UTC, datetime

from wattledger.apps.accounts.models import User
from wattledger.apps.devices.models import Series
from wattledger.apps.rest.problems import FieldError, FieldProblem
from wattledger.apps.rest.server import engine
from wattledger.engine.api import GivenPoint, GivenReadings


def import_readings(series: Series, rows: list[tuple[datetime, float]], *, by: User) -> int:
    """Add past readings where none are; gives how many were added, so the same again adds 0.

    Raises FieldError for times that lie in the future or between two seconds, and EngineError.
    """
    now = datetime.now(UTC)
    wrong = [
        FieldProblem(f"rows.{place}.0", "in_the_future" if slot > now else "not_whole_second")
        for place, (slot, _) in enumerate(rows)
        if slot > now or slot.microsecond
    ]
    if wrong:
        raise FieldError(*wrong[:10])
    points = tuple(GivenPoint(slot, value) for slot, value in rows)
    return engine().backfill(GivenReadings(series.pk, points, by.identifier)).count
