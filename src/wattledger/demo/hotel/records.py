"""All that the hotel's meters have counted until today, kept in a file so that it is worked out once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from zipfile import BadZipFile

import numpy as np

from wattledger.demo.hotel.calendar import Incident, those_of, true_ones
from wattledger.demo.hotel.energy import Books, Count, Wiring, keep_books
from wattledger.demo.hotel.noise import Floats
from wattledger.demo.hotel.volumes import LAWS, Volume


@dataclass(frozen=True, slots=True)
class Records:
    """The books of the meters and the volumes of the fluids, from one opening day on."""

    books: Books
    volumes: dict[str, Volume]

    @property
    def seed(self) -> int:
        """Which hotel it is."""
        return self.books.seed

    @property
    def last_day(self) -> int:
        """The day whose midnight is the last one kept; its minutes can still be counted."""
        return self.books.last_day

    def kept_until(self, day: int) -> Records:
        """The same with the days until this one; themselves when they reach that far."""
        if day <= self.last_day:
            return self
        return Records(
            self.books.kept_until(day), {fluid: volume.kept_until(day) for fluid, volume in self.volumes.items()}
        )

    def with_incidents(self, incidents: tuple[Incident, ...]) -> Records:
        """The same with further incidents, none of which began before the last midnight that is kept."""
        wirings = {
            meter: replace(wiring, incidents=those_of(incidents, meter)) for meter, wiring in self.books.wirings.items()
        }
        return replace(self, books=replace(self.books, wirings=wirings, changes=true_ones(incidents)))


def keep_records(
    circuits: Mapping[str, str], *, seed: int, first_day: int, last_day: int, incidents: tuple[Incident, ...] = ()
) -> Records:
    """Work out what the meters have counted at each midnight; `circuits` tells in which circuit each meter sits."""
    wirings = {meter: Wiring(circuit, those_of(incidents, meter)) for meter, circuit in circuits.items()}
    days = last_day - first_day
    books = keep_books(wirings, seed=seed, first_day=first_day, days=days, changes=true_ones(incidents))
    volumes = {fluid: Volume(fluid, seed, first_day).kept_until(last_day) for fluid in LAWS}
    return Records(books, volumes)


def save_records(records: Records, path: Path) -> None:
    """Keep them in a file, whole or not at all."""
    arrays: dict[str, Floats] = {f"meter {key}": rows for key, rows in records.books.at_midnight.items()}
    arrays |= {f"fluid {key}": volume.at_midnight for key, volume in records.volumes.items()}
    beside = path.with_suffix(".new")
    with beside.open("wb") as file:
        np.savez_compressed(file, allow_pickle=False, **arrays)
    beside.replace(path)


def load_records(
    path: Path, circuits: Mapping[str, str], *, seed: int, first_day: int, incidents: tuple[Incident, ...] = ()
) -> Records | None:
    """Those of the file; None: there is none, or it holds those of other meters."""
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as kept:
            meters = {key: kept[f"meter {key}"] for key in circuits}
            fluids = {key: kept[f"fluid {key}"] for key in LAWS}
    except (OSError, ValueError, KeyError, BadZipFile):
        return None
    if any(rows.ndim != 2 or rows.shape[1] != len(Count) for rows in meters.values()):
        return None
    wirings = {meter: Wiring(circuit, those_of(incidents, meter)) for meter, circuit in circuits.items()}
    books = Books(seed, first_day, wirings, meters, true_ones(incidents))
    return Records(books, {key: Volume(key, seed, first_day, rows) for key, rows in fluids.items()})
