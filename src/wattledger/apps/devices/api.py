"""Devices and what they record, in the API."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from ninja import Router, Status

from wattledger.apps.accounts.gate import requires, user_of
from wattledger.apps.accounts.idempotency import repeatable
from wattledger.apps.accounts.rights import Right
from wattledger.apps.devices.actions import change_device, create_device, delete_device
from wattledger.apps.devices.advice import advice_text
from wattledger.apps.devices.answers import device_answer, series_answer
from wattledger.apps.devices.parsing import device_change, device_draft
from wattledger.apps.devices.plans import plan_answer
from wattledger.apps.devices.queries import device_row, device_rows, find_device, living_devices, series_of
from wattledger.apps.devices.recording import change_intervals, interval_min, intervals
from wattledger.apps.devices.schemas import (
    Advice,
    DeviceAnswer,
    DeviceFieldsChange,
    DevicePage,
    IdentificationAnswer,
    Interval,
    Intervals,
    IntervalsChange,
    NewDevice,
    PlanAnswer,
    SeriesPage,
)
from wattledger.apps.rest.ids import Kind, number_in_field, number_in_path
from wattledger.apps.rest.pages import Cursor, KnownVersion, Limit, page
from wattledger.apps.rest.responses import no_content
from wattledger.apps.rest.server import engine
from wattledger.engine.api import IdentifyRequest

router = Router(tags=["devices"])


@router.get("/devices", response=DevicePage)
@requires(Right.OPERATE)
def list_devices(request: HttpRequest, limit: Limit = 100, cursor: Cursor = None) -> DevicePage:
    """The devices, without those that were deleted."""
    rows, behind = page(living_devices(), limit=limit, cursor=cursor)
    return DevicePage(items=[device_answer(row) for row in device_rows(rows)], next=behind)


@router.post("/devices", response={201: DeviceAnswer})
@requires(Right.CONFIGURE)
@repeatable()
def make_device(request: HttpRequest, response: HttpResponse, device: NewDevice) -> Status[DeviceAnswer]:
    """Make a device; it is read and recorded from now on."""
    made = device_answer(device_row(create_device(device_draft(device), by=user_of(request))))
    response["Location"] = f"{request.path}/{made.id}"
    return Status(201, made)


@router.get("/devices/{device_id}", response=DeviceAnswer)
@requires(Right.OPERATE)
def show_device(request: HttpRequest, device_id: str) -> DeviceAnswer:
    """One device."""
    return device_answer(device_row(find_device(number_in_path(Kind.DEVICE, device_id))))


@router.patch("/devices/{device_id}", response=DeviceAnswer)
@requires(Right.CONFIGURE)
def patch_device(request: HttpRequest, device_id: str, change: DeviceFieldsChange) -> DeviceAnswer:
    """Change a device. Another profile or product is another device: delete this one and make a new one."""
    number = number_in_path(Kind.DEVICE, device_id)
    return device_answer(device_row(change_device(number, device_change(change), by=user_of(request))))


@router.delete("/devices/{device_id}", response={204: None})
@requires(Right.CONFIGURE)
def drop_device(request: HttpRequest, device_id: str, version: KnownVersion = None) -> HttpResponse:
    """Delete a device; its series and readings stay and can be read by the ids of the series."""
    delete_device(number_in_path(Kind.DEVICE, device_id), version=version, by=user_of(request))
    return no_content()


@router.post("/devices/{device_id}/identify", response=IdentificationAnswer)
@requires(Right.CONFIGURE)
@repeatable()
def identify_device(request: HttpRequest, device_id: str) -> IdentificationAnswer:
    """Ask the device who it is; takes as long as the device does, at most half a minute."""
    device = find_device(number_in_path(Kind.DEVICE, device_id))
    asked = IdentifyRequest(
        bus=device.bus_id or 0,  # never 0: a device that was not deleted has a bus
        unit_id=device.unit_id,
        profile=device.profile,
        product=device.product,
        actor=user_of(request).identifier,
    )
    said = engine().identify(asked)
    advice = Advice(code=said.advice, text=advice_text(said.advice))
    return IdentificationAnswer(outcome=said.outcome, found=said.found, advice=advice, detail=said.detail)


@router.get("/devices/{device_id}/plan", response=PlanAnswer)
@requires(Right.CONFIGURE)
def device_plan(request: HttpRequest, device_id: str) -> PlanAnswer:
    """How the device is asked at present and what that is expected to take, by what its answers took."""
    device = find_device(number_in_path(Kind.DEVICE, device_id))
    return plan_answer(device.pk, engine().plan(device.pk))


@router.get("/series", response=SeriesPage)
@requires(Right.OPERATE)
def list_series(
    request: HttpRequest, device: str | None = None, limit: Limit = 100, cursor: Cursor = None
) -> SeriesPage:
    """What is or was recorded, those of deleted devices too."""
    number = None if device is None else number_in_field(Kind.DEVICE, device, field="device")
    rows, behind = page(series_of(number), limit=limit, cursor=cursor)
    return SeriesPage(items=[series_answer(row) for row in rows], next=behind)


@router.get("/intervals", response=Intervals)
@requires(Right.OPERATE)
def list_intervals(request: HttpRequest) -> Intervals:
    """How often each kind of measurement is recorded."""
    return _intervals()


@router.patch("/intervals", response=Intervals)
@requires(Right.CONFIGURE)
def patch_intervals(request: HttpRequest, change: IntervalsChange) -> Intervals:
    """Change how often kinds are recorded, from the next slot on."""
    change_intervals(change.intervals, by=user_of(request))
    return _intervals()


def _intervals() -> Intervals:
    present = intervals()
    items = [Interval(kind=kind, minutes=minutes, factory=interval_min(kind)) for kind, minutes in present.items()]
    return Intervals(items=items)
