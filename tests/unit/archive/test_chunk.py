"""The bytes of a series in a sealed file, and of the columns in them."""

import zlib
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wattledger.archive import ArchiveDamagedError, ArchiveError
from wattledger.archive.embedded import columns
from wattledger.archive.embedded.chunk import HEAD, decode_chunk, encode_chunk
from wattledger.archive.embedded.columns import CONSTANT, PCO_32, PCO_64, ZLIB, Parts, put_column, zigzag
from wattledger.archive.embedded.scaled import DELETED, Scaled, scaled_of

START = 1_772_409_600
WIDEST = 2**63 - 1
INTS = st.lists(st.integers(-WIDEST, WIDEST) | st.integers(-300, 300), min_size=1, max_size=50)
STEPS = st.sampled_from([300, 300, 300, 600, 3000, 1]) | st.integers(1, 10_000)


@st.composite
def readings(draw: st.DrawFn) -> Scaled:
    """A series with gaps, other intervals, several decimals, deletions and offsets."""
    steps = draw(st.lists(STEPS, max_size=60))
    count = len(steps) + 1

    def column(cells: st.SearchStrategy[int], dtype: str) -> np.ndarray:
        return np.array(draw(st.lists(cells, min_size=count, max_size=count)), dtype=dtype)

    return Scaled(
        START + np.cumsum([0, *steps]),
        column(st.integers(-WIDEST, WIDEST) | st.just(5), "i8"),
        column(st.just(1) | st.integers(-9, 18), "i1"),
        column(st.just(0) | st.sampled_from([2, 3, 5, DELETED]), "u1"),
        column(st.just(0) | st.integers(-86_400_000, 86_400_000), "i4"),
    )


def as_rows(found: Scaled) -> list[tuple[int, ...]]:
    return list(
        zip(
            *(getattr(found, name).tolist() for name in ("slots", "values", "decimals", "qualities", "offsets_ms")),
            strict=True,
        )
    )


def encoded(numbers: Sequence[int], *, portable: bool = False) -> bytearray:
    out = bytearray()
    put_column(out, np.array(numbers, dtype=np.int64), portable=portable)
    return out


@given(numbers=INTS, portable=st.booleans())
def test_every_integer_comes_back_from_a_column(numbers: list[int], portable: bool) -> None:
    assert Parts(bytes(encoded(numbers, portable=portable))).column(len(numbers)).tolist() == numbers


@given(given=readings(), portable=st.booleans())
def test_a_series_comes_back_as_it_was(given: Scaled, portable: bool) -> None:
    assert as_rows(decode_chunk(encode_chunk(given, portable=portable), {})) == as_rows(given)


@given(data=st.data())
def test_offsets_that_its_layouts_have_come_back_with_it(data: st.DataObject) -> None:
    """Whatever the layouts hold: where they do not give the very offsets, the chunk keeps its own."""
    given = data.draw(readings())
    some = data.draw(st.lists(st.booleans(), min_size=len(given), max_size=len(given)))
    layouts = {}
    for layout, which in ((7, np.array(some)), (3, ~np.array(some))):
        if which.any():
            layouts[layout] = scaled_of(given.slots[which], given.offsets_ms[which].astype(np.int64), decimals=3)

    blob = encode_chunk(given, layouts=(3, 5, 7), offsets=layouts)

    assert as_rows(decode_chunk(blob, layouts)) == as_rows(given)


def test_the_offsets_of_a_layout_take_next_to_no_bytes_in_each_of_its_series() -> None:
    slots = START + 300 * np.arange(288)
    offsets_ms = np.random.default_rng(1).integers(0, 60_000, 288)
    of_layout = {4: scaled_of(slots, offsets_ms, decimals=3)}
    alone = scaled_of(slots, np.arange(288) ** 2, decimals=0)
    given = scaled_of(slots, np.arange(288) ** 2, decimals=0, offsets_ms=offsets_ms.astype(np.int32))

    blob = encode_chunk(given, layouts=(4,), offsets=of_layout)

    assert len(blob) <= len(encode_chunk(alone)) + 2
    assert decode_chunk(blob, of_layout).offsets_ms.tolist() == offsets_ms.tolist()


@pytest.mark.parametrize(
    ("slots", "most"),
    [
        (START + 300 * np.arange(8640), 40),
        (np.delete(START + 300 * np.arange(8640), range(3000, 3100)), 45),
        (np.concatenate([START + 600 * np.arange(500), START + 300_000 + 300 * np.arange(500)]), 200),
        (START + 3000 * np.arange(400) + np.where(np.arange(400) > 200, 1800, 0), 80),
    ],
)
def test_regular_times_take_next_to_no_bytes(slots: np.ndarray, most: int) -> None:
    assert len(encode_chunk(scaled_of(slots, np.zeros(len(slots), np.int64), decimals=0))) <= most


def test_each_column_has_the_coding_that_it_needs() -> None:
    assert encoded([5] * 9)[0] == CONSTANT
    assert encoded([1, 2**31 - 1])[0] == PCO_32
    assert encoded([1, 2**31])[0] == PCO_64
    assert encoded([1, 2], portable=True)[0] == ZLIB


def test_without_pco_columns_are_written_with_zlib_and_others_are_told_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    numbers = [*range(100), 5]
    with_pco = bytes(encoded(numbers))

    monkeypatch.setattr(columns, "standalone", None)

    assert Parts(bytes(encoded(numbers))).column(101).tolist() == numbers
    with pytest.raises(ArchiveError, match="pcodec"):
        Parts(with_pco).column(101)


def test_the_bytes_on_the_card_are_those_of_format_1() -> None:
    given = Scaled(
        START + 300 * np.array([0, 1, 3]),
        np.array([-2, -2, -2]),
        np.ones(3, np.int8),
        np.zeros(3, np.uint8),
        np.zeros(3, np.int32),
    )

    blob = encode_chunk(given)

    assert HEAD.unpack_from(blob) == (1, zlib.crc32(blob[5:]))
    start = bytes([0x80, 0xA6, 0x93, 0xCD, 0x06])
    assert sum((byte & 0x7F) << 7 * place for place, byte in enumerate(start)) == START
    segments, decimals, count, step = b"\x01", b"\x02", b"\x03", b"\xac\x02"
    runs = b"\x02" + b"\x02\x01" + b"\x01\x00"
    column = b"\x00\x01" + bytes([zigzag(-2)])
    qualities, offsets = b"\x00", b"\x00"
    assert blob[5:] == segments + decimals + count + start + step + runs + column + qualities + offsets


@given(given=readings(), where=st.integers(0, 10_000), bit=st.integers(0, 7))
def test_any_flipped_bit_is_noticed(given: Scaled, where: int, bit: int) -> None:
    bad = bytearray(encode_chunk(given))
    bad[where % len(bad)] ^= 1 << bit

    with pytest.raises(ArchiveDamagedError):
        decode_chunk(bytes(bad), {})


@pytest.mark.parametrize("length", range(0, 40, 3))
def test_a_cut_off_chunk_is_damaged(length: int) -> None:
    blob = encode_chunk(scaled_of(START + 300 * np.arange(50), np.arange(50) ** 2, decimals=0))

    with pytest.raises(ArchiveDamagedError):
        decode_chunk(blob[:length], {})
