"""How a device does on its bus, and when that is worth an event."""

from __future__ import annotations

from datetime import datetime

from wattledger.engine.api import DeviceCondition, DeviceState
from wattledger.engine.events import EngineEvents
from wattledger.fieldbus import FieldbusError, why_of
from wattledger.journal import Code
from wattledger.plant import Bus, Device

# One lost answer on a disturbed line is in the statistics; the second visit in a row without any is an event.
FAILURES_BEFORE_EVENT = 2

CODES = (Code.DEVICE_SILENT, Code.DEVICE_UNREACHABLE, Code.DEVICE_REFUSING)
_EVENT_OF = {
    DeviceCondition.SILENT: Code.DEVICE_SILENT,
    DeviceCondition.UNREACHABLE: Code.DEVICE_UNREACHABLE,
    DeviceCondition.REFUSING: Code.DEVICE_REFUSING,
}


def device_key(device_id: int) -> str:
    """Under which key the journal keeps what stands of a device."""
    return f"device {device_id}"


class ConditionKeeper:
    """Follows one device through its answers and failures; tells the journal of changes, not of each try."""

    def __init__(self, device: Device, bus: Bus, *, events: EngineEvents, now: datetime) -> None:
        self._device = device
        self._bus = bus
        self._events = events
        self._failures = 0
        # What an earlier run of the engine left standing is not known: the first verdict ends whatever is not true.
        self._standing: Code | None = None
        self._settled = False
        self._condition = DeviceCondition.WAITING
        self._since = now
        self._last_answer: datetime | None = None
        self._reason, self._why = "", ""

    @property
    def state(self) -> DeviceState:
        """How the device does."""
        return DeviceState(
            self._device.id, self._condition, self._since, self._last_answer, self._reason, why=self._why
        )

    def rename(self, device: Device, bus: Bus) -> None:
        """Device or bus have another name from now on."""
        self._device, self._bus = device, bus

    def answered(self, now: datetime) -> None:
        """The device answered as it should."""
        self._failures = 0
        self._last_answer = now
        self._become(DeviceCondition.ANSWERING, None, now)
        self._end()

    def failed(self, condition: DeviceCondition, error: FieldbusError, now: datetime) -> None:
        """The device did not answer, or not as it should."""
        self._failures += 1
        self._become(condition, error, now)
        if self._failures >= FAILURES_BEFORE_EVENT:
            self._begin(condition, str(error))

    def _become(self, condition: DeviceCondition, error: FieldbusError | None, now: datetime) -> None:
        if condition is not self._condition:
            self._condition, self._since = condition, now
        self._reason, self._why = ("", "") if error is None else (str(error), str(why_of(error)))

    def _begin(self, condition: DeviceCondition, reason: str) -> None:
        code = _EVENT_OF[condition]
        if self._standing is code:
            return
        self._end(but=code)
        self._standing = code
        self._events.begin(code, self._key, params=self._params(code, reason))

    def _end(self, *, but: Code | None = None) -> None:
        if self._settled and self._standing is None:
            return
        for code in CODES:
            if code is not but and (code is self._standing or not self._settled):
                self._events.end(code, self._key)
        self._standing, self._settled = None, True

    @property
    def _key(self) -> str:
        return device_key(self._device.id)

    def _params(self, code: Code, reason: str) -> dict[str, str | int | float]:
        name = {"device": self._device.name}
        match code:
            case Code.DEVICE_SILENT:
                return {**name, "unit_id": self._device.unit_id, "bus": self._bus.name}
            case Code.DEVICE_UNREACHABLE:
                return {**name, "host": self._bus.place}
            case _:
                return {**name, "reason": reason}
