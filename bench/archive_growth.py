"""Whether an archive is as quick after ten years as after one: the same questions to both, turn by turn.

    python bench/archive_growth.py [--folder DIR] [--years 10] [--series 10] [--step 1800]

An archive is filled day by day, sealed and drawn together as in a server, and copied after its first year; then it goes
on to the last. Prints what each question takes after one year, and how many times as long it takes after all of them.
The first series fell silent in the first year, and one was never read: nobody must look for them in ten years of files.
"""

from __future__ import annotations

import argparse
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np

from figures import Figure, reported
from wattledger.archive import EmbeddedArchive, EmbeddedReader, Frame, Rhythm

ZONE = ZoneInfo("Europe/Paris")
FIRST_YEAR = 2016
RHYTHM = Rhythm(keep_unnamed_s=0.0)  # days go by in milliseconds
DAY = timedelta(days=1)
SILENT_AFTER = timedelta(days=30)
TURNS, ROUNDS_A_TURN = 8, 10
SETTLED_S = 3.0  # before files are taken for such as nobody writes
MOST_TIMES = 1.25  # as long as after the first year

Question = Callable[[], object]


def frames_of_day(day: datetime, *, series: int, step_s: int, random: np.random.Generator) -> list[Frame]:
    """A day of gauges around 230.0, one frame per slot; the first series only in the first days."""
    first = 2 if day - datetime(FIRST_YEAR, 1, 1, tzinfo=UTC) > SILENT_AFTER else 1
    ids = tuple(range(first, series + 1))
    table = random.normal(2300, 8, (86_400 // step_s, len(ids))).astype(np.int64).tolist()
    return [
        Frame(day + timedelta(seconds=step_s * number), step_s, 0.2, ids, (1,) * len(ids), tuple(row))
        for number, row in enumerate(table)
    ]


def grow(folder: Path, *, start: datetime, end: datetime, series: int, step_s: int) -> None:
    """Record the days from `start` to `end`, and do what is due after each."""
    random = np.random.default_rng(start.year)
    with EmbeddedArchive.open(folder, durable=False, rhythm=RHYTHM) as archive:
        day = start
        while day < end:
            archive.record(frames_of_day(day, series=series, step_s=step_s, random=random)).result()
            day += DAY
            while archive.tend(now=day + timedelta(hours=3), zone=ZONE).result().more:
                pass


def questions(
    folder: Path, archive: EmbeddedArchive, *, now: datetime, series: int, step_s: int
) -> dict[str, Question]:
    """What is asked of an archive whose readings end at `now`."""
    reader, ids = EmbeddedReader.open(folder), range(1, series + 1)
    random, slots = np.random.default_rng(), iter(range(10**6))

    def tick() -> None:
        slot = now + timedelta(seconds=step_s * next(slots))
        values = tuple(random.normal(2300, 8, series).astype(np.int64).tolist())
        archive.record([Frame(slot, step_s, 0.2, tuple(ids), (1,) * series, values)]).result()

    year_ago = (now - timedelta(days=364)).date()  # of local time in the file of one year
    return {
        "chart of a month": lambda: reader.read([2], now - timedelta(days=31), now),
        "hours of a month": lambda: reader.buckets([2], [now - timedelta(hours=hour) for hour in range(744, -1, -1)]),
        "days of a year, all series": lambda: reader.daily(ids, year_ago, now.date(), zone=ZONE),
        "newest of all series": lambda: reader.latest(ids),
        "newest of one that is silent": lambda: reader.latest([1]),
        "newest of one never read": lambda: reader.latest([series + 1]),
        "tick": tick,
    }


def times_ms(of_one: dict[str, Question], of_all: dict[str, Question]) -> dict[str, tuple[float, float]]:
    """The lower quartiles of both, asked in turn: what else the machine does strikes both, and seldom all rounds."""
    found = {}
    for name, asked_of_one in of_one.items():
        taken: Sequence[list[float]] = ([], [])
        for _ in range(TURNS):
            for question, times in zip((asked_of_one, of_all[name]), taken, strict=True):
                for _ in range(ROUNDS_A_TURN):
                    started = time.perf_counter()
                    question()
                    times.append((time.perf_counter() - started) * 1000)
        found[name] = (statistics.quantiles(taken[0])[0], statistics.quantiles(taken[1])[0])
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", type=Path, help="on the card to be measured; default: the temporary folder")
    parser.add_argument("--years", type=int, default=10)
    parser.add_argument("--series", type=int, default=10)
    parser.add_argument("--step", type=int, default=1800, help="seconds between readings")
    arguments = parser.parse_args()
    series, step_s, years = arguments.series, arguments.step, arguments.years
    start, first_end, end = (datetime(FIRST_YEAR + after, 1, 1, tzinfo=UTC) for after in (0, 1, years))
    with tempfile.TemporaryDirectory(dir=arguments.folder) as place, ExitStack() as stack:
        one, all_of_it = Path(place) / "one", Path(place) / "all"
        grow(all_of_it, start=start, end=first_end, series=series, step_s=step_s)
        shutil.copytree(all_of_it, one)
        grow(all_of_it, start=first_end, end=end, series=series, step_s=step_s)
        asked = [
            questions(folder, stack.enter_context(EmbeddedArchive.open(folder)), now=now, series=series, step_s=step_s)
            for folder, now in ((one, first_end), (all_of_it, end))
        ]
        time.sleep(SETTLED_S)
        found = times_ms(*asked)
    print(f"{series} series every {step_s} s, 1 and {years} years")
    for name, (after_one, after_all) in found.items():
        print(f"{name:30} {after_one:8.2f} ms   {after_all:8.2f} ms   {after_all / after_one:5.2f} x")
    worst = max(found, key=lambda name: found[name][1] / found[name][0])
    times = found[worst][1] / found[worst][0]
    return reported(
        Figure(
            f"history of {years} years: {worst}",
            f"<= {MOST_TIMES:g} x one year",
            f"{times:.2f}",
            times <= MOST_TIMES,
        )
    )


if __name__ == "__main__":
    sys.exit(main())
