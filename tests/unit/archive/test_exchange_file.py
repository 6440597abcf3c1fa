"""The file in which readings go from one server to another: it comes back whole, and nothing else is taken for one."""

from __future__ import annotations

import json
import struct
import zlib
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import pytest

from wattledger.archive import ArchiveDamagedError, ArchiveTooNewError, Chunk
from wattledger.archive.exchange_file import (
    CHUNK,
    END,
    HEAD,
    MAGIC,
    ORIGIN,
    Origin,
    OriginSeries,
    reading_exchange,
    writing_exchange,
)

SERIES = (
    OriginSeries(3, UUID(int=3), "Main meter", 1, "active_energy.import.total", "last"),
    OriginSeries(4, UUID(int=4), "Main meter", 1, "active_power.total", "mean"),
)
JANUARY, FEBRUARY = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 2, 1, tzinfo=UTC)
FROM = Origin(UUID(int=1), "epoch", FEBRUARY, JANUARY, FEBRUARY, SERIES)
CHUNKS = [Chunk(3, b"one"), Chunk(4, b"two"), Chunk(3, bytes(5000))]


@pytest.fixture
def exported(tmp_path: Path) -> Path:
    path = tmp_path / "readings.wattx"
    with writing_exchange(path, FROM) as writer:
        for chunk in CHUNKS:
            writer.add(chunk)
    return path


def read(path: Path) -> list[Chunk]:
    with reading_exchange(path) as file:
        return [chunk for chunk, _ in file.chunks()]


def section(kind: int, content: bytes) -> bytes:
    check_sum = zlib.crc32(content, zlib.crc32(struct.pack("<BI", kind, len(content))))
    return HEAD.pack(kind, len(content), check_sum) + content


def test_it_comes_back_as_it_was_as_often_as_it_is_read(exported: Path) -> None:
    with reading_exchange(exported) as file:
        assert file.origin == FROM
        for _ in range(2):
            found = list(file.chunks())
            assert [chunk for chunk, _ in found] == CHUNKS
            shares = [share for _, share in found]
            assert shares == sorted(shares)
            assert 0 < shares[0] < shares[-1] < 1


def test_one_that_was_not_finished_leaves_nothing_behind(tmp_path: Path) -> None:
    with pytest.raises(struct.error), writing_exchange(tmp_path / "a", FROM) as writer:
        writer.add(Chunk(-1, b"of no series"))

    assert list(tmp_path.iterdir()) == []


def test_no_file_is_overwritten(exported: Path) -> None:
    before = exported.read_bytes()

    with pytest.raises(FileExistsError), writing_exchange(exported, FROM):
        pass

    assert exported.read_bytes() == before


def test_wherever_it_was_cut_off_it_is_refused(exported: Path) -> None:
    whole = exported.read_bytes()
    for length in (*range(0, 700, 7), *range(len(whole) - 200, len(whole))):
        exported.write_bytes(whole[:length])
        with pytest.raises(ArchiveDamagedError):
            read(exported)


def test_wherever_a_bit_was_lost_it_is_refused(exported: Path) -> None:
    whole = exported.read_bytes()
    for at in (*range(0, 700, 11), *range(len(whole) - 200, len(whole))):
        spoiled = bytearray(whole)
        spoiled[at] ^= 0x10
        exported.write_bytes(spoiled)
        with pytest.raises((ArchiveDamagedError, ArchiveTooNewError)):
            read(exported)


ORIGIN_JSON = json.loads(
    '{"server": "00000000-0000-0000-0000-000000000001", "epoch": "e", "exported": "2026-02-01T00:00:00Z",'
    ' "start": "2026-01-01T00:00:00Z", "end": "2026-02-01T00:00:00Z", "format": 1, "series":'
    ' [{"number": 3, "uuid": "00000000-0000-0000-0000-000000000003", "device": "d", "channel": 1, "point": "p",'
    ' "aggregate": "last"}]}'
)
NAMED = ORIGIN_JSON["series"][0]
HOSTILE: dict[str, Callable[[bytes], bytes]] = {
    "nothing": lambda whole: b"",
    "another file": lambda whole: b"PK\x03\x04" + bytes(1000),
    "something behind its end": lambda whole: whole + b"x",
    "an origin of gigabytes": lambda whole: MAGIC + HEAD.pack(ORIGIN, 2**32 - 1, 0),
    "an origin that is no JSON": lambda whole: MAGIC + section(ORIGIN, b"{"),
    "an origin of brackets": lambda whole: MAGIC + section(ORIGIN, b"[" * 100_000),
    "an origin without a server": lambda whole: MAGIC + section(ORIGIN, b"{}"),
    "a series that is named twice": lambda whole: (
        MAGIC + section(ORIGIN, json.dumps(ORIGIN_JSON | {"series": ORIGIN_JSON["series"] * 2}).encode())
    ),
    "a name without end": lambda whole: (
        MAGIC
        + section(
            ORIGIN, json.dumps(ORIGIN_JSON | {"series": [ORIGIN_JSON["series"][0] | {"device": "x" * 999}]}).encode()
        )
    ),
    "a name that speaks to the terminal": lambda whole: (
        MAGIC + section(ORIGIN, json.dumps(ORIGIN_JSON | {"series": [NAMED | {"device": "\x1b[2J"}]}).encode())
    ),
    "a time without a zone": lambda whole: (
        MAGIC + section(ORIGIN, json.dumps(ORIGIN_JSON | {"start": "2026-01-01T00:00:00"}).encode())
    ),
    "no origin": lambda whole: MAGIC + section(CHUNK, bytes(20)),
    "two origins": lambda whole: MAGIC + section(ORIGIN, json.dumps(ORIGIN_JSON).encode()) * 2,
    "a series that is not named": lambda whole: (
        MAGIC + section(ORIGIN, json.dumps(ORIGIN_JSON).encode()) + section(CHUNK, struct.pack("<Q", 5) + b"blob")
    ),
    "an end that is not its own": lambda whole: (
        MAGIC + section(ORIGIN, json.dumps(ORIGIN_JSON).encode()) + section(END, b'{"chunks": 0, "sha256": "00"}')
    ),
}


@pytest.mark.parametrize("make", HOSTILE.values(), ids=HOSTILE)
def test_what_somebody_made_up_is_refused(exported: Path, make: Callable[[bytes], bytes]) -> None:
    exported.write_bytes(make(exported.read_bytes()))

    with pytest.raises(ArchiveDamagedError):
        read(exported)


def test_a_file_of_a_later_release_says_that_this_one_is_to_be_updated(tmp_path: Path) -> None:
    with writing_exchange(tmp_path / "later", replace(FROM, format=2)):
        pass

    with pytest.raises(ArchiveTooNewError, match="update"):
        read(tmp_path / "later")
