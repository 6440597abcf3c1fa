"""What the API gives of the server itself."""

from __future__ import annotations

from typing import Literal

from wattledger.apps.rest.jobs import JobAnswer
from wattledger.apps.rest.values import Answer, UtcTime
from wattledger.engine.api import DeviceCondition

ServiceState = Literal["ok", "down"]


class Health(Answer):
    """For people and monitors. `degraded`: a service is down, or nothing can be recorded because the card is `full` or
    the archive `failed`; a silent meter is no matter of health. `archive` null: the engine is down, nobody knows.
    """

    status: Literal["ok", "degraded"]
    services: dict[str, ServiceState]
    archive: str | None


class JobPage(Answer):
    items: list[JobAnswer]
    next: str | None


class RefusedPart(Answer):
    """A part of the configuration that the engine could not apply; `reason` is English."""

    kind: str
    id: str
    reason: str


class DeviceClock(Answer):
    """A clock that this server sets; its offset is device minus server when it was last read."""

    method: str
    offset_s: float | None
    last_set: UtcTime | None


class ConditionReason(Answer):
    """Why a device does not do as it should: a code, and what it means in the language of the request."""

    code: str
    text: str


class DeviceConditionAnswer(Answer):
    """`reason` is English and has the detail; `why` is null when all is well, or nothing more is known."""

    device: str
    condition: DeviceCondition
    since: UtcTime
    last_answer: UtcTime | None
    reason: str
    why: ConditionReason | None
    clock: DeviceClock | None


class Clock(Answer):
    """While the clock is not trusted, readings are held and dated later."""

    trusted: bool
    reason: str
    held: int


class State(Answer):
    """How the acquisition does. `active`: it works with the configuration that is saved."""

    saved_revision: int
    applied_revision: int | None
    active: bool
    configuration: str
    configuration_error: str
    refused: list[RefusedPart]
    devices: list[DeviceConditionAnswer]
    clock: Clock
    archive: str
    highest_slot: UtcTime | None
    started: UtcTime
