"""Hands the hotel's past over to the server, as an integrator would who brings the readings of an older system.

`python -m wattledger.demo.seeding --data DIR --address https://…`: month by month, the newest first, through the API.
What has been handed over is kept in the demo's folder; a seeding that was ended goes on where it was.
"""

from __future__ import annotations

import argparse
import json
import logging
import os
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import TypeVar

from wattledger.catalog import Catalog, device_map, load_catalog
from wattledger.demo.client import Api, ApiError
from wattledger.demo.folder import DemoFolder, write_whole
from wattledger.demo.history import (
    Month,
    Past,
    Wanted,
    joined,
    months_back,
    past_of,
    steps_of,
    steps_of_input,
    times_of,
    wanted_point,
)
from wattledger.demo.hotel.live import Channel, View
from wattledger.demo.plan import BUSES, DEVICES, PlannedDevice
from wattledger.demo.plan.parts import BusKind
from wattledger.measure import Aggregate, PointName
from wattledger.plant import DataFolder

T = TypeVar("T")

log = logging.getLogger(__name__)

NICE = 10  # what is live goes first
MOST_ROWS = 20_000  # that the server takes at once
TELL_EVERY = 10  # series
TRY_AGAIN_S = 2.0
MOST_TRIES = 60


@dataclass(frozen=True, slots=True)
class Progress:
    """How far the history has come: the share of it that is there, and the month at work."""

    share: float
    month: str
    is_done: bool


def progress_in(folder: DemoFolder) -> Progress | None:
    """How far it has come; None: it has not begun."""
    try:
        return Progress(**json.loads(folder.seeding.read_text(encoding="ascii"))["progress"])
    except FileNotFoundError:
        return None


class Seeding:
    """One run; `tell` keeps the progress."""

    def __init__(self, folder: DemoFolder, api: Api, catalog: Catalog) -> None:
        self._folder = folder
        self._api = api
        self._catalog = catalog
        self._records = folder.records(now_s=time.time())
        opening = folder.opening()
        self._months = months_back(opening.first_day, opening.started_min)
        self._finished = self._kept()

    def run(self) -> None:
        """Hand over what is missing; raises ApiError when the server stays away."""
        viewed = self._viewed()
        whole = sum(month.end_min - month.first_min for month in self._months)
        passed = 0
        for month in self._months:
            minutes = month.end_min - month.first_min
            if month.name not in self._finished:
                for share in self._hand_over(month, viewed):
                    self._tell(Progress((passed + share * minutes) / whole, month.name, is_done=False))
                self._finished.append(month.name)
            passed += minutes
        self._tell(Progress(1.0, "", is_done=True))

    def _hand_over(self, month: Month, viewed: list[tuple[View, tuple[Wanted, ...]]]) -> Iterator[float]:
        """The series of a month, one after the other; gives the share that is done."""
        yield 0.0
        pieces = [past_of(self._records, viewed, first_min=start, end_min=end) for start, end in month.pieces]
        for count, series in enumerate(pieces[0], start=1):
            self._send(series, joined(piece[series] for piece in pieces))
            if count % TELL_EVERY == 0:
                yield count / len(pieces[0])

    def _send(self, series: str, past: Past) -> None:
        times, values = times_of(past.slots), past.values.tolist()
        for start in range(0, len(times), MOST_ROWS):
            rows = list(zip(times[start : start + MOST_ROWS], values[start : start + MOST_ROWS], strict=True))
            body = {"series": series, "rows": rows}
            patiently(partial(self._api.post, "readings", body))

    def _viewed(self) -> list[tuple[View, tuple[Wanted, ...]]]:
        """Every channel of every declared device, as it is seen, with its series."""
        steps = {row["kind"]: int(row["minutes"]) for row in patiently(lambda: self._api.list("intervals"))}
        buses = {row["name"]: row["id"] for row in patiently(lambda: self._api.list("buses?limit=1000"))}
        devices = {
            (row["bus"], row["unit_id"]): row["id"] for row in patiently(lambda: self._api.list("devices?limit=1000"))
        }
        names = {bus.key: bus.name for bus in BUSES}
        found: list[tuple[View, tuple[Wanted, ...]]] = []
        for planned in sorted(DEVICES, key=lambda device: device.key != "incomer"):
            device = devices[buses[names[planned.bus]], planned.unit_id]
            wanted = self._series_of(planned, device, steps)
            for number, channel in enumerate(planned.channels, start=1):
                view = Channel(number, channel.meter, channel.index).view(self._records)
                found.append((view, tuple(one for one in wanted if one.channel == number)))
        return found

    def _series_of(self, planned: PlannedDevice, device: str, every_min: dict[str, int]) -> list[Wanted]:
        profile = self._catalog.profile(planned.profile)
        mapped = device_map(profile, profile.product(planned.product))
        is_local = {bus.key: bus.kind for bus in BUSES}[planned.bus] is BusKind.LOCAL
        wanted: list[Wanted] = []
        for row in patiently(lambda: self._api.list(f"series?device={device}&limit=1000")):
            name, channel = PointName.parse(row["point"]), int(row["channel"])
            steps = (
                steps_of_input(name, planned.input)
                if is_local
                else steps_of(wanted_point(mapped, row["point"], channel))
            )
            every = every_min[name.measures.kind.value]
            wanted.append(Wanted(row["id"], channel, name, Aggregate(row["how"]), every, steps))
        return wanted

    def _kept(self) -> list[str]:
        try:
            return list(json.loads(self._folder.seeding.read_text(encoding="ascii"))["finished"])
        except FileNotFoundError:
            return []

    def _tell(self, progress: Progress) -> None:
        write_whole(self._folder.seeding, {"finished": self._finished, "progress": asdict(progress)})


def patiently(ask: Callable[[], T]) -> T:
    """Ask until there is an answer; raises ApiError when the server stays away for long."""
    for tried in range(MOST_TRIES):
        try:
            return ask()
        except ApiError as error:
            if tried == MOST_TRIES - 1:
                raise
            log.info("tried again: %s", error)
            time.sleep(TRY_AGAIN_S)
    raise AssertionError("the loop returns or raises")


def main(arguments: Sequence[str] | None = None) -> int:
    """Seed what is missing; 0 when all of it is there, 1 when the server stayed away."""
    parser = argparse.ArgumentParser(prog="python -m wattledger.demo.seeding", description="Seeds the hotel's history.")
    parser.add_argument("--data", type=Path, required=True, help="the server's data folder")
    parser.add_argument("--address", required=True, help="of the server, as https://127.0.0.1:8888")
    given = parser.parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="seeding: %(message)s")
    os.nice(NICE)
    data = DataFolder(given.data)
    api = Api(given.address, certificate=data.certificate, token=token_of(given.data))
    try:
        Seeding(DemoFolder(given.data), api, load_catalog(data.profiles)).run()
    except ApiError as error:
        log.error("%s", error)
        return 1
    return 0


def token_of(data: Path) -> str:
    """The demo's own access token."""
    return (data / "demo-token").read_text(encoding="ascii")


if __name__ == "__main__":
    sys.exit(main())
