"""What an archive takes, what it may take, and how far that reaches."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from tests.unit.archive.conftest import SealingBackend

from wattledger.archive import (
    MOST_HISTORY_DAYS,
    EmbeddedArchive,
    EmbeddedReader,
    Frame,
    Point,
    Recording,
    Usage,
    forecast,
)
from wattledger.archive.embedded.using import allowed_bytes

GB = 10**9
START = datetime(2026, 3, 2, tzinfo=UTC)
STEP = timedelta(minutes=5)


def test_an_empty_archive_takes_nothing(tmp_path: Path) -> None:
    usage = EmbeddedReader.open(tmp_path / "nowhere" / "archive").usage()

    assert (usage.taken_bytes, usage.oldest) == (0, None)
    assert usage.most_bytes > 0


def test_the_oldest_reading_counts_wherever_it_is(tmp_path: Path) -> None:
    with EmbeddedArchive.open(tmp_path, durable=False) as archive:
        archive.record([Frame(START + STEP, 300, 0.0, (1,), (0,), (7,))]).result()
        assert archive.usage().oldest == START

        archive.backfill(1, [Point(START - timedelta(days=40), 5.0)], decimals=0).result()
        assert archive.usage().oldest == START - timedelta(days=40)

        long_ago = [Point(START - timedelta(days=400) + number * STEP, 5.0) for number in range(1500)]
        archive.backfill(1, long_ago, decimals=0).result()
        assert archive.usage().oldest == datetime(2025, 1, 1, tzinfo=UTC)


def test_sealed_months_tell_what_a_reading_takes(tmp_path: Path) -> None:
    frames = [Frame(START + n * STEP, 300, 0.0, (1, 2), (0, 0), (n * n % 977, n * 7919 % 1009)) for n in range(2000)]
    with SealingBackend(tmp_path).open() as archive:
        archive.record(frames).result()
        usage = archive.usage()

    sealed = sum(path.stat().st_size for path in tmp_path.glob("archive/sealed/2026-03.g*"))
    assert usage.bytes_a_reading == sealed / 4000
    assert usage.oldest == datetime(2026, 3, 1, tzinfo=UTC)
    assert usage.taken_bytes > sealed


@pytest.mark.parametrize(
    ("taken", "free", "allowed"),
    [
        (0, 4 * GB, 3.6 * GB),
        (1 * GB, 2 * GB, 2.6 * GB),
        (1 * GB, 0.1 * GB, 2 * GB),  # others have filled the card: half of it is the archive's anyway
        (3 * GB, 0.2 * GB, 2.8 * GB),
    ],
)
def test_a_tenth_of_the_card_is_left_to_others_and_half_of_it_is_the_archive_s(
    taken: float, free: float, allowed: float
) -> None:
    assert allowed_bytes(int(taken), card_bytes=4 * GB, free_bytes=int(free)) == allowed


def test_the_reach_follows_from_what_is_recorded() -> None:
    usage = Usage(taken_bytes=0, most_bytes=1 * GB, oldest=None, bytes_a_reading=0.5)

    often = forecast(usage, [Recording(series=5000, frames=100, interval_s=300)])
    seldom = forecast(usage, [Recording(series=5000, frames=100, interval_s=900)])

    assert often.readings_a_day == 5000 * 288
    assert often.bytes_a_day == 2500 * 288
    assert often.history_days == pytest.approx(GB / (2500 * 288))
    assert seldom.history_days == pytest.approx(3 * GB / (2500 * 288))
    assert seldom.written_a_day == pytest.approx(often.written_a_day / 3)
    assert forecast(usage, []).history_days is None


def test_no_card_is_promised_to_last_longer_than_a_hundred_years() -> None:
    usage = Usage(taken_bytes=0, most_bytes=1000 * GB, oldest=None, bytes_a_reading=0.5)

    assert forecast(usage, [Recording(series=1, frames=1, interval_s=900)]).history_days == MOST_HISTORY_DAYS
