"""How the server does, in the API."""

from __future__ import annotations

from dataclasses import asdict

from django.http import HttpRequest, HttpResponse
from ninja import Router, Status

from wattledger.apps.accounts.gate import requires
from wattledger.apps.accounts.rights import Right
from wattledger.apps.building.revision import saved_revision
from wattledger.apps.rest.ids import Kind, public_id
from wattledger.apps.rest.server import engine, journal
from wattledger.apps.system.reason_texts import reason_text
from wattledger.apps.system.schemas import (
    Clock,
    ConditionReason,
    DeviceClock,
    DeviceConditionAnswer,
    Health,
    RefusedPart,
    ServiceState,
    State,
)
from wattledger.engine.api import EngineError, EngineState

router = Router(tags=["system"])
_ID_KINDS = {"bus": Kind.BUS, "device": Kind.DEVICE, "series": Kind.SERIES}


@router.get("/health", response={200: Health, 503: Health})
@requires(Right.OPEN)
def health(request: HttpRequest, response: HttpResponse) -> Status[Health]:
    """Whether the services of this server work and record; 503 when one does not. Needs no token."""
    archive = _archive_state()
    works = {"web": True, "engine": archive is not None, "worker": journal().jobs.has_worker()}
    services: dict[str, ServiceState] = {name: "ok" if well else "down" for name, well in works.items()}
    if all(works.values()) and archive == "ok":
        return Status(200, Health(status="ok", services=services, archive=archive))
    return Status(503, Health(status="degraded", services=services, archive=archive))


def _archive_state() -> str | None:
    """What the engine says of the archive; None when it does not answer."""
    try:
        return engine().state().archive
    except EngineError:
        return None


@router.get("/state", response=State)
@requires(Right.OPERATE)
def state(request: HttpRequest) -> State:
    """Which configuration is active, how each device does on its bus, and whether the clock is trusted."""
    return _state(engine().state(), saved=saved_revision())


def _state(engine_state: EngineState, *, saved: int) -> State:
    return State(
        saved_revision=saved,
        applied_revision=engine_state.revision,
        active=engine_state.revision == saved and not engine_state.refused,
        configuration=engine_state.configuration,
        configuration_error=engine_state.configuration_error,
        refused=[
            RefusedPart(kind=part.kind, id=_part_id(part.kind, part.id), reason=part.reason)
            for part in engine_state.refused
        ],
        devices=[
            DeviceConditionAnswer(
                device=public_id(Kind.DEVICE, device.device),
                condition=device.condition,
                since=device.since,
                last_answer=device.last_answer,
                reason=device.reason,
                why=ConditionReason(code=device.why, text=reason_text(device.why)) if device.why else None,
                clock=DeviceClock(**asdict(device.clock)) if device.clock else None,
            )
            for device in engine_state.devices
        ],
        clock=Clock(
            trusted=engine_state.clock.trusted, reason=engine_state.clock.reason, held=engine_state.clock.held_frames
        ),
        archive=engine_state.archive,
        highest_slot=engine_state.highest_slot,
        started=engine_state.started,
    )


def _part_id(kind: str, number: int) -> str:
    return public_id(_ID_KINDS[kind], number) if kind in _ID_KINDS else str(number)
