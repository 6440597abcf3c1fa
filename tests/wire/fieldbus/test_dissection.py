"""tshark understands every frame of ours on TCP as we meant it; a minute of them in `make soak`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import dissection
from wattledger.fieldbus import TcpLink


async def test_tshark_sees_on_the_wire_what_was_meant(scripted: Any, tmp_path: Path) -> None:
    peer = scripted(lambda asked: dissection.various(asked, asked.function, asked.object_id))
    capture = tmp_path / "tcp.pcapng"
    link = TcpLink(peer.host, peer.port, timeout_s=10)
    with dissection.capturing(peer.port, capture):
        try:
            said = await dissection.talk(link)
        finally:
            await link.close()

    options = dissection.on_tcp(peer.port)
    assert dissection.faults(capture, *options) == []
    assert dissection.dissected(capture, peer.port, *options) == said
    assert {one.function for one in said} == {3, 4, 6, 16, 0x2B}
    assert {one.content for one in said} >= {(f"exception {code}",) for code in range(1, 12)}
