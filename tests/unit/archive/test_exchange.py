"""Readings on their way from one archive to another; run against each entry of `BACKENDS`."""

import struct
import zlib
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from tests.unit.archive.test_conformance import CORRECTED, EVER, GOOD, NOON, STEP, frame, readings

from wattledger.archive import Archive, ArchiveReader, Chunk, Point, contents_of
from wattledger.archive.embedded.chunk import encode_chunk
from wattledger.archive.embedded.columns import CONSTANT, PCO_64, ZLIB, put_varint, put_varints, zigzag
from wattledger.archive.embedded.scaled import Scaled

START = 1_772_409_600


def blob_of(content: bytes) -> bytes:
    return struct.pack("<BI", 1, zlib.crc32(content)) + content


def segment(
    count: int = 2,
    *,
    decimals: int = 0,
    start: int = START,
    step: int = 300,
    runs: tuple[int, ...] | None = None,
    values: bytes = bytes([CONSTANT, 1, 0]),
    qualities: bytes = b"",
) -> bytes:
    """A chunk as somebody may put it together by hand."""
    out = bytearray()
    out.append(1)
    put_varints(out, (zigzag(decimals), count, start, step))
    runs = (count, 0) if runs is None else runs
    put_varint(out, len(runs) // 2)
    put_varints(out, runs)
    out += values
    put_varint(out, len(qualities))
    return blob_of(bytes(out + qualities + bytes([0])))


def bomb(width: int) -> bytes:
    deflated = bytes([0, width]) + zlib.compress(bytes(50_000_000), 1)
    out = bytearray([ZLIB])
    put_varint(out, len(deflated))
    return bytes(out + deflated)


HOSTILE = {
    "a reading that no year has": segment(start=2**50),
    "a slot that 64 bits do not hold": segment(start=2**63 + 5),
    "a number without end": blob_of(b"\xff" * 100_000),
    "readings by the billion": segment(2**40),
    "no reading": segment(0),
    "slots that stand still": segment(step=0, runs=()),
    "runs that come out by an overflow": segment(2, runs=(2**63 - 1, 0, 2**63 - 1, 0, 4, 0)),
    "decimals of no value": segment(decimals=100),
    "decimals of no number": segment(decimals=2**40),
    "a value of more than 64 bits": segment(values=bytes([CONSTANT, 10, *[0xFF] * 9, 0x7F])),
    "a column that swells": segment(values=bomb(8)),
    "a column whose swelling nobody knows": segment(values=bytes([PCO_64, 4]) + b"pco!"),
    "a column of odd width": segment(values=bomb(3)),
    "qualities that swell": segment(qualities=zlib.compress(bytes(50_000_000), 1)),
    "a quality that is none": segment(qualities=zlib.compress(bytes([77, 0]))),
    "slots that go back": encode_chunk(
        Scaled(*(np.array([5, 5], kind) for kind in ("i8", "i8", "i1")), np.zeros(2, "u1"), np.zeros(2, "i4")),
        portable=True,
    ),
    "an offset of weeks": encode_chunk(
        Scaled(*(np.array([5, 6], kind) for kind in ("i8", "i8", "i1")), np.zeros(2, "u1"), np.full(2, 10**9, "i4")),
        portable=True,
    ),
}


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

    def test_what_a_person_said_here_stands_against_an_older_copy(self, archive: Archive, other: Archive) -> None:
        archive.record([frame(NOON + number * STEP, {1: number}) for number in range(4)]).result()
        archive.correct(
            1, [Point(NOON, 7.0), Point(NOON + STEP, None), Point(NOON + 2 * STEP, 8.0)], decimals=0
        ).result()
        copy = [chunk for piece in archive.export_chunks(0) for chunk in piece.chunks]
        for each in (archive, other):
            each.correct(1, [Point(NOON, 9.0), Point(NOON + STEP, 5.0)], decimals=0).result()

        assert archive.import_chunks(copy, keep_words=True).result() == 0
        assert other.import_chunks(copy, keep_words=True).result() == 2

        wanted = [(NOON, 9, CORRECTED), (NOON + STEP, 5, CORRECTED), (NOON + 2 * STEP, 8, CORRECTED)]
        for each in (archive, other):
            assert readings(each, 1) == [*wanted, (NOON + 3 * STEP, 3, GOOD)]

    def test_series_go_over_for_a_time_of_one_s_choice(self, archive: Archive, other: Archive) -> None:
        long_ago = NOON - timedelta(days=40)
        archive.backfill(1, [Point(long_ago, 1.0), Point(NOON, 2.0), Point(NOON + STEP, 3.0)], decimals=0).result()
        archive.backfill(2, [Point(NOON, 4.0)], decimals=0).result()

        pieces = list(archive.export_series([1], long_ago, NOON + STEP))
        for piece in pieces:
            other.import_chunks(piece).result()

        assert [value for _, value, _ in readings(other, 1)] == [1, 2]
        assert readings(other, 2) == []
        (first, *_, last) = [contents_of(chunk) for piece in pieces for chunk in piece]
        assert (first.count, first.first, last.last) == (1, long_ago, NOON)

    def test_what_is_dense_goes_over_in_pieces(self, archive: Archive, other: Archive) -> None:
        second = timedelta(seconds=1)
        archive.backfill(1, [Point(NOON + n * second, float(n)) for n in range(25_000)], decimals=0).result()

        chunks = [chunk for piece in archive.export_series([1], *EVER) for chunk in piece]
        for chunk in chunks:
            other.import_chunks([chunk]).result()

        assert [contents_of(chunk).count for chunk in chunks] == [20_000, 5_000]
        assert readings(other, 1) == readings(archive, 1)

    @pytest.mark.parametrize("blob", HOSTILE.values(), ids=HOSTILE)
    def test_what_somebody_put_together_by_hand_is_refused_at_once(self, archive: Archive, blob: bytes) -> None:
        with pytest.raises(ValueError, match="chunk"):
            archive.import_chunks([Chunk(1, blob)])
        with pytest.raises(ValueError, match="chunk"):
            contents_of(Chunk(1, blob))

    def test_what_is_put_together_well_is_taken(self, archive: Archive) -> None:
        assert archive.import_chunks([Chunk(1, segment())]).result() == 2
        assert [slot for slot, *_ in readings(archive, 1)] == [
            datetime.fromtimestamp(START + second, UTC) for second in (0, 300)
        ]

    @pytest.mark.parametrize("blob", [b"", b"nonsense", bytes(40)])
    def test_what_no_archive_has_written_is_refused_at_once(self, archive: Archive, blob: bytes) -> None:
        with pytest.raises(ValueError, match="chunk"):
            archive.import_chunks([Chunk(1, blob)])
