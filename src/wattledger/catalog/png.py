"""Whether bytes of unknown origin are the small PNG picture that they say they are; pure.

Browsers are shown these bytes, so only what the check understands whole may pass: no text, no profile, no second file
behind the picture's end. Source: Portable Network Graphics (Third Edition), W3C, chapters 5 and 11.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator

MOST_SIDE = 512  # pixels; icons are shown at 64
MOST_BYTES = 128 * 1024

SIGNATURE = b"\x89PNG\r\n\x1a\n"
KNOWN_CHUNKS = frozenset(
    {b"IHDR", b"PLTE", b"tRNS", b"gAMA", b"sRGB", b"cHRM", b"sBIT", b"pHYs", b"bKGD", b"IDAT", b"IEND"}
)
SAMPLES = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}  # per pixel, by colour type
DEPTHS = {0: {1, 2, 4, 8, 16}, 2: {8, 16}, 3: {1, 2, 4, 8}, 4: {8, 16}, 6: {8, 16}}  # bits, by colour type


def check_png(data: bytes) -> None:
    """Raises ValueError that says why `data` is no PNG of at most 512 x 512 pixels without extras."""
    if len(data) > MOST_BYTES:
        raise ValueError(f"larger than {MOST_BYTES // 1024} kB")
    if not data.startswith(SIGNATURE):
        raise ValueError("no PNG file")
    kinds: list[bytes] = []
    pixels = b""
    header = b""
    for kind, body in _chunks(data):
        if kind not in KNOWN_CHUNKS:
            raise ValueError(f"holds a part {kind!r}, which an icon does not need; save it without metadata")
        kinds.append(kind)
        header = body if kind == b"IHDR" else header
        pixels += body if kind == b"IDAT" else b""
    _check_order(kinds)
    _check_pixels(pixels, _bytes_of_pixels(header))


def _chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    place = len(SIGNATURE)
    while place < len(data):
        if place + 12 > len(data):
            raise ValueError("cut off, or something stands behind its end")
        length, kind = struct.unpack_from(">I4s", data, place)
        body = data[place + 8 : place + 8 + length]
        check_sum = data[place + 8 + length : place + 12 + length]
        if len(check_sum) < 4 or zlib.crc32(kind + body) != int.from_bytes(check_sum, "big"):
            raise ValueError("damaged: a check sum is wrong")
        yield kind, body
        place += 12 + length


def _check_order(kinds: list[bytes]) -> None:
    data_at = [place for place, kind in enumerate(kinds) if kind == b"IDAT"]
    if kinds[:1] != [b"IHDR"] or kinds[-1:] != [b"IEND"] or not data_at:
        raise ValueError("its parts are not those of a picture")
    once = [kind for kind in kinds if kind != b"IDAT"]
    if len(set(once)) < len(once) or data_at[-1] - data_at[0] + 1 != len(data_at):
        raise ValueError("a part of it comes twice")


def _bytes_of_pixels(header: bytes) -> int:
    """What the unpacked pixels must take: each row of them behind one byte that names its filter."""
    if len(header) != 13:
        raise ValueError("its header is not that of a picture")
    width, height, depth, colour, compression, filtering, interlaced = struct.unpack(">IIBBBBB", header)
    if not (0 < width <= MOST_SIDE and 0 < height <= MOST_SIDE):
        raise ValueError(f"{width} x {height} pixels; at most {MOST_SIDE} x {MOST_SIDE}")
    if depth not in DEPTHS.get(colour, ()) or compression or filtering:
        raise ValueError("of a kind that PNG does not have")
    if interlaced:
        raise ValueError("interlaced; save it without")
    return int(height * (1 + (width * SAMPLES[colour] * depth + 7) // 8))


def _check_pixels(packed: bytes, wanted: int) -> None:
    unpacker = zlib.decompressobj()
    try:
        rows = unpacker.decompress(packed, wanted + 1)  # never more: a few bytes can unpack to gigabytes
    except zlib.error as error:
        raise ValueError(f"damaged: {error}") from error
    if len(rows) != wanted or not unpacker.eof or unpacker.unused_data:
        raise ValueError("damaged: it holds more or less than its pixels")
