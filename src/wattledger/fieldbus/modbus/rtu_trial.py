"""A serial line as it would be if it were set otherwise, for finding out how unknown devices on it are set."""

from __future__ import annotations

from wattledger.fieldbus.link import Reply
from wattledger.fieldbus.manners import NO_PAUSES, Manners
from wattledger.fieldbus.modbus.pdu import AnswerT, Request
from wattledger.fieldbus.modbus.rtu_link import RtuLink
from wattledger.fieldbus.modbus.serial_settings import SerialSettings


class RtuTrial:
    """Asks on `link`, which is set as `settings` say for each request and back by the next one that is not of a trial.

    So the devices of the line are kept from being read for no longer than one request takes, and trial and reading take
    turns. Raises ValueError when the settings are of another port.
    """

    def __init__(self, link: RtuLink, settings: SerialSettings) -> None:
        if settings.port != link.settings.port:
            raise ValueError(f"{settings} is not the line at {link.settings.port}")
        self._link = link
        self._settings = settings

    @property
    def timeout_s(self) -> float:
        """How long an answer may take to begin where the device has no longer time of its own."""
        return self._link.timeout_s

    def retry_now(self) -> None:
        """Forget the pause after the port could not be opened: somebody is waiting for the next try."""
        self._link.retry_now()

    async def request(
        self,
        unit_id: int,
        request: Request[AnswerT],
        *,
        timeout_s: float | None = None,
        retries: int | None = None,
        manners: Manners = NO_PAUSES,
    ) -> Reply[AnswerT]:
        """Ask `unit_id` at the settings of the trial; raises what the link's own requests raise."""
        return await self._link.request(
            unit_id, request, timeout_s=timeout_s, retries=retries, manners=manners, settings=self._settings
        )
