"""What a device is set to, and what it says is wrong: read when somebody asks for it, never along with the points."""

from __future__ import annotations

from dataclasses import dataclass

from wattledger.catalog import DeviceMap, MappedAlarm, MappedParameter
from wattledger.fieldbus.decoding import decode_number, is_raised
from wattledger.fieldbus.errors import LinkError, MisplacedError, RequestError, is_no_answer
from wattledger.fieldbus.link import Wire
from wattledger.fieldbus.manners import Manners
from wattledger.fieldbus.modbus.pdu import ReadRegisters


@dataclass(frozen=True, slots=True)
class Setting:
    """What one parameter is set to, in its unit; None: the device says that it has none, or `error` why not."""

    parameter: MappedParameter
    value: float | None
    error: RequestError | LinkError | None = None

    @property
    def choice(self) -> str | None:
        """The key of the text that says what the value means; None: it is a plain number, or one that means nothing."""
        if self.value is None or not self.value.is_integer():
            return None
        return self.parameter.values.get(int(self.value))


@dataclass(frozen=True, slots=True)
class AlarmState:
    """Whether the device says that what the alarm is about is so; None: `error` says why it is not known."""

    alarm: MappedAlarm
    is_raised: bool | None
    error: RequestError | LinkError | None = None


async def read_settings(link: Wire, unit_id: int, device_map: DeviceMap) -> tuple[Setting, ...]:
    """All parameters of the device as they are set now, in the order of its profile, each read by itself.

    Never raises for what the device or the bus does. One that is not answered costs the others nothing, unless the
    device is silent or the link is lost: then nothing more is asked.
    """
    registers = _Registers(link, unit_id, device_map)
    return tuple([await _setting(one, registers) for one in device_map.parameters])


async def read_alarms(link: Wire, unit_id: int, device_map: DeviceMap) -> tuple[AlarmState, ...]:
    """All alarms of the device's own as they stand now, as `read_settings`; a register of several is read once.

    Those of an anchored map are not known before it was settled where its registers stand.
    """
    if device_map.anchor is not None:
        error = MisplacedError(f"unit {unit_id}: where its registers stand is not known yet")
        return tuple(AlarmState(alarm, None, error) for alarm in device_map.alarms)
    registers = _Registers(link, unit_id, device_map)
    return tuple([await _state(one, registers) for one in device_map.alarms])


async def _setting(parameter: MappedParameter, registers: _Registers) -> Setting:
    said = await registers.read(parameter.function, parameter.address, parameter.words)
    if isinstance(said, tuple):
        return Setting(parameter, decode_number(parameter, said))
    return Setting(parameter, None, said)


async def _state(alarm: MappedAlarm, registers: _Registers) -> AlarmState:
    said = await registers.read(alarm.function, alarm.address, alarm.words)
    return AlarmState(alarm, is_raised(alarm, said)) if isinstance(said, tuple) else AlarmState(alarm, None, said)


class _Registers:
    """The registers of one device, each range asked for once."""

    def __init__(self, link: Wire, unit_id: int, device_map: DeviceMap) -> None:
        self._link = link
        self._unit_id = unit_id
        self._manners = Manners.of(device_map.limits)
        self._timeout_s = max(link.timeout_s, device_map.limits.timeout_ms / 1000)
        self._said: dict[ReadRegisters, tuple[int, ...] | RequestError | LinkError] = {}
        self._hopeless: RequestError | LinkError | None = None

    async def read(self, function: int, address: int, words: int) -> tuple[int, ...] | RequestError | LinkError:
        """What the registers hold, or why that is not known."""
        request = ReadRegisters(function, address, words)
        if request not in self._said:
            self._said[request] = self._hopeless or await self._ask(request)
        return self._said[request]

    async def _ask(self, request: ReadRegisters) -> tuple[int, ...] | RequestError | LinkError:
        try:
            reply = await self._link.request(self._unit_id, request, timeout_s=self._timeout_s, manners=self._manners)
        except (RequestError, LinkError) as error:
            if isinstance(error, LinkError) or is_no_answer(error):
                self._hopeless = error
            return error
        return tuple(reply.answer)
