"""The server's own inputs and outputs in the API."""

from __future__ import annotations

from django.http import HttpRequest
from ninja import Router

from wattledger.apps.accounts.gate import requires, user_of
from wattledger.apps.accounts.idempotency import repeatable
from wattledger.apps.accounts.rights import Right
from wattledger.apps.devices.io_schemas import (
    AnalogOutputAnswer,
    Io,
    IoChange,
    IoInputAnswer,
    IoReason,
    RelayAnswer,
)
from wattledger.apps.devices.io_texts import io_text
from wattledger.apps.devices.outputs import analog_output_v, set_analog_output
from wattledger.apps.rest.ids import Kind, optional_id
from wattledger.apps.rest.problems import ProblemError, bad_field
from wattledger.apps.rest.server import engine
from wattledger.engine.api import EngineRefusedError, IoInput, IoOutput, IoState

router = Router(tags=["inputs and outputs"])

RELAY_HELD = "relay_held"  # as the engine says it
LASTING = frozenset({"no_board", "not_on_variant", "not_described"})  # what cannot be used will not be usable later


@router.get("/io", response=Io)
@requires(Right.CONFIGURE)
def show_io(request: HttpRequest) -> Io:
    """The server's own inputs and outputs, with what they show now."""
    return _io(engine().io())


@router.patch("/io", response=Io)
@requires(Right.ADMINISTER)
def patch_io(request: HttpRequest, change: IoChange) -> Io:
    """Set the 0-10 V output; it keeps its voltage through restarts."""
    if change.analog_output_v is not None:
        output = engine().io().analog_output
        if output.missing in LASTING:
            raise bad_field("analog_output_v", "no_output", reason=io_text(output.missing))
        set_analog_output(change.analog_output_v, by=user_of(request))
    return _io(engine().io())


@router.post("/io/relay-test", response=RelayAnswer)
@requires(Right.ADMINISTER)
@repeatable()
def test_relay(request: HttpRequest) -> RelayAnswer:
    """Close the relay; it opens again after two seconds. Refused while it is closed for another reason."""
    try:
        return _relay(engine().test_relay(user_of(request).identifier))
    except EngineRefusedError as error:
        if error.code == RELAY_HELD:
            raise ProblemError(RELAY_HELD) from error
        raise ProblemError("no_relay", reason=io_text(error.code)) from error


def _io(state: IoState) -> Io:
    return Io(
        variant=state.variant,
        inputs=[_input(one) for one in state.inputs],
        relay=_relay(state.relay),
        analog_output=AnalogOutputAnswer(
            set_v=analog_output_v(), value_v=state.analog_output.value, missing=_missing(state.analog_output)
        ),
        lamps=state.lamps,
    )


def _input(one: IoInput) -> IoInputAnswer:
    live = one.live
    return IoInputAnswer(
        terminal=one.terminal,
        kind=one.kind,
        raw=one.raw,
        raw_unit=one.raw_unit,
        pulses=one.pulses,
        device=optional_id(Kind.DEVICE, one.device),
        point=live.point if live else None,
        value=live.value if live else None,
        unit=live.unit if live else None,
        time=live.time if live else None,
        missing=_missing(one),
        fault=_reason(one.fault),
    )


def _relay(state: IoOutput) -> RelayAnswer:
    return RelayAnswer(closed=None if state.value is None else bool(state.value), missing=_missing(state))


def _missing(what: IoInput | IoOutput) -> IoReason | None:
    return _reason(what.missing, what.detail)


def _reason(code: str, detail: str = "") -> IoReason | None:
    return IoReason(code=code, text=io_text(code), detail=detail) if code else None
