"""From what a scan gave to what the API answers: numbers become ids, trouble becomes advice."""

from __future__ import annotations

from django.utils.translation import gettext
from django.utils.translation import gettext_noop as _
from pydantic import JsonValue

from wattledger.apps.devices.scan_schemas import (
    Conflict,
    FoundDevice,
    Proposal,
    ScanAdvice,
    ScanResult,
    ScanSettings,
)
from wattledger.apps.rest.ids import Kind, optional_id, public_id
from wattledger.engine.api import SCAN_REPORT, LineSettings, ScanFinding
from wattledger.journal import Json

CONFLICT = {
    "check_line": _(
        "Something came that is no answer. Look for two devices with this Modbus address, for a device with another"
        " speed or parity, and for disturbances on the line."
    ),
    "check_gateway": _("Something came that is no answer of this unit. Check the gateway and its own settings."),
}


def scan_result(kept: Json) -> JsonValue:
    """The result of a scan in the language of the request; `kept` is what its job has left."""
    report = SCAN_REPORT.validate_python(kept)
    result = ScanResult(
        bus=public_id(Kind.BUS, report.order.bus),
        asked=report.order.questions,
        found=[_found(one) for one in report.findings if one.is_device],
        conflicts=[_conflict(one) for one in report.findings if one.unit.garbled],
        spared=[public_id(Kind.DEVICE, device) for device in report.spared],
        duration_s=report.duration_s,
    )
    as_json: JsonValue = result.model_dump(mode="json")
    return as_json


def _found(finding: ScanFinding) -> FoundDevice:
    unit = finding.unit
    return FoundDevice(
        unit_id=unit.unit_id,
        settings=_settings(finding.settings),
        device=optional_id(Kind.DEVICE, unit.device),
        product=unit.said.get("product"),
        serial=unit.said.get("serial"),
        said=unit.said,
        certainty=unit.certainty,
        proposals=[Proposal(profile=one.profile, product=one.product, name=one.name) for one in unit.proposals],
        same_as=finding.same_as,
    )


def _conflict(finding: ScanFinding) -> Conflict:
    code = "check_gateway" if finding.settings is None else "check_line"
    return Conflict(
        unit_id=finding.unit.unit_id,
        settings=_settings(finding.settings),
        device=optional_id(Kind.DEVICE, finding.unit.device),
        advice=ScanAdvice(code=code, text=gettext(CONFLICT[code])),
        detail=finding.unit.garbled,
    )


def _settings(settings: LineSettings | None) -> ScanSettings | None:
    if settings is None:
        return None
    return ScanSettings(baudrate=settings.baudrate, parity=settings.parity, stop_bits=settings.stop_bits)
