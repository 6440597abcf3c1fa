"""What lies over the files is folded in step by step, however much it is."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from wattledger.archive import EmbeddedArchive, Frame, Point, Rhythm, check
from wattledger.archive.embedded import late_rows

ZONE = ZoneInfo("Europe/Paris")
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
LATER = NOON + timedelta(days=60)
STEP = timedelta(minutes=5)
EVER = (datetime(1970, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC))
EAGER = Rhythm(enough_late=3, late_look_every_s=0.0, fold_again_after_s=0.0, fold_imports_after_s=0.0, most_late=25)


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[EmbeddedArchive]:
    """A month that is drawn together, of ten readings."""
    with EmbeddedArchive.open(tmp_path, durable=False, rhythm=EAGER) as archive:
        archive.record([Frame(NOON + number * STEP, 300, 0.0, (1,), (0,), (number,)) for number in range(10)]).result()
        tend(archive)
        yield archive
    assert check(tmp_path) == []


def tend(archive: EmbeddedArchive) -> None:
    while archive.tend(now=LATER, zone=ZONE).result().more:
        pass


def values(archive: EmbeddedArchive, series: int = 1) -> list[float]:
    return archive.read([series], *EVER)[series].values.tolist()


def rows_over_the_files(archive: EmbeddedArchive) -> int:
    def count(writing: object) -> int:
        return int(writing.connection.execute("SELECT count(*) FROM late").fetchone()[0])

    return archive._submit(count).result()


def test_an_import_in_many_little_pieces_does_not_pile_up_over_the_files(archive: EmbeddedArchive) -> None:
    for first in range(0, 100, 10):
        points = [Point(NOON + number * STEP, float(number)) for number in range(first, first + 10)]
        assert archive.backfill(7, points, decimals=0).result() == 10

    assert rows_over_the_files(archive) == 20
    assert values(archive, 7) == list(range(100))
    tend(archive)
    assert rows_over_the_files(archive) == 0
    assert values(archive, 7) == list(range(100))


def test_a_word_that_comes_while_others_are_folded_in_stands(
    archive: EmbeddedArchive, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(late_rows, "FORGOTTEN_AT_ONCE", 1)
    archive.correct(1, [Point(NOON + number * STEP, 100.0 + number) for number in range(9)], decimals=0).result()
    archive.correct(1, [Point(NOON + 9 * STEP, None)], decimals=0).result()
    while rows_over_the_files(archive) == 10:
        archive.tend(now=LATER, zone=ZONE).result()  # until what is in the file begins to go

    assert values(archive) == [100 + number for number in range(9)]
    archive.correct(1, [Point(NOON + 8 * STEP, 5.0), Point(NOON + 9 * STEP, 6.0)], decimals=0).result()
    tend(archive)

    assert values(archive) == [*(100 + number for number in range(8)), 5, 6]
    assert rows_over_the_files(archive) == 2


def test_what_was_folded_and_not_let_go_of_does_no_harm_after_a_restart(tmp_path: Path) -> None:
    with EmbeddedArchive.open(tmp_path, durable=False, rhythm=EAGER) as archive:
        archive.backfill(1, [Point(NOON + number * STEP, float(number)) for number in range(2000)], decimals=0).result()
        archive.correct(1, [Point(NOON + number * STEP, -1.0) for number in range(4)], decimals=0).result()
        while not [*tmp_path.glob("sealed/2026-03.*")]:
            archive.tend(now=LATER, zone=ZONE).result()
        before = values(archive)

    with EmbeddedArchive.open(tmp_path, durable=False, rhythm=EAGER) as archive:
        assert values(archive) == before
        tend(archive)
        assert values(archive) == before == [-1.0] * 4 + [float(number) for number in range(4, 2000)]
        assert rows_over_the_files(archive) == 0
