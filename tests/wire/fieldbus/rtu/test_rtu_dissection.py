"""tshark understands every frame on a serial line as we meant it; a minute of them in `make soak`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import dissection
from wattledger.fieldbus import Parity, RtuLink, SerialSettings

OPTIONS = (
    "-d",
    f"udp.port=={dissection.SERVER_PORT},mbrtu",
    *("-o", "mbrtu.crc_verification:TRUE", "-o", "mbrtu.udp.port:502"),
)


async def test_tshark_sees_on_the_line_what_was_meant(scripted_line: Any, tmp_path: Path) -> None:
    frames: list[tuple[bool, bytes]] = []

    def answer(asked: Any) -> Sequence[bytes]:
        [frame] = dissection.various(asked, asked.raw[1], asked.raw[4])
        frames.extend(((True, asked.raw), (False, frame)))
        return [frame]

    line, capture = scripted_line(answer), tmp_path / "rtu.pcap"
    link = RtuLink(SerialSettings(line.port, 115200, Parity.EVEN), timeout_s=10, listens_s=0)
    try:
        said = await dissection.talk(link)
    finally:
        await link.close()
    dissection.write_capture(capture, frames)

    assert dissection.faults(capture, *dissection.SERIAL) == []
    assert dissection.dissected(capture, dissection.SERVER_PORT, *dissection.SERIAL) == said
    assert {one.function for one in said} == {3, 4, 6, 16, 0x2B}
    assert {one.content for one in said} >= {(f"exception {code}",) for code in range(1, 12)}


def test_tshark_would_tell_of_a_wrong_frame(tmp_path: Path) -> None:
    capture = tmp_path / "wrong.pcap"
    request = bytes.fromhex("11 03 006B 0003 7687")
    for wrong in (request[:-1] + b"\0", request[:5] + request[-2:]):
        dissection.write_capture(capture, [(True, request), (True, wrong)])
        assert len(dissection.faults(capture, *dissection.SERIAL)) == 1
