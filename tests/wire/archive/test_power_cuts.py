"""Power cuts, imitated: what was not synced yet is there, missing or garbage, sector by sector.

A commit is durable when `record` says so. Between two of them the sectors of the log that differ may hold anything;
while a checkpoint copies the log into hot.db, the pages that differ may hold anything, but the log is whole.
"""

import os
import random
import shutil
import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from wattledger.archive import EmbeddedArchive, Frame, check

CUTS = int(os.environ.get("SOAK_CUTS", "60"))
START = datetime(2026, 3, 1, 22, tzinfo=UTC)
EVER = (datetime(1970, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC))
SERIES = tuple(range(1, 41))
HOT, LOG = "hot.db", "hot.db-wal"


def tick(number: int) -> list[Frame]:
    """Two frames, whose values are the number of the tick and noise."""
    slot, half = START + number * timedelta(minutes=5), len(SERIES) // 2
    noise = [(number * 7919 + each * 104_729) ** 3 % 10**9 for each in SERIES]
    values = [number, *noise[1:half], number, *noise[half + 1 :]]
    return [
        Frame(slot, 300, 0.0, SERIES[:half], (0,) * half, tuple(values[:half])),
        Frame(slot, 300, 0.0, SERIES[half:], (0,) * half, tuple(values[half:])),
    ]


def torn(before: bytes, after: bytes, *, sector: int, chance: random.Random) -> bytes:
    """`before` on the way to `after`: each sector that differs is old, new, or garbage; the end may be missing."""
    whole = bytearray(after)
    old = before.ljust(len(after), b"\0")
    for start in range(0, len(after), sector):
        piece = slice(start, start + sector)
        if old[piece] != after[piece]:
            fate = chance.random()
            if fate < 0.4:
                whole[piece] = old[piece]
            elif fate < 0.6:
                whole[piece] = chance.randbytes(len(whole[piece]))
    synced = len(before)
    return bytes(whole[: chance.randint(synced, max(synced, len(whole)))] if chance.random() < 0.3 else whole)


@pytest.fixture
def states(tmp_path: Path) -> list[tuple[bytes, bytes]]:
    """hot.db and its log after each of some commits."""
    folder, found = tmp_path / "archive", []
    with EmbeddedArchive.open(folder) as archive:
        for number in range(30):
            archive.record(tick(number)).result()
            found.append(((folder / HOT).read_bytes(), (folder / LOG).read_bytes()))
    return found


def numbers_after(folder: Path, hot: bytes, log: bytes) -> list[int]:
    """The ticks that the archive has after the cut; each is whole."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    (folder / HOT).write_bytes(hot)
    (folder / LOG).write_bytes(log)
    with EmbeddedArchive.open(folder, durable=False) as archive:
        assert archive.set_aside == ()
        columns = archive.read(SERIES, *EVER)
        assert len({tuple(column.slots.tolist()) for column in columns.values()}) == 1, "a tick is there in part"
        numbers = columns[SERIES[0]].values.tolist()
        assert columns[SERIES[len(SERIES) // 2]].values.tolist() == numbers
        following = int(numbers[-1]) + 1
        assert archive.record(tick(following)).result() == 2  # and it goes on
    assert check(folder) == []
    return [int(number) for number in numbers]


@pytest.mark.parametrize("sector", [512, 4096])
def test_a_cut_in_the_middle_of_a_commit_loses_nothing_that_was_acknowledged(
    tmp_path: Path, states: list[tuple[bytes, bytes]], sector: int
) -> None:
    chance = random.Random(sector)
    in_part = 0
    for _ in range(CUTS // 2):
        last = chance.randrange(len(states) - 1)
        (hot, before), (_, after) = states[last : last + 2]
        log = torn(before, after, sector=sector, chance=chance)
        in_part += log not in (before, after)

        numbers = numbers_after(tmp_path / "cut", hot, log)

        assert numbers in (list(range(last + 1)), list(range(last + 2)))
    assert in_part > CUTS // 4


def test_a_cut_in_the_middle_of_a_checkpoint_loses_nothing(tmp_path: Path, states: list[tuple[bytes, bytes]]) -> None:
    chance = random.Random(1)
    for _ in range(CUTS // 2):
        last = chance.randrange(5, len(states))
        before, log = states[last]
        after = checkpointed(tmp_path / "whole", before, log)
        assert after != before

        hot = torn(before, after, sector=chance.choice([512, 4096]), chance=chance)

        assert numbers_after(tmp_path / "cut", hot, log) == list(range(last + 1))


def checkpointed(folder: Path, hot: bytes, log: bytes) -> bytes:
    """hot.db when the log has been copied into it."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    (folder / HOT).write_bytes(hot)
    (folder / LOG).write_bytes(log)
    with closing(sqlite3.connect(folder / HOT, isolation_level=None)) as connection:
        connection.execute("PRAGMA wal_checkpoint(FULL)").fetchone()
        return (folder / HOT).read_bytes()


def test_the_imitation_would_notice_what_is_lost(tmp_path: Path, states: list[tuple[bytes, bytes]]) -> None:
    hot, log = states[20]
    damaged = bytearray(log)
    damaged[len(log) // 2] ^= 0xFF  # in what had been synced

    assert len(numbers_after(tmp_path / "cut", hot, bytes(damaged))) < 21
