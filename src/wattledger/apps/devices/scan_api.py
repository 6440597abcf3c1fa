"""Scans of buses in the API."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from ninja import Router, Status

from wattledger.apps.accounts.gate import requires, user_of
from wattledger.apps.accounts.idempotency import repeatable
from wattledger.apps.accounts.rights import Right
from wattledger.apps.devices.buses import find_bus
from wattledger.apps.devices.scan_schemas import NewScan, ScanAnswer
from wattledger.apps.devices.scans import order_scan
from wattledger.apps.rest.ids import Kind, number_in_path
from wattledger.apps.rest.jobs import job_answer

router = Router(tags=["buses"])


@router.post("/buses/{bus_id}/scan", response={202: ScanAnswer})
@requires(Right.CONFIGURE)
@repeatable()
def scan_bus(request: HttpRequest, response: HttpResponse, bus_id: str, scan: NewScan) -> Status[ScanAnswer]:
    """Ask every address of a bus who is there; the job tells. Nothing is written, and reading goes on meanwhile."""
    job, estimated_s = order_scan(find_bus(number_in_path(Kind.BUS, bus_id)), scan, by=user_of(request))
    ordered = ScanAnswer(**dict(job_answer(job, result=None)), estimated_s=round(estimated_s, 1))
    response["Location"] = reverse("api-1:show_job", kwargs={"job_id": ordered.id})
    return Status(202, ordered)
