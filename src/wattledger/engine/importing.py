"""Past readings on their way into the archive: not from the future, and never at the cost of what is recorded now."""

from __future__ import annotations

import asyncio
import base64
import binascii
from concurrent.futures import Future
from datetime import datetime, timedelta

from wattledger.archive import Archive, ArchiveError, Chunk, contents_of
from wattledger.engine.api import EngineRefusedError, GivenChunk, GivenChunks, Stored
from wattledger.engine.clock import Clock

FUTURE_LIMIT = timedelta(minutes=5)  # clocks of those who give readings differ a little
PAUSE_S = 0.04  # after each call, in which the writer and the loop belong to the others: twice what a chunk takes


class Importing:
    """Takes in what other archives exported, one call at a time however many ask."""

    def __init__(self, archive: Archive, clock: Clock) -> None:
        self._archive = archive
        self._clock = clock
        self._turn = asyncio.Lock()

    async def take_in(self, given: GivenChunks) -> Stored:
        """Raises EngineRefusedError `bad_chunk`, `future` or `archive`."""
        async with self._turn:
            answer = await stored(await asyncio.to_thread(self._given_on, given.chunks))
            await asyncio.sleep(PAUSE_S)
        return answer

    def _given_on(self, given: tuple[GivenChunk, ...]) -> Future[int]:
        """In a thread, as looking through what somebody sent would hold the loop up."""
        latest = latest_slot(self._clock)
        try:
            chunks = [Chunk(each.series, base64.b64decode(each.blob, validate=True)) for each in given]
            last = max((contents_of(chunk).last for chunk in chunks), default=latest)
        except (ValueError, binascii.Error) as error:
            raise EngineRefusedError("bad_chunk", str(error)) from error
        if last > latest:
            raise EngineRefusedError("future", f"a reading of {last.isoformat()} lies in the future")
        return self._archive.import_chunks(chunks, keep_words=True)


def latest_slot(clock: Clock) -> datetime:
    """The latest slot of which a reading may be given now."""
    return clock.now() + FUTURE_LIMIT


async def stored(written: Future[int]) -> Stored:
    """What came of a call on the archive, once it is on the card. Raises EngineRefusedError `archive`."""
    try:
        return Stored(await asyncio.wrap_future(written))
    except (ArchiveError, ValueError, OverflowError) as error:
        raise EngineRefusedError("archive", str(error)) from error
