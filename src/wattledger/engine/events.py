"""What the engine tells the journal, from a thread of its own: a slow card must not stall the buses."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Collection, Mapping
from concurrent.futures import ThreadPoolExecutor

from wattledger.journal import Code, Journal, JournalError, Param

log = logging.getLogger(__name__)
SOURCE = "engine"
FLUSH_EVERY_S = 10.0


class EngineEvents:
    """Hands events to the journal in their order; a journal that fails is logged and never stops acquisition."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="events")

    def note(self, code: Code, *, params: Mapping[str, Param], actor: str | None = None) -> None:
        """Something happened."""
        self._hand_over(lambda: self._journal.note(code, params=params, actor=actor, source=SOURCE))

    def begin(self, code: Code, key: str, *, params: Mapping[str, Param]) -> None:
        """A condition stands from now on; further begins of the same code and key count."""
        self._hand_over(lambda: self._journal.begin(code, key, params=params, source=SOURCE))

    def end(self, code: Code, key: str) -> None:
        """The condition is over; nothing happens where none stands."""
        self._hand_over(lambda: self._journal.end(code, key))

    def keep_only(self, code: Code, keys: Collection[str]) -> None:
        """End what stands of this code for others than these: they are no longer there to answer."""
        self._hand_over(lambda: self._end_others(code, keys))

    async def keep_flushing(self) -> None:
        """Write, now and then, the counts that the journal keeps back while a condition flaps; until cancelled."""
        while True:
            await asyncio.sleep(FLUSH_EVERY_S)
            self._hand_over(self._journal.flush)

    def close(self) -> None:
        """Wait until all is written."""
        self._hand_over(lambda: self._journal.flush(at_once=True))
        self._thread.shutdown()
        self._journal.close()

    def _end_others(self, code: Code, keys: Collection[str]) -> None:
        for key in self._journal.standing_keys(code) - frozenset(keys):
            self._journal.end(code, key)

    def _hand_over(self, write: Callable[[], object]) -> None:
        self._thread.submit(_written, write)


def _written(write: Callable[[], object]) -> None:
    try:
        write()
    except JournalError as error:
        log.error("an event could not be written to the journal: %s", error)
    except Exception:
        log.exception("an event could not be told")  # a fault of ours: wrong parameters, a code told in the wrong way
