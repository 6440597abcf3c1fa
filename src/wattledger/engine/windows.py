"""Mean, minimum and maximum of the live values between two slots."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from wattledger.measure import Aggregate, Quality

WATCHED_FROM = timedelta(seconds=60)  # a window first watched later than this after its beginning is uncertain


@dataclass(slots=True)
class Window:
    """The values that came in [start, end)."""

    start: datetime
    first: datetime
    count: int = 0
    total: float = 0.0
    least: float = field(default=float("inf"))
    most: float = field(default=float("-inf"))

    def add(self, value: float) -> None:
        self.count += 1
        self.total += value
        self.least = min(self.least, value)
        self.most = max(self.most, value)

    def value(self, aggregate: Aggregate) -> float:
        """The aggregate of what came; the mean is that of the values, which come in even steps while a bus is well."""
        match aggregate:
            case Aggregate.MEAN:
                return self.total / self.count
            case Aggregate.MIN:
                return self.least
            case Aggregate.MAX:
                return self.most
            case Aggregate.LAST:
                raise ValueError("the last value is the slot's own reading, no aggregate of a window")

    @property
    def quality(self) -> Quality:
        """Uncertain where the window was not watched from its beginning, as after a start of the server."""
        return Quality.GOOD if self.first - self.start <= WATCHED_FROM else Quality.UNCERTAIN


class WindowedPoint:
    """Gathers one point's values per window, and keeps a closed window until its slot is written."""

    def __init__(self) -> None:
        self._open: Window | None = None
        self._closed: Window | None = None

    def add(self, value: float, *, at: datetime, start: datetime) -> None:
        """A value read at `at`, in the window that began at slot `start`."""
        if self._open is None or self._open.start != start:
            self._closed, self._open = self._open, Window(start, first=at)
        self._open.add(value)

    def closed(self, *, start: datetime) -> Window | None:
        """The window that began at `start`, once a later one may have begun; None where nothing came in it."""
        for window in (self._open, self._closed):
            if window is not None and window.start == start:
                return window
        return None
