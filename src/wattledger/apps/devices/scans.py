"""What orders scans of buses."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from wattledger.apps.accounts.models import User
from wattledger.apps.devices.models import Bus, BusKind, Device
from wattledger.apps.devices.scan_schemas import GivenSettings, NewScan
from wattledger.apps.rest.ids import Kind, public_id
from wattledger.apps.rest.problems import ProblemError, bad_field
from wattledger.apps.rest.server import journal
from wattledger.engine.api import SCAN_JOB, SCAN_ORDER, USUAL_SETTINGS, LineSettings, ScanOrder, scan_s
from wattledger.journal import Job, JobPendingError
from wattledger.plant import RTU_UNIT_IDS, TCP_UNIT_IDS, Parity

GATEWAY_UNIT_ID = 255  # the gateway itself, or a device without one; Modbus Messaging on TCP/IP V1.0b, 4.4.1.2

# Which addresses are asked when none are named, and which may be.
_USUAL_UNITS: Mapping[str, Sequence[int]] = {
    BusKind.MODBUS_RTU: RTU_UNIT_IDS,
    BusKind.MODBUS_TCP: (*RTU_UNIT_IDS, GATEWAY_UNIT_ID),
}
_UNITS: Mapping[str, range] = {BusKind.MODBUS_RTU: RTU_UNIT_IDS, BusKind.MODBUS_TCP: TCP_UNIT_IDS}


def order_scan(bus: Bus, wanted: NewScan, *, by: User) -> tuple[Job, float]:
    """Submit the job of a scan; gives it and about how many seconds it takes.

    Raises FieldError, and ProblemError for a bus that has no addresses or is to be scanned already.
    """
    order = scan_order(bus, wanted)
    params = SCAN_ORDER.dump_python(order, mode="json")
    jobs = journal().jobs
    try:
        job = jobs.get(jobs.submit(SCAN_JOB, params=params, actor=by.identifier, one_per="bus"))
    except JobPendingError as error:
        raise ProblemError("scan_pending", job=public_id(Kind.JOB, error.job)) from error
    is_shared = Device.objects.filter(bus=bus, retired=None, enabled=True).exists()
    return job, scan_s(order, timeout_s=bus.timeout_s, is_shared=is_shared)


def scan_order(bus: Bus, wanted: NewScan) -> ScanOrder:
    """The addresses and settings that `wanted` means on this bus; raises as `order_scan`."""
    if bus.kind not in _UNITS:
        raise ProblemError("not_scannable")
    return ScanOrder(bus.pk, _unit_ids(bus.kind, wanted), _settings(bus, wanted.settings))


def _unit_ids(kind: str, wanted: NewScan) -> tuple[int, ...]:
    if wanted.first is None and wanted.last is None:
        return tuple(_USUAL_UNITS[kind])
    usual, possible = RTU_UNIT_IDS, _UNITS[kind]
    first = usual[0] if wanted.first is None else wanted.first
    last = usual[-1] if wanted.last is None else wanted.last
    for field, unit_id in (("first", first), ("last", last)):
        if unit_id < possible[0]:
            raise bad_field(field, "too_small", limit=possible[0])
        if unit_id > possible[-1]:
            raise bad_field(field, "too_big", limit=possible[-1])
    if first > last:
        raise bad_field("last", "contradiction", other="first")
    return tuple(range(first, last + 1))


def _settings(bus: Bus, wanted: str | list[GivenSettings]) -> tuple[LineSettings | None, ...]:
    if bus.kind != BusKind.MODBUS_RTU:
        if wanted != "configured":
            raise bad_field("settings", "no_line_settings")
        return (None,)
    # 0 and "" never happen: a serial line has them, by constraint.
    configured = LineSettings(bus.baudrate or 0, Parity(bus.parity), bus.stop_bits)
    if wanted == "configured":
        return (configured,)
    if isinstance(wanted, str):
        return (configured, *(one for one in USUAL_SETTINGS if _speech(one) != _speech(configured)))
    given = (LineSettings(one.baudrate, one.parity, one.stop_bits) for one in wanted)
    return tuple(dict.fromkeys(given))


def _speech(settings: LineSettings) -> tuple[int, Parity]:
    """What of the settings decides who understands them; a device hears one stop bit more as silence."""
    return settings.baudrate, settings.parity
