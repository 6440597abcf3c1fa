"""Frames that wait until the clock is trusted, with the boot and the monotonic time that will date them."""

from __future__ import annotations

from collections.abc import Sequence

from wattledger.archive.embedded.codec import decode_frames, encode_frame
from wattledger.archive.embedded.hot import Writing
from wattledger.archive.embedded.layouts import HELD_STEP_S
from wattledger.archive.interface import MOST_HELD_FRAMES, HeldFrame


def hold(writing: Writing, frames: Sequence[HeldFrame], *, most: int = MOST_HELD_FRAMES) -> int:
    """Keep `frames` and of all at most the newest `most`; gives how many are held."""
    for frame in frames:
        layout = writing.layout(frame.series, frame.decimals, HELD_STEP_S)
        writing.connection.execute(
            "INSERT INTO held (boot, monotonic_s, layout, blob) VALUES (?, ?, ?, ?)",
            (frame.boot, frame.monotonic_s, layout.id, encode_frame(frame.values, None)),
        )
    # ids count up without gaps: rows go from the front or all at once
    writing.connection.execute("DELETE FROM held WHERE id <= (SELECT max(id) FROM held) - ?", (most,))
    return int(writing.connection.execute("SELECT count(*) FROM held").fetchone()[0])


def held(writing: Writing) -> tuple[HeldFrame, ...]:
    """What is held, oldest first, but for frames that are damaged."""
    frames = []
    for boot, monotonic_s, number, blob in writing.connection.execute(
        "SELECT boot, monotonic_s, layout, blob FROM held ORDER BY id"
    ):
        layout = writing.memory.book[number]
        block = decode_frames([blob], width=len(layout.series))
        if not block.damaged:
            cells = zip(block.values[0].tolist(), block.present[0].tolist(), strict=True)
            values = tuple(value if present else None for value, present in cells)
            frames.append(HeldFrame(boot, monotonic_s, layout.series, layout.decimals, values))
    return tuple(frames)


def forget_held(writing: Writing) -> None:
    writing.connection.execute("DELETE FROM held")
