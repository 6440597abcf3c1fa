"""What the demo keeps beside the server's data: which hotel it is, what has been counted, what goes wrong."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from wattledger.demo.hotel.calendar import DAY_MIN, FOR_GOOD, Incident, Kind, calendar
from wattledger.demo.hotel.records import Records, keep_records, load_records, save_records
from wattledger.demo.plan.devices import meters

SEED = 20260618
HISTORY_DAYS = 396  # thirteen months
MINUTE_S = 60
SPA_SILENT_FOR_MIN = 290  # when the demo is first started


@dataclass(frozen=True, slots=True)
class Opening:
    """Which hotel this is: its seed, the first day of its history, and the minute in which the demo first started."""

    seed: int
    first_day: int  # days since 1970
    started_min: int  # since 1970, UTC


@dataclass(frozen=True, slots=True)
class DemoFolder:
    """The demo's own files, in a folder of their own within the server's data folder."""

    data: Path

    @property
    def root(self) -> Path:
        """Where they lie."""
        return self.data / "demo"

    @property
    def board(self) -> Path:
        """The board file of the server's inputs."""
        return self.root / "board.toml"

    @property
    def inputs(self) -> Path:
        """The files that the kernel would have for them."""
        return self.root / "sys"

    @property
    def certificate(self) -> Path:
        """What the meter behind TLS shows."""
        return self.root / "meter.crt"

    @property
    def certificate_key(self) -> Path:
        """Its private key."""
        return self.root / "meter.key"

    @property
    def log(self) -> Path:
        """What all processes of the demo have to say."""
        return self.data / "demo.log"

    @property
    def seeding(self) -> Path:
        """Which months of the history have been handed over."""
        return self.root / "seeding.json"

    @property
    def switched(self) -> Path:
        """The incidents beside the calendar: those that somebody switched on, and the spa that is silent at first."""
        return self.root / "incidents.json"

    @property
    def _ports(self) -> Path:
        return self.root / "ports.json"

    @property
    def _opening(self) -> Path:
        return self.root / "opening.json"

    @property
    def _records(self) -> Path:
        return self.root / "records.npz"

    @property
    def is_open(self) -> bool:
        """Whether a demo has run here before."""
        return self._opening.exists()

    def open(self, *, now_s: float, history_days: int = HISTORY_DAYS) -> Opening:
        """Which hotel it is; at the first time one whose history of so many days ends now."""
        self.root.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not self.is_open:
            minute = int(now_s) // MINUTE_S
            self.keep_by_hand([Incident("spa", Kind.SILENCE, minute - SPA_SILENT_FOR_MIN, FOR_GOOD)])
            write_whole(self._opening, asdict(Opening(SEED, minute // DAY_MIN - history_days, minute)))
        return self.opening()

    def opening(self) -> Opening:
        """Which hotel it is; raises FileNotFoundError before the first start."""
        return Opening(**json.loads(self._opening.read_text(encoding="ascii")))

    def ports(self) -> dict[str, int]:
        """The port of each host when the demo last ran; it is at the same one again where that is free."""
        try:
            kept: dict[str, int] = json.loads(self._ports.read_text(encoding="ascii"))
        except FileNotFoundError:
            return {}
        return kept

    def keep_ports(self, ports: dict[str, int]) -> None:
        """Where the hosts are this time."""
        write_whole(self._ports, ports)

    def by_hand(self) -> tuple[Incident, ...]:
        """The incidents beside the calendar, in the order in which they were switched on."""
        try:
            rows: list[dict[str, Any]] = json.loads(self.switched.read_text(encoding="ascii"))
        except FileNotFoundError:
            return ()
        return tuple(Incident(**{**row, "kind": Kind(row["kind"])}) for row in rows)

    def keep_by_hand(self, incidents: Iterable[Incident]) -> None:
        """Keep these in place of those that were."""
        write_whole(self.switched, [asdict(one) for one in incidents])

    def incidents(self) -> tuple[Incident, ...]:
        """Everything that happens in this hotel, by the calendar and by hand."""
        return (*calendar(self.opening().first_day), *self.by_hand())

    def records(self, *, now_s: float) -> Records:
        """What has been counted until the last midnight, worked out where it was not kept yet, and kept."""
        opening, incidents = self.opening(), self.incidents()
        today = int(now_s) // MINUTE_S // DAY_MIN
        wired = {"seed": opening.seed, "first_day": opening.first_day}
        kept = load_records(self._records, meters(), **wired, incidents=incidents)
        records = kept or keep_records(meters(), **wired, last_day=today, incidents=incidents)
        records = records.kept_until(today)
        if kept is not records:
            save_records(records, self._records)
        return records


def write_whole(path: Path, content: object) -> None:
    """Write a JSON file so that nobody reads a half of it."""
    beside = path.with_suffix(f".{os.getpid()}.new")
    beside.write_text(json.dumps(content, indent=1), encoding="ascii")
    beside.replace(path)
