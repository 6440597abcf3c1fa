"""The bytes of a frame."""

import zlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wattledger.archive.embedded.codec import decode_frames, encode_frame
from wattledger.measure import Quality

VALUES = st.none() | st.integers(-(2**63 - 1), 2**63 - 1) | st.integers(-300, 300)
CELLS = st.lists(st.tuples(VALUES, st.sampled_from(Quality)), min_size=1, max_size=64)


def decoded(blobs: list[bytes], *, width: int) -> list[list[tuple[int | None, int | None]]]:
    block = decode_frames(blobs, width=width)
    return [
        [
            (int(block.values[row, column]), int(block.qualities[row, column])) if present else (None, None)
            for column, present in enumerate(block.present[row])
        ]
        for row in range(len(blobs))
    ]


@given(cells=CELLS)
def test_a_frame_comes_back_as_it_was(cells: list[tuple[int | None, Quality]]) -> None:
    values, qualities = [value for value, _ in cells], [quality for _, quality in cells]

    result = decoded([encode_frame(values, qualities)], width=len(cells))

    assert result == [[(value, None if value is None else int(quality)) for value, quality in cells]]


@given(data=st.data(), width=st.integers(1, 64))
def test_many_frames_decode_as_each_alone(data: st.DataObject, width: int) -> None:
    frames = data.draw(st.lists(st.lists(VALUES, min_size=width, max_size=width), max_size=6))
    blobs = [encode_frame(frame, None) for frame in [*frames, *frames[:2]]]

    assert decoded(blobs, width=width) == [row for blob in blobs for row in decoded([blob], width=width)]


def test_the_bytes_on_the_card_are_those_of_format_1() -> None:
    blob = encode_frame([1, None, -1, 256], [Quality.GOOD, Quality.GOOD, Quality.LATE, Quality.GOOD])

    assert blob[0] == 1
    assert int.from_bytes(blob[1:5], "little") == zlib.crc32(blob[5:])
    presence, low, second, rest, qualities = b"\x0d", b"\x02\x01\x00", b"\x00\x00\x02", bytes(18), b"\x00\x02\x00"
    assert zlib.decompress(blob[5:], -15) == presence + low + second + rest + qualities


def test_good_qualities_take_no_bytes() -> None:
    assert encode_frame([1, 2], [Quality.GOOD, Quality.GOOD]) == encode_frame([1, 2], None)


@given(where=st.integers(0, 10_000), bit=st.integers(0, 7))
def test_any_flipped_bit_is_noticed_and_hides_no_neighbour(where: int, bit: int) -> None:
    good = encode_frame([230, -5, None], None)
    bad = bytearray(good)
    bad[where % len(bad)] ^= 1 << bit

    block = decode_frames([good, bytes(bad), good], width=3)

    assert block.damaged == (1,)
    assert block.present.tolist() == [[True, True, False], [False] * 3, [True, True, False]]


@pytest.mark.parametrize("length", range(8))
def test_a_cut_off_blob_is_damaged(length: int) -> None:
    assert decode_frames([encode_frame([1, 2, 3], None)[:length]], width=3).damaged == (0,)


@pytest.mark.parametrize("width", [1, 2, 9, 64])
def test_a_frame_of_another_width_is_damaged(width: int) -> None:
    assert decode_frames([encode_frame([1, 2, 3], None)], width=width).damaged == (0,)


def test_no_frames_are_no_rows() -> None:
    block = decode_frames([], width=3)

    assert block.values.shape == (0, 3)
    assert block.values.dtype == np.int64
