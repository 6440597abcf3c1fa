"""Series that a person wants to be gone, out of the archive."""

from __future__ import annotations

import asyncio
import logging

from wattledger.archive import Archive, ArchiveError
from wattledger.plant import Plant

log = logging.getLogger(__name__)


class Forgetting:
    """Lets go what the plant says is to be gone. The plant says it for ever, so whatever stopped it is made up for."""

    def __init__(self, archive: Archive) -> None:
        self._archive = archive
        self._gone: frozenset[int] = frozenset()

    async def settle(self, plant: Plant) -> None:
        """Forget what is to be forgotten and is not yet; what cannot be done now is tried at the next call."""
        missing = frozenset(plant.forgotten) - self._gone
        if not missing:
            return
        try:
            count = await asyncio.wrap_future(self._archive.forget(sorted(missing)))
        except ArchiveError as error:
            log.error("%d series are not forgotten yet: %s", len(missing), error)
            return
        self._gone |= missing
        if count:
            log.info("%d series are forgotten", count)
