"""`wattledger demo truth`: what really flowed in the demo's hotel, the judge of every figure made of its meters.

The simulators' values are functions of the seed, the time and the incidents, all of which are kept; so the log of true
values is worked out when somebody asks, for any stretch of time, to the last digit as the simulators had it.
"""

from __future__ import annotations

import argparse
import csv
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np

from wattledger.demo.folder import MINUTE_S, DemoFolder
from wattledger.demo.hotel.calendar import DAY_MIN, Incident, true_ones
from wattledger.demo.hotel.circuits import CIRCUITS
from wattledger.demo.hotel.energy import PIECE_DAYS, Count, counted
from wattledger.demo.hotel.flows import Flows
from wattledger.demo.hotel.volumes import LAWS, Volume
from wattledger.demo.plan import SITE
from wattledger.measure import day_start
from wattledger.web.terminal import gettext as _

PIECE_MIN = PIECE_DAYS * DAY_MIN
ZONE = ZoneInfo(SITE["zone"])


@dataclass(frozen=True, slots=True)
class Amount:
    """What flowed in a circuit: drawn from its feeder and delivered to it in Wh, or a fluid in m³ (delivered is 0)."""

    drawn: float
    delivered: float


class Truth:
    """What flows in one hotel."""

    def __init__(self, *, seed: int, incidents: tuple[Incident, ...]) -> None:
        self._seed = seed
        self._changes = true_ones(incidents)

    def amounts(self, keys: Sequence[str], first_min: int, end_min: int) -> dict[str, Amount]:
        """What flowed in these circuits and fluids from one minute to another, since 1970, UTC."""
        totals = {key: np.zeros(2) for key in keys}
        for start in range(first_min, end_min, PIECE_MIN):
            minutes = np.arange(start, min(start + PIECE_MIN, end_min) + 1)
            flows = Flows(minutes, seed=self._seed, changes=self._changes)
            for key in keys:
                totals[key] += self._fluid(key, flows) if key in LAWS else _energies(key, flows)
        return {key: Amount(float(drawn), float(delivered)) for key, (drawn, delivered) in totals.items()}

    def _fluid(self, key: str, flows: Flows) -> tuple[float, float]:
        flow = Volume(key, self._seed, int(flows.minutes[0]) // DAY_MIN).flow_m3_h(flows.minutes)
        return float(np.sum((flow[:-1] + flow[1:]) / 2) / 60), 0.0


def _energies(key: str, flows: Flows) -> tuple[float, float]:
    sums = counted(flows.flow(key)).sum(axis=1)
    return float(sums[Count.IMPORT]), float(sums[Count.EXPORT])


def main(argv: Sequence[str] | None = None) -> int:
    """Print what flowed as CSV; 0 when it was printed, 2 for what cannot be asked."""
    parser = argparse.ArgumentParser(
        prog="wattledger demo truth",
        description=_("Print what really flowed in the demo's hotel, in Wh and m³, as CSV."),
    )
    parser.add_argument("--data", type=Path, default=Path("demo-data"), help=_("the data folder of the demo"))
    parser.add_argument("--from", dest="first", required=True, type=_time, help=_("ISO 8601; a date is local midnight"))
    parser.add_argument("--to", dest="end", required=True, type=_time, help=_("the same, itself not included"))
    parser.add_argument("--each", choices=["day", "all"], default="all", help=_("one row per local day, or one in all"))
    parser.add_argument("--circuit", action="append", choices=[*CIRCUITS, *LAWS], help=_("only this one, repeatable"))
    given = parser.parse_args(argv)
    folder = DemoFolder(given.data)
    try:
        truth = Truth(seed=folder.opening().seed, incidents=folder.incidents())
    except FileNotFoundError:
        print(_("No demo has run on the folder {folder} yet.").format(folder=given.data), file=sys.stderr)
        return 2
    table = csv.writer(sys.stdout, lineterminator="\n")
    table.writerow(["from", "to", "circuit", "drawn", "delivered", "unit"])
    keys = given.circuit or [*CIRCUITS, *LAWS]
    for first, end in stretches(given.first, given.end, each=given.each):
        for key, amount in truth.amounts(keys, _minute(first), _minute(end)).items():
            unit = "m³" if key in LAWS else "Wh"
            row = [first.isoformat(), end.isoformat(), key, f"{amount.drawn:.3f}", f"{amount.delivered:.3f}", unit]
            table.writerow(row)
    return 0


def stretches(first: datetime, end: datetime, *, each: str) -> Iterator[tuple[datetime, datetime]]:
    """The whole of it, or its local days, of which the outer ones may be cut."""
    if each == "all":
        yield first, end
        return
    while first < end:
        following = day_start(first.astimezone(ZONE).date() + timedelta(days=1), zone=ZONE)
        yield first, min(following, end)
        first = following


def _minute(time: datetime) -> int:
    return int(time.timestamp()) // MINUTE_S


def _time(text: str) -> datetime:
    if "T" not in text:
        return day_start(date.fromisoformat(text), zone=ZONE)
    time = datetime.fromisoformat(text)
    return (time if time.tzinfo else time.replace(tzinfo=UTC)).astimezone(UTC)
