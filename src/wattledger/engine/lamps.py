"""What the lamps of the server show, by the real condition of what they stand for."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Collection, Mapping

from wattledger.engine.api import DeviceCondition
from wattledger.engine.side_thread import SideThread
from wattledger.fieldbus import Board, Lamp, light

log = logging.getLogger(__name__)

LOOK_EVERY_S = 1.0
MUTE = frozenset({DeviceCondition.SILENT, DeviceCondition.UNREACHABLE})
SPEAKING = frozenset({DeviceCondition.ANSWERING, DeviceCondition.REFUSING})  # who refuses is heard, too


def fieldbus_lamp(conditions: Collection[DeviceCondition]) -> Lamp:
    """The lamp of the field bus, by the devices on serial lines; pure.

    Off: none is declared, or none was asked yet. Red: none speaks, or a port is gone: look at the wiring. Red blinking:
    some are silent: look at speed, parity and addresses. Green blinking: all is well.
    """
    mute, speaking = MUTE & {*conditions}, SPEAKING & {*conditions}
    if not mute:
        return Lamp.GREEN_BLINKING if speaking else Lamp.OFF
    if not speaking or DeviceCondition.UNREACHABLE in mute:
        return Lamp.RED
    return Lamp.RED_BLINKING


class Lamps:
    """The lamps of the server; where it has none, what they would show can be asked for."""

    def __init__(self, board: Board | None, thread: SideThread) -> None:
        self._board = board
        self._thread = thread
        self._shown = {"modbus": Lamp.OFF, "power": Lamp.OFF}
        self._trouble = ""

    @property
    def shown(self) -> Mapping[str, Lamp]:
        """What each lamp shows."""
        return dict(self._shown)

    async def keep_lit(self, on_lines: Callable[[], Collection[DeviceCondition]]) -> None:
        """Show that the engine works, and how the devices on serial lines do, until cancelled."""
        await self._show("modbus", Lamp.OFF)
        await self._show("power", Lamp.GREEN)
        while True:
            lamp = fieldbus_lamp(on_lines())
            if lamp is not self._shown["modbus"]:
                await self._show("modbus", lamp)
            await asyncio.sleep(LOOK_EVERY_S)

    async def put_out(self) -> None:
        """Nothing works any more."""
        for name in self._shown:
            await self._show(name, Lamp.OFF)

    async def _show(self, name: str, lamp: Lamp) -> None:
        self._shown[name] = lamp
        board = self._board
        if board is None:
            return
        led = board.led.modbus if name == "modbus" else board.led.power
        try:
            await self._thread.do(lambda: light(board, led, lamp))
        except OSError as error:
            if str(error) != self._trouble:
                log.warning("the lamp %s cannot be lit: %s", name, error)
            self._trouble = str(error)
