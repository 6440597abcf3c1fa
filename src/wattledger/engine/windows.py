"""Mean, minimum and maximum of the live values between two slots."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from wattledger.measure import Aggregate, Quality

GAP_SHARE = 0.2  # of a window: unwatched for longer than this, its mean and extremes are uncertain


@dataclass(slots=True)
class Window:
    """The values that came in [start, end)."""

    start: datetime
    latest: datetime
    longest_gap: timedelta = timedelta(0)
    count: int = 0
    total: float = 0.0
    least: float = field(default=float("inf"))
    most: float = field(default=float("-inf"))

    def add(self, value: float, *, at: datetime) -> None:
        gap = at - self.latest
        self.longest_gap = max(self.longest_gap, gap)
        self.latest = max(self.latest, at)
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

    def quality(self, *, end: datetime) -> Quality:
        """Uncertain where nothing came for a good part of the window, as after a start of the server."""
        gap = max(self.longest_gap, end - self.latest)
        return Quality.GOOD if gap <= GAP_SHARE * (end - self.start) else Quality.UNCERTAIN


class WindowedPoint:
    """Gathers one point's values per window, and keeps a closed window until its slot is written."""

    def __init__(self) -> None:
        self._open: Window | None = None
        self._closed: Window | None = None

    def add(self, value: float, *, at: datetime, start: datetime) -> None:
        """A value read at `at`, in the window that began at slot `start`.

        A clock that was put back a little across a slot adds to the window before, and never begins that anew.
        """
        if self._open is None or start > self._open.start:
            self._closed, self._open = self._open, Window(start, latest=start)
        window = self.of(start=start)
        if window is not None:
            window.add(value, at=at)

    def of(self, *, start: datetime) -> Window | None:
        """The window that began at `start`; None where nothing came in it, or it is long over."""
        for window in (self._open, self._closed):
            if window is not None and window.start == start:
                return window
        return None
