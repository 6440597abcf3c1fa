"""One step of a scan: addresses of a bus are asked who is there, beside the devices that are read on it."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace

from wattledger.catalog import Profile
from wattledger.engine.api import (
    SCAN_SHARE,
    EngineRefusedError,
    LineSettings,
    ProposedProfile,
    ScanCertainty,
    Scanned,
    ScannedUnit,
    ScanRequest,
)
from wattledger.engine.clock import Clock
from wattledger.engine.polling import BusPoller
from wattledger.fieldbus import (
    FoundUnit,
    Parity,
    RtuLink,
    RtuTrial,
    SerialSettings,
    UnreachableError,
    Wire,
    probe_unit,
)

STEP_S = 1.5  # who cancels a scan does not wait longer than for one step
SERIAL_PAUSE_S = 0.05  # after an answer; some meters need it between two questions
LOOK_AGAIN_S = 0.05  # while the bus belongs to what is recorded


class ScanStep:
    """Asks the addresses of one request; the engine keeps nothing of it.

    Slots come first, then live values and scan share the time of the bus. A device that answers at the settings of its
    bus is not asked at others.
    """

    def __init__(
        self, request: ScanRequest, poller: BusPoller, devices: Mapping[int, int], profiles: Sequence[Profile]
    ) -> None:
        """`devices` are those configured on the bus, by unit. Raises EngineRefusedError for what cannot be asked."""
        unknown = set(request.unit_ids) - set(poller.bus.unit_ids)
        if unknown:
            raise EngineRefusedError("unknown_unit", f"{poller.bus.name} has no unit {min(unknown)}")
        self._unit_ids = request.unit_ids
        self._poller = poller
        self._devices = devices
        self._profiles = profiles
        self._link = _link(poller, request.settings)
        self._pause_s = SERIAL_PAUSE_S if isinstance(poller.link, RtuLink) else 0.0
        self._asked = 0
        self._found: list[ScannedUnit] = []
        self._spared: list[int] = []

    async def run(self, clock: Clock) -> Scanned:
        """Ask until all are asked or the step has lasted long enough.

        Raises EngineRefusedError `unreachable` when not even the first could be asked.
        """
        ends_s = clock.monotonic() + STEP_S
        for unit_id in self._unit_ids:
            if self._is_spared(unit_id):
                self._spared.append(self._devices[unit_id])
                self._asked += 1
                continue
            if not await self._is_free(clock, until_s=ends_s):
                break
            began_s = clock.monotonic()
            try:
                await self._ask(unit_id)
            except UnreachableError as error:
                if self._asked == 0:
                    raise EngineRefusedError("unreachable", str(error)) from error
                break
            if self._poller.acquisitions:
                await asyncio.sleep((clock.monotonic() - began_s) * (1 / SCAN_SHARE - 1))
        return Scanned(self._asked, tuple(self._found), tuple(self._spared))

    async def _is_free(self, clock: Clock, *, until_s: float) -> bool:
        """Wait until nothing is to be recorded; False when that took too long."""
        while clock.monotonic() < until_s:
            if not self._poller.is_recording:
                return True
            await asyncio.sleep(LOOK_AGAIN_S)
        return False

    async def _ask(self, unit_id: int) -> None:
        found = await probe_unit(self._link, unit_id, self._profiles, pause_s=self._pause_s)
        self._asked += 1
        if found is not None:
            self._found.append(self._scanned(found))

    def _is_spared(self, unit_id: int) -> bool:
        return self._link is not self._poller.link and self._poller.speaks_with(unit_id)

    def _scanned(self, found: FoundUnit) -> ScannedUnit:
        names = {profile.id: profile.name for profile in self._profiles}
        return ScannedUnit(
            unit_id=found.unit_id,
            device=self._devices.get(found.unit_id),
            said=dict(found.said),
            certainty=ScanCertainty(found.certainty),
            proposals=tuple(
                ProposedProfile(one.profile, one.product, names[one.profile], ScanCertainty(one.certainty))
                for one in found.proposals
            ),
            garbled=found.garbled,
        )


def _link(poller: BusPoller, settings: LineSettings | None) -> Wire:
    """The link to ask by; the bus's own where the settings are those that it has."""
    if settings is None:
        return poller.link
    if not isinstance(poller.link, RtuLink):
        raise EngineRefusedError("no_line", f"{poller.bus.name} is no serial line and has no settings to try")
    usual = poller.link.settings
    try:
        wanted: SerialSettings = replace(
            usual, baudrate=settings.baudrate, parity=Parity(settings.parity), stop_bits=settings.stop_bits
        )
    except ValueError as error:
        raise EngineRefusedError("bad_settings", str(error)) from error
    return poller.link if wanted == usual else RtuTrial(poller.link, wanted)
