"""Letting history go, in the API. Each takes `confirm`, which a person types."""

from __future__ import annotations

from typing import Annotated

from django.http import HttpRequest
from ninja import Query, Router

from wattledger.apps.accounts.gate import requires, user_of
from wattledger.apps.accounts.rights import Right
from wattledger.apps.devices.models import Device
from wattledger.apps.devices.queries import series_of
from wattledger.apps.measurements.forgetting import check_confirmed, forget_before, forget_series
from wattledger.apps.rest.ids import Kind, number_in_path, public_id
from wattledger.apps.rest.problems import ProblemError
from wattledger.apps.rest.values import Answer, Time

router = Router(tags=["measurements"])

Confirm = Annotated[str, Query(max_length=100)]


class Forgotten(Answer):
    """The series whose readings are gone. What is recorded further has new ones: see `GET /series`."""

    series: list[str]


class ForgottenMonths(Answer):
    """How many months of readings are gone."""

    months: int


@router.delete("/devices/{device_id}/readings", response=Forgotten)
@requires(Right.ADMINISTER)
def drop_device_readings(request: HttpRequest, device_id: str, confirm: Confirm) -> Forgotten:
    """Let all readings of a device be gone for ever, also of one that was deleted. `confirm`: its name."""
    device = Device.objects.filter(pk=number_in_path(Kind.DEVICE, device_id)).first()
    if device is None:
        raise ProblemError("not_found")
    check_confirmed(confirm, expected=device.name)
    gone = forget_series(list(series_of(device.pk).order_by("pk")), name=device.name, by=user_of(request))
    return Forgotten(series=[public_id(Kind.SERIES, number) for number in gone])


@router.delete("/series/{series_id}/readings", response=Forgotten)
@requires(Right.ADMINISTER)
def drop_series_readings(request: HttpRequest, series_id: str, confirm: Confirm) -> Forgotten:
    """Let all readings of a series be gone for ever. `confirm`: the id of the series."""
    series = series_of(None).filter(pk=number_in_path(Kind.SERIES, series_id)).first()
    if series is None:
        raise ProblemError("not_found")
    check_confirmed(confirm, expected=series_id)
    gone = forget_series([series], name=f"{series.circuit.name} ({series_id})", by=user_of(request))
    return Forgotten(series=[public_id(Kind.SERIES, number) for number in gone])


@router.delete("/storage/months", response=ForgottenMonths)
@requires(Right.ADMINISTER)
def drop_old_readings(request: HttpRequest, before: Time, confirm: Confirm) -> ForgottenMonths:
    """Let the readings of the months go that end before a time, in UTC; the values of their days stay.

    `confirm`: the date of `before` once more, as 2026-01-01.
    """
    check_confirmed(confirm, expected=before.date().isoformat())
    return ForgottenMonths(months=forget_before(before, by=user_of(request)))
