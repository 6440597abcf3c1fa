"""Readings on their way from one archive to another; run against each entry of `BACKENDS`."""

from datetime import timedelta

import pytest
from tests.unit.archive.test_conformance import CORRECTED, EVER, GOOD, NOON, STEP, frame, readings

from wattledger.archive import Archive, ArchiveReader, Chunk, Point


class TestExchange:
    def carry(self, source: ArchiveReader, target: Archive, after: int = 0) -> tuple[int, int]:
        """Export all after the cursor and take it in; gives the cursor and how many readings came or changed."""
        taken = 0
        for piece in source.export_chunks(after):
            after = piece.cursor
            taken += target.import_chunks(piece.chunks).result()
        return after, taken

    @pytest.fixture
    def other(self, backend, tmp_path):
        with type(backend)(tmp_path / "other").open() as opened:
            yield opened

    def test_another_archive_ends_with_the_same_readings(self, archive: Archive, other: Archive) -> None:
        archive.record(
            [frame(NOON + number * STEP, {1: number, 2: -number}, decimals=1, offset_s=0.5) for number in range(20)]
        ).result()
        archive.backfill(3, [Point(NOON - timedelta(days=40), 7.5)], decimals=1).result()
        archive.correct(1, [Point(NOON, 5.0), Point(NOON + STEP, None)], decimals=0).result()

        cursor, taken = self.carry(archive, other)

        assert taken == 20 + 19 + 1
        for series in (1, 2, 3):
            assert readings(other, series) == readings(archive, series)
        assert other.read([2], *EVER)[2].offsets_s.tolist() == archive.read([2], *EVER)[2].offsets_s.tolist()
        assert self.carry(archive, other) == (cursor, 0)  # again, it does no harm
        assert self.carry(archive, other, cursor) == (cursor, 0)

    def test_what_a_person_says_later_goes_over_and_what_is_there_stays(self, archive: Archive, other: Archive) -> None:
        archive.record([frame(NOON, {1: 10, 2: 20})]).result()
        other.record([frame(NOON, {1: 11})]).result()
        cursor, taken = self.carry(archive, other)
        assert taken == 1
        assert readings(other, 1) == [(NOON, 11, GOOD)]

        archive.correct(1, [Point(NOON, 12.0)], decimals=0).result()
        archive.correct(2, [Point(NOON, None)], decimals=0).result()
        self.carry(archive, other, cursor)

        assert readings(other, 1) == [(NOON, 12, CORRECTED)]
        assert readings(other, 2) == []

    def test_an_export_is_one_of_its_epoch(self, archive: Archive) -> None:
        archive.record([frame(NOON, {1: 10})]).result()

        assert {piece.epoch for piece in archive.export_chunks(0)} == {archive.changes(0).epoch}

    @pytest.mark.parametrize("blob", [b"", b"nonsense", bytes(40)])
    def test_what_no_archive_has_written_is_refused_at_once(self, archive: Archive, blob: bytes) -> None:
        with pytest.raises(ValueError, match="chunk"):
            archive.import_chunks([Chunk(1, blob)])
