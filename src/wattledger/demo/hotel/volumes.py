"""Water and gas as counters."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np

from wattledger.demo.hotel import loads
from wattledger.demo.hotel.calendar import DAY_MIN
from wattledger.demo.hotel.energy import MINUTES_AN_HOUR, PIECE_DAYS
from wattledger.demo.hotel.loads import Law, moment_of
from wattledger.demo.hotel.noise import Floats, Integers, Noise

LAWS: dict[str, Law] = {"water": loads.water, "gas": loads.gas}


@dataclass(frozen=True, slots=True)
class Volume:
    """A volume counted since the opening, in m³: `at_midnight` has a row per day, the first of which is 0."""

    fluid: str
    seed: int
    first_day: int  # days since 1970
    at_midnight: Floats = field(default_factory=lambda: np.zeros(1))

    @property
    def last_day(self) -> int:
        """The day whose midnight is the last one kept; its minutes can still be counted."""
        return self.first_day + len(self.at_midnight) - 1

    def flow_m3_h(self, minutes: Integers) -> Floats:
        """What flows at these minutes."""
        flow: Floats = LAWS[self.fluid](moment_of(minutes, self.seed), Noise(self.seed).named(self.fluid))
        return flow

    def counted(self, minutes: Integers) -> Floats:
        """What has flown since the opening, at each of these minutes that follow each other.

        Raises ValueError for minutes before the opening or beyond the last day.
        """
        first, last = int(minutes[0]), int(minutes[-1])
        day = first // DAY_MIN
        if not self.first_day <= day <= self.last_day:
            raise ValueError(f"no {self.fluid} is kept for day {day}")
        since = np.cumsum(self._per_minute(day * DAY_MIN, last))
        whole = self.at_midnight[day - self.first_day] + np.pad(since, (1, 0))
        counted: Floats = whole[minutes - day * DAY_MIN]
        return counted

    def kept_until(self, day: int) -> Volume:
        """The same with the days until this one; itself when it reaches that far."""
        midnights = [self.at_midnight]
        for start in range(self.last_day, day, PIECE_DAYS):
            end = min(start + PIECE_DAYS, day)
            per_day = self._per_minute(start * DAY_MIN, end * DAY_MIN).reshape(end - start, DAY_MIN).sum(axis=1)
            midnights.append(midnights[-1][-1] + np.cumsum(per_day))
        return self if len(midnights) == 1 else replace(self, at_midnight=np.concatenate(midnights))

    def _per_minute(self, first: int, last: int) -> Floats:
        """m³ in each minute from the first node to the last, where the flow runs straight."""
        flow = self.flow_m3_h(np.arange(first, last + 1))
        per_minute: Floats = (flow[:-1] + flow[1:]) / 2 / MINUTES_AN_HOUR
        return per_minute
