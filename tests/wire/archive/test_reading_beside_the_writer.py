"""Readers of other processes and threads beside the writer."""

import asyncio
import sqlite3
import subprocess
import sys
import threading
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from wattledger.archive import EmbeddedArchive, EmbeddedReader, Frame, Point, Rhythm

MIDNIGHT = datetime(2026, 3, 2, tzinfo=UTC)
START = MIDNIGHT - timedelta(hours=4)
STEP = timedelta(minutes=5)
EVER = (datetime(1970, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC))
DEVICES, SERIES_A_DEVICE, TICKS = 4, 20, 150


def tick(number: int) -> list[Frame]:
    return [
        Frame(
            START + number * STEP,
            300,
            0.0,
            tuple(range(device * SERIES_A_DEVICE + 1, (device + 1) * SERIES_A_DEVICE + 1)),
            (0,) * SERIES_A_DEVICE,
            (number,) * SERIES_A_DEVICE,
        )
        for device in range(DEVICES)
    ]


def test_a_reader_in_another_process_sees_whole_ticks_while_the_writer_goes_and_comes_back(tmp_path: Path) -> None:
    folder = tmp_path / "archive"
    last = START + (TICKS - 1) * STEP
    program = [sys.executable, Path(__file__).with_name("watching.py"), folder]
    arguments = [str(DEVICES * SERIES_A_DEVICE), str(int(last.timestamp()))]

    with subprocess.Popen([*program, *arguments], stdout=subprocess.PIPE, text=True) as watcher:
        assert watcher.stdout is not None
        assert watcher.stdout.readline() == "watching\n"  # while there is not even a folder
        for numbers in (range(TICKS // 3), range(TICKS // 3, TICKS)):
            with EmbeddedArchive.open(folder, durable=False) as archive:
                for number in numbers:
                    archive.record(tick(number)).result()
        output, _ = watcher.communicate(timeout=60)

    assert watcher.returncode == 0
    rounds, told = map(int, output.split())
    assert rounds > 0
    assert told == TICKS


def test_one_reader_may_be_used_from_several_threads(tmp_path: Path) -> None:
    series = tuple(range(1, DEVICES * SERIES_A_DEVICE + 1))
    reader, torn, finished = EmbeddedReader.open(tmp_path), [], threading.Event()

    def watch() -> None:
        while True:
            last_round = finished.is_set()
            lengths = {len(columns) for columns in reader.read(series, *EVER).values()}
            latest = {reading.slot for reading in reader.latest(series).values()}
            if len(lengths) > 1 or len(latest) > 1 or (last_round and lengths != {50}):
                torn.append((lengths, latest))
            if last_round:
                return

    threads = [threading.Thread(target=watch) for _ in range(3)]
    with EmbeddedArchive.open(tmp_path, durable=False) as archive:
        for thread in threads:
            thread.start()
        for number in range(50):
            archive.record(tick(number)).result()
        finished.set()
        for thread in threads:
            thread.join()

    assert torn == []


def test_a_reader_that_never_lets_go_keeps_what_it_saw_and_holds_nobody_up(tmp_path: Path) -> None:
    zone, everything = ZoneInfo("Europe/Paris"), (0, int(EVER[1].timestamp()))
    with EmbeddedArchive.open(tmp_path, durable=False) as archive:
        for number in range(20):
            archive.record(tick(number)).result()
        with EmbeddedReader.open(tmp_path)._snapshot() as held:
            assert held is not None
            before = held.readings([1], start=everything[0], end=everything[1])[1].values.tolist()
            for number in range(20, TICKS):
                archive.record(tick(number)).result()
            for days in (3, 60):
                while archive.tend(now=MIDNIGHT + timedelta(days=days), zone=zone).result().more:
                    pass

            after = held.readings([1], start=everything[0], end=everything[1])[1].values.tolist()
            assert after == before == list(range(20))
            assert archive.read([1], *EVER)[1].values.tolist() == list(range(TICKS))

        archive.record(tick(TICKS)).result()
    assert (tmp_path / "hot.db").stat().st_size < 2_000_000
    assert EmbeddedReader.open(tmp_path).read([1], *EVER)[1].values.tolist() == list(range(TICKS + 1))


def test_readers_see_every_reading_while_files_come_and_go(tmp_path: Path) -> None:
    """Files go at once here, so that readers come too late for them all the time."""
    rhythm = Rhythm(slice_s=0.0, seal_after_s=0, compact_after_s=0, keep_unnamed_s=0.0)
    wrong: list[list[float]] = []
    finished = threading.Event()
    with EmbeddedArchive.open(tmp_path, durable=False, rhythm=rhythm) as archive:
        recorded = 0

        def watch() -> None:
            reader = EmbeddedReader.open(tmp_path)
            while not finished.is_set():
                at_least = recorded
                found = reader.read([1], *EVER)[1].values.tolist()
                if found != list(range(len(found))) or len(found) < at_least:
                    wrong.append(found)

        threads = [threading.Thread(target=watch) for _ in range(2)]
        for thread in threads:
            thread.start()
        for number in range(120):
            slot = START + number * timedelta(hours=12)
            archive.record([Frame(slot, 300, 0.0, (1, 2), (0, 0), (number, number))]).result()
            recorded = number + 1
            while archive.tend(now=slot, zone=ZoneInfo("Europe/Paris")).result().more:
                pass
        finished.set()
        for thread in threads:
            thread.join()

    assert wrong == []


async def test_an_event_loop_goes_on_while_the_card_stands_still(tmp_path: Path) -> None:
    with EmbeddedArchive.open(tmp_path) as archive:
        archive.record(tick(0)).result()
        with closing(sqlite3.connect(tmp_path / "hot.db", isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")  # no commit gets through, as on a card that is busy with itself
            futures = [archive.record([frame]) for number in range(1, 20) for frame in tick(number)]
            futures.append(archive.correct(1, [Point(START, 5.0)], decimals=0))
            turns = 0
            for _ in range(100):
                await asyncio.sleep(0)
                turns += not any(future.done() for future in futures)
            other.execute("ROLLBACK")
        stored = await asyncio.gather(*map(asyncio.wrap_future, futures))

    assert turns == 100
    assert stored == [1] * len(futures)
