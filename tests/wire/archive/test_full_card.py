"""A card that is full, fails, or cannot be written; on real file systems."""

import os
import resource
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from wattledger.archive import (
    ArchiveError,
    ArchiveFullError,
    EmbeddedArchive,
    EmbeddedReader,
    Frame,
    HeldFrame,
    Point,
    Rhythm,
    check,
)

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
STEP = timedelta(minutes=5)
EVER = (datetime(1970, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC))
SERIES = tuple(range(1, 65))
MOST_TICKS = 5000  # far more than fit on the small card


@pytest.fixture
def card(tmp_path: Path) -> Iterator[Path]:
    """A file system of one megabyte."""
    if os.geteuid() != 0:
        pytest.skip("only root may mount a small file system")
    place = tmp_path / "card"
    place.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "card", place], check=True)
    yield place
    subprocess.run(["umount", place], check=True)


def tick(number: int) -> Frame:
    values = tuple((number * 7919 + series * 104_729) ** 5 % 2**62 for series in SERIES)  # that compress badly
    return Frame(NOON + number * STEP, 300, 0.0, SERIES, (0,) * 64, values)


def record_until_full(archive: EmbeddedArchive, *, start: int) -> int:
    """Record ticks from `start` on; gives the first that did not fit."""
    for number in range(start, start + MOST_TICKS):
        try:
            archive.record([tick(number)]).result()
        except ArchiveFullError:
            return number
    raise AssertionError("the card never got full")


def numbers_in(reader: EmbeddedReader | EmbeddedArchive) -> list[int]:
    slots = reader.read([1], *EVER)[1].slots.tolist()
    return [round((slot - NOON.timestamp()) / STEP.total_seconds()) for slot in slots]


def test_a_full_card_refuses_and_recording_goes_on_by_itself_once_there_is_space(card: Path) -> None:
    filler = card / "filler"
    filler.write_bytes(bytes(400_000))
    with EmbeddedArchive.open(card / "archive") as archive:
        first_refused = record_until_full(archive, start=0)

        assert numbers_in(archive) == list(range(first_refused))  # reading goes on
        for again in range(2):
            with pytest.raises(ArchiveFullError, match="space"):
                archive.record([tick(first_refused)]).result()
            assert numbers_in(archive) == list(range(first_refused)), again

        filler.unlink()
        assert archive.record([tick(first_refused)]).result() == 1
        assert archive.correct(1, [Point(NOON, 5.0)], decimals=0).result() == 1
        assert archive.hold([HeldFrame("boot", 1.0, (1,), (0,), (1,))]).result() == 1
        assert archive.highest_slot().result() == NOON + first_refused * STEP

    assert check(card / "archive") == []
    with EmbeddedArchive.open(card / "archive") as archive:
        assert archive.set_aside == ()
        assert numbers_in(archive) == list(range(first_refused + 1))


def test_an_archive_on_a_full_card_is_not_taken_for_a_damaged_one(card: Path) -> None:
    with EmbeddedArchive.open(card / "archive") as archive:
        archive.record([tick(0)]).result()
    filler = card / "filler"
    with filler.open("wb", buffering=0) as file, pytest.raises(OSError, match="space"):  # noqa: PT012 - until it fails
        while True:
            file.write(bytes(4096))

    with pytest.raises(ArchiveFullError, match="space"):
        EmbeddedArchive.open(card / "archive")
    with pytest.raises(ArchiveFullError, match="space"):
        EmbeddedArchive.open(card / "another")
    filler.unlink()

    with EmbeddedArchive.open(card / "archive") as archive:
        assert archive.set_aside == ()
        assert numbers_in(archive) == [0]


def tend(archive: EmbeddedArchive) -> None:
    while archive.tend(now=NOON + timedelta(days=90), zone=ZoneInfo("Europe/Paris")).result().more:
        pass


def test_a_day_is_sealed_once_there_is_space_for_it(card: Path) -> None:
    subprocess.run(["mount", "-o", "remount,size=16m", card], check=True)
    with EmbeddedArchive.open(card / "archive") as archive:
        for number in range(288):
            archive.record([tick(number)]).result()
        filler = card / "filler"
        filler.write_bytes(bytes(shutil.disk_usage(card).free - 300_000))

        for _ in range(2):
            with pytest.raises(ArchiveFullError, match="2026-03-02"):
                tend(archive)
        assert archive.record([tick(288)]).result() == 1
        assert list((card / "archive").glob("sealed/*")) == []
        filler.unlink()
        tend(archive)

        assert numbers_in(archive) == list(range(289))
        assert max(path.name[:7] for path in (card / "archive" / "sealed").iterdir()) == "2026.g4"
    assert check(card / "archive") == []


def test_an_error_of_the_card_in_the_middle_of_a_file_loses_nothing(tmp_path: Path) -> None:
    with EmbeddedArchive.open(tmp_path, rhythm=Rhythm(slice_s=0.0)) as archive:
        for number in range(288):
            archive.record([tick(number)]).result()
        for limit in (20_000, 60_000):
            with failing_beyond(limit), pytest.raises(ArchiveError, match="sealed"):
                tend(archive)
            assert list(tmp_path.glob("sealed/*")) == []
            assert numbers_in(archive) == list(range(288))
        with failing_beyond(300_000), pytest.raises(ArchiveError, match=r"hot\.db"):
            tend(archive)  # the file is made, but hot.db cannot name it
        assert numbers_in(archive) == list(range(288))

        tend(archive)
        assert numbers_in(archive) == list(range(288))
    assert check(tmp_path) == []


def test_a_card_that_was_mounted_read_only_is_told(card: Path) -> None:
    with EmbeddedArchive.open(card / "archive") as archive:
        archive.record([tick(0)]).result()
    subprocess.run(["mount", "-o", "remount,ro", card], check=True)

    with pytest.raises(ArchiveError, match="ead-only") as refusal:
        EmbeddedArchive.open(card / "archive")

    assert not isinstance(refusal.value, ArchiveFullError)


@contextmanager
def failing_beyond(size: int) -> Iterator[None]:
    """Let every write beyond `size` bytes of a file fail, which SQLite sees as an error of the disk."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_recording_goes_on_by_itself_after_an_error_of_the_card(tmp_path: Path) -> None:
    with EmbeddedArchive.open(tmp_path) as archive:
        archive.record([tick(0)]).result()
        with failing_beyond((tmp_path / "hot.db-wal").stat().st_size):
            failed = [archive.record([tick(1)]), archive.correct(1, [Point(NOON, 1.0)], decimals=0)]
            for future in failed:
                error = future.exception()
                assert isinstance(error, ArchiveError)
                assert not isinstance(error, ArchiveFullError)
            assert numbers_in(archive) == [0]

        assert archive.record([tick(1)]).result() == 1
        assert numbers_in(archive) == [0, 1]
    assert check(tmp_path) == []
