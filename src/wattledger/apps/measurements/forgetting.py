"""Letting history go on a person's word: all readings of some series, or those of all series before a day."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from wattledger.apps.accounts.changes import DELETED
from wattledger.apps.accounts.models import User
from wattledger.apps.building.revision import changing
from wattledger.apps.devices.history_models import ForgottenSeries
from wattledger.apps.devices.models import InstallationIndex, Series
from wattledger.apps.devices.queries import point_of
from wattledger.apps.rest.problems import bad_field
from wattledger.apps.rest.server import SOURCE, engine, journal
from wattledger.journal import Code, Param

WHAT = "readings"


def check_confirmed(given: str, *, expected: str) -> None:
    """Raises FieldError where a person did not type what shows that he knows what will be gone."""
    if given != expected:
        raise bad_field("confirm", "not_confirmed", expected=expected)


def forget_series(wanted: Sequence[Series], *, name: str, by: User) -> list[int]:
    """Let all readings of these series be gone for ever; gives their ids. Circuits and devices are loaded.

    What is measured goes on being recorded, in new series: an id that is gone is never used again, so that nobody takes
    one history for the other. Nobody can ask for them any more; the engine empties the archive when it has the change.
    """
    with changing(WHAT, by=by) as change:
        for series in wanted:
            _forget(series)
        if wanted:
            change.says(name, DELETED)
    return [series.pk for series in wanted]


def forget_before(moment: datetime, *, by: User) -> int:
    """Let the readings of all months go that end before `moment`, in UTC; gives how many. The values of days stay.

    Raises EngineError.
    """
    months = engine().forget_before(moment, by.identifier).count
    if months:
        params: dict[str, Param] = {"before": moment.date().isoformat(), "months": months}
        journal().note(Code.READINGS_FORGOTTEN, params=params, source=SOURCE, actor=by.identifier)
    return months


def _forget(series: Series) -> None:
    name = f"{series.circuit.name}: {point_of(series)}"
    ForgottenSeries.objects.create(number=series.pk, uuid=series.uuid, name=name)
    indexes = list(InstallationIndex.objects.filter(series=series))  # what meters showed when mounted is no reading
    InstallationIndex.objects.filter(series=series).delete()
    Series.objects.filter(pk=series.pk).delete()  # before its successor comes, as no two series are the same
    if series.recorded and series.circuit.device.retired is None:
        fresh = Series.objects.create(
            circuit=series.circuit,
            quantity=series.quantity,
            direction=series.direction,
            phase=series.phase,
            order=series.order,
            aggregate=series.aggregate,
            decimals=series.decimals,
        )
        for index in indexes:
            index.pk, index.series = None, fresh
        InstallationIndex.objects.bulk_create(indexes)
