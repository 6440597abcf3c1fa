"""The server's own inputs and outputs in the engine: wired as the plant says, read over a link, their counts kept."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

from wattledger.archive import Frame, HeldFrame
from wattledger.engine.api import EngineRefusedError, IoInput, IoOutput, IoState, LiveValue
from wattledger.engine.assembly import DeviceSetup
from wattledger.engine.events import EngineEvents
from wattledger.engine.io_state import input_state, output_state
from wattledger.engine.lamps import Lamps
from wattledger.engine.side_thread import SideThread
from wattledger.fieldbus import (
    AnalogOutput,
    Board,
    CountFiles,
    LocalInputs,
    LocalLink,
    Missing,
    MissingError,
    Relay,
    Shown,
    Terminal,
    Wired,
)
from wattledger.journal import Code
from wattledger.plant import (
    LOCAL_PROFILE,
    USUAL_INPUTS,
    Device,
    Plant,
    PulseInput,
    StateInput,
    TemperatureInput,
)

log = logging.getLogger(__name__)

T = TypeVar("T")

KEEP_EVERY_S = 60.0  # counts of which nothing was recorded meanwhile: the card is spared
RELAY_TEST_S = 2.0
TEST = "test"  # who holds the relay then


class LocalIo:
    """All that the engine does with this computer's own inputs and outputs.

    Files are read and written in one thread, because a converter may take its time and the event loop has none. What
    fails is told to whoever asks for it, or logged when it changes; it never stops the acquisition.
    """

    def __init__(self, board: Board | None, counts: Path, *, boot: str, events: EngineEvents) -> None:
        self._board = board
        self._events = events
        self._thread = SideThread("local io")
        self._inputs = LocalInputs(board, CountFiles(counts), boot=boot)
        self._relay = Relay(board)
        self._output = AnalogOutput(board)
        self._put_out: float | MissingError = 0.0
        self._counted: frozenset[int] = frozenset()  # series whose readings are counts
        self._trouble = ""  # with the counts; logged, and not changed since
        self._is_testing = False
        self._test: asyncio.Task[None] | None = None
        self.lamps = Lamps(board, self._thread)

    async def start(self) -> None:
        """Take up the counts and open the relay, whatever held it closed before."""
        try:
            if not await self._thread.do(self._inputs.load_counts):
                self._events.note(Code.PULSE_COUNTS_LOST, params={})
        except OSError as error:
            log.error("the counts of pulses cannot be read: %s", error)
        await self._open_relay()

    def link(self) -> LocalLink:
        """The inputs as a bus."""
        return LocalLink(self._ask)

    async def apply(self, plant: Plant, devices: Iterable[DeviceSetup]) -> None:
        """Wire what the plant declares and set the output; `devices` are those that can be read."""
        local = [one for one in devices if one.device.profile == LOCAL_PROFILE]
        wired = {Terminal(one.device.unit_id): _wired(one.device) for one in local}
        declared = frozenset(device.id for device in plant.devices if device.profile == LOCAL_PROFILE)
        self._counted = frozenset(series for one in local if _counts(one.device) for series in _series(one))
        try:
            await self._thread.do(lambda: self._inputs.wire(wired, devices=declared))
        except TimeoutError:
            log.error("the local inputs cannot be wired: a file of theirs hangs")
        if any(_counts(one.device) for one in local):
            await self._keep_counts()  # makes the files while the card still has room
        await self._set_output(plant.analog_output_v)

    async def keep_counts_of(self, frames: Sequence[Frame | HeldFrame]) -> None:
        """Called before frames are written: an index that is recorded must be on the card, or it could go back."""
        if any(not self._counted.isdisjoint(frame.series) for frame in frames):
            await self._keep_counts()

    async def keep_counts(self) -> None:
        """See that at most a minute of pulses is lost with the power; until cancelled."""
        while True:
            await asyncio.sleep(KEEP_EVERY_S)
            await self._keep_counts()

    async def state(self, live: Callable[[int], Sequence[LiveValue]]) -> IoState:
        """What there is and what it shows now; `live` gives the newest values of a device."""
        return IoState(
            variant=str(self._board.variant) if self._board else None,
            inputs=tuple([await self._input(terminal, live) for terminal in Terminal]),
            relay=await self._relay_state(),
            analog_output=output_state(self._put_out),
            lamps={name: str(lamp) for name, lamp in self.lamps.shown.items()},
        )

    async def test_relay(self, actor: str) -> IoOutput:
        """Close the relay, and open it after two seconds.

        Raises EngineRefusedError `relay_held` while it is closed for another reason, or why there is no relay.
        """
        if self._relay.holders or self._is_testing:
            raise EngineRefusedError("relay_held", "the relay is closed for another reason")
        self._is_testing = True
        try:
            await self._do(lambda: self._relay.hold(TEST), what="the relay")
        except MissingError as error:
            self._is_testing = False
            raise EngineRefusedError(str(error.why), str(error)) from error
        self._events.note(Code.RELAY_TESTED, params={}, actor=actor)
        self._test = asyncio.create_task(self._end_test(), name="relay test")
        return await self._relay_state()

    async def close(self) -> None:
        """Open the relay, put the lamps out and bring the counts to the card."""
        if self._test is not None:
            self._test.cancel()
            await asyncio.wait([self._test])
        await self._open_relay()
        await self.lamps.put_out()
        await self._keep_counts()
        with suppress(TimeoutError):
            await self._thread.do(self._inputs.close)
        self._thread.close()

    async def _ask(self, terminal: Terminal, within_s: float) -> tuple[Shown, str | None]:
        wired = self._inputs.wired_at(terminal)
        shown = await self._thread.do(lambda: self._inputs.show(terminal), within_s=within_s)
        return shown, wired.reference if wired else None

    async def _end_test(self) -> None:
        await asyncio.sleep(RELAY_TEST_S)
        try:
            await self._do(lambda: self._relay.release(TEST), what="the relay")
        except MissingError as error:
            log.error("%s", error)
        self._is_testing = False

    async def _input(self, terminal: Terminal, live: Callable[[int], Sequence[LiveValue]]) -> IoInput:
        wired = self._inputs.wired_at(terminal)
        shown: Shown | MissingError
        try:
            shown = await self._do(lambda: self._inputs.show(terminal), what="its file")
        except MissingError as error:
            shown = error
        values = live(wired.device) if wired else ()
        return input_state(terminal, shown, device=wired.device if wired else None, live=next(iter(values), None))

    async def _relay_state(self) -> IoOutput:
        try:
            return output_state(await self._do(self._relay.is_closed, what="the relay"))
        except MissingError as error:
            return output_state(error)

    async def _open_relay(self) -> None:
        try:
            await self._do(self._relay.open, what="the relay")
        except MissingError as error:
            _log_unreadable(error)

    async def _set_output(self, volts: float) -> None:
        try:
            await self._do(lambda: self._output.set(volts), what="the analog output")
            self._put_out = volts
        except MissingError as error:
            self._put_out = error
            _log_unreadable(error)

    async def _do(self, work: Callable[[], T], *, what: str) -> T:
        """What `work` gives; a file that hangs is as good as one that cannot be read. Raises MissingError."""
        try:
            return await self._thread.do(work)
        except TimeoutError as error:
            raise MissingError(Missing.UNREADABLE, f"{what} does not answer") from error

    async def _keep_counts(self) -> None:
        """A card that is full or hangs is told when it begins; counting goes on in memory."""
        try:
            await self._thread.do(self._inputs.keep_counts)
            self._trouble = ""
        except OSError as error:  # TimeoutError is one
            if not self._trouble:
                log.error("the counts of pulses cannot be kept: %s", error)
            self._trouble = str(error) or "timeout"


def _log_unreadable(error: MissingError) -> None:
    if error.why is Missing.UNREADABLE:  # that there is none at all is no trouble
        log.error("%s", error)


def _wired(device: Device) -> Wired:
    said = device.input or USUAL_INPUTS[device.product]
    match said:
        case PulseInput() | StateInput():
            return Wired(
                device.id,
                device.product,
                counts_pulses=isinstance(said, PulseInput),
                debounce_s=said.debounce_ms / 1000,
                is_inverted=said.inverted,
            )
        case TemperatureInput():
            return Wired(device.id, device.product, lead_ohm=said.lead_ohm)
        case _:
            return Wired(device.id, device.product)


def _counts(device: Device) -> bool:
    return _wired(device).counts_pulses


def _series(setup: DeviceSetup) -> Iterable[int]:
    return (member.series for group in setup.groups for member in group.members)
