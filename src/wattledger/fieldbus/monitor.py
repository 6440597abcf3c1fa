"""The last frames of a link, for people who search a fault on the line."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

MOST_ENTRIES = 200  # some seconds of a busy line; at most 70 kB with frames of full length


class Happening(StrEnum):
    """What an entry tells: the first was sent, those up to `late` were received, the others are no frames."""

    REQUEST = "request"
    ACCEPTED = "accepted"
    EXCEPTION = "exception"  # a fitting answer that refuses
    REJECTED = "rejected"  # no fitting answer to the pending request, or no frame at all; the reason says what is wrong
    LATE = "late"  # an answer that nobody waits for any more
    TIMEOUT = "timeout"
    CONNECTED = "connected"
    LOST = "lost"


class Direction(StrEnum):
    """Which way a frame went."""

    SENT = "sent"
    RECEIVED = "received"


RECEIVED = frozenset({Happening.ACCEPTED, Happening.EXCEPTION, Happening.REJECTED, Happening.LATE})


@dataclass(frozen=True, slots=True)
class MonitorEntry:
    """One frame, or one thing that happened to the link.

    `unit_id` None: it concerns the whole link, or no unit can be told. `frame` is as on the wire (behind TLS), empty
    for what is no frame. `reason` is English, for rejected, late, timeout and lost.
    """

    at: datetime  # UTC
    happening: Happening
    unit_id: int | None
    frame: bytes
    reason: str

    @property
    def direction(self) -> Direction | None:
        """Which way the frame went; None for what is no frame."""
        if self.happening is Happening.REQUEST:
            return Direction.SENT
        return Direction.RECEIVED if self.happening in RECEIVED else None

    @property
    def hex(self) -> str:
        """The frame as people read it, `00 01 00 00 00 06 01 03 …`."""
        return self.frame.hex(" ").upper()


class FrameMonitor:
    """Keeps the last `most_entries` entries of one link; the oldest give way.

    To note something costs one clock and one tuple; values are made of it when somebody looks. `clock` gives seconds
    since 1970, UTC: people compare the times with a clock on the wall, nothing is decided by them.

    Any link may own one. A link without connections notes its port as `connected` when it is open and `lost` when it is
    gone; a frame that was cut out of a line's noise is noted as it came, checksum included; bytes that are no frame are
    `rejected` with their reason, and an answer that comes after its request's timeout is `late`.
    """

    def __init__(self, *, most_entries: int = MOST_ENTRIES, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self._entries: deque[tuple[float, Happening, int | None, bytes, str]] = deque(maxlen=most_entries)

    def snapshot(self) -> tuple[MonitorEntry, ...]:
        """What is kept, the oldest first."""
        return tuple(
            MonitorEntry(datetime.fromtimestamp(at, UTC), happening, unit_id, frame, reason)
            for at, happening, unit_id, frame, reason in self._entries
        )

    def clear(self) -> None:
        """Forget all entries."""
        self._entries.clear()

    def requested(self, unit_id: int, frame: bytes) -> None:
        """A request was sent."""
        self._entries.append((self._clock(), Happening.REQUEST, unit_id, frame, ""))

    def answered(self, unit_id: int, frame: bytes, *, is_exception: bool) -> None:
        """A fitting answer came."""
        happening = Happening.EXCEPTION if is_exception else Happening.ACCEPTED
        self._entries.append((self._clock(), happening, unit_id, frame, ""))

    def rejected(self, unit_id: int | None, frame: bytes, reason: str) -> None:
        """Something came that is no answer to the pending request."""
        self._entries.append((self._clock(), Happening.REJECTED, unit_id, frame, reason))

    def came_late(self, unit_id: int | None, frame: bytes, reason: str) -> None:
        """An answer came that nobody waits for."""
        self._entries.append((self._clock(), Happening.LATE, unit_id, frame, reason))

    def timed_out(self, unit_id: int, reason: str) -> None:
        """No answer came in time."""
        self._entries.append((self._clock(), Happening.TIMEOUT, unit_id, b"", reason))

    def connected(self) -> None:
        """A connection was made, or a port opened."""
        self._entries.append((self._clock(), Happening.CONNECTED, None, b"", ""))

    def lost(self, reason: str) -> None:
        """The connection or port is gone, or could not be had; the reason says who ended it."""
        self._entries.append((self._clock(), Happening.LOST, None, b"", reason))
