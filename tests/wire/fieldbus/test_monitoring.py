"""What a link's monitor tells of the traffic on a real connection."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from wattledger.fieldbus import Direction, FieldbusError, Happening, TcpLink
from wattledger.fieldbus.modbus.pdu import ReadRegisters

READ = ReadRegisters(3, 100, 2)
SHORT_S = 0.05
LATE = Happening.LATE


async def traffic(peer: Any, *, requests: int, timeout_s: float = 10.0) -> TcpLink:
    link = TcpLink(peer.host, peer.port, timeout_s=timeout_s)
    for _ in range(requests):
        with suppress(FieldbusError):
            await link.request(1, READ)
    await link.close()
    return link


def told(link: TcpLink) -> list[tuple[Happening, int | None, str]]:
    return [(entry.happening, entry.unit_id, entry.reason) for entry in link.monitor.snapshot()]


async def test_frames_are_those_of_the_wire(scripted: Any) -> None:
    peer = scripted()

    entries = (await traffic(peer, requests=1)).monitor.snapshot()

    sent, received = (next(entry for entry in entries if entry.direction is way) for way in Direction)
    assert sent.hex == "00 01 00 00 00 06 01 03 00 64 00 02"
    assert received.frame == peer.asked[0].answer()


async def test_a_refusal_an_unfit_answer_and_the_end_are_told_apart(scripted: Any) -> None:
    def script(asked: Any) -> Any:
        return [asked.answer(), asked.refusal(2), asked.answer(unit=9), "close"][asked.number :][:1]

    link = await traffic(scripted(script), requests=4)

    assert told(link) == [
        (Happening.CONNECTED, None, ""),
        (Happening.REQUEST, 1, ""),
        (Happening.ACCEPTED, 1, ""),
        (Happening.REQUEST, 1, ""),
        (Happening.EXCEPTION, 1, ""),
        (Happening.REQUEST, 1, ""),
        (Happening.REJECTED, 1, "unit 9 answered instead of 1"),
        (Happening.REQUEST, 1, ""),
        (Happening.LOST, None, "the peer closed the connection"),
    ]


async def test_an_answer_after_its_timeout_is_late(scripted: Any) -> None:
    def script(asked: Any) -> Any:
        return [] if asked.number == 0 else [asked.answer(transaction=asked.transaction - 1), asked.answer()]

    link = await traffic(scripted(script), requests=2, timeout_s=SHORT_S)

    assert told(link)[1:6] == [
        (Happening.REQUEST, 1, ""),
        (Happening.TIMEOUT, 1, "no answer within 0.05 s"),
        (Happening.REQUEST, 1, ""),
        (Happening.LATE, 1, "an answer to transaction 1, which nobody waits for"),
        (Happening.ACCEPTED, 1, ""),
    ]


async def test_bytes_that_are_no_frame_are_shown(scripted: Any) -> None:
    link = await traffic(scripted(lambda asked: [b"SSH-2.0-OpenSSH_9.2\r\n"]), requests=1)

    rejected = next(entry for entry in link.monitor.snapshot() if entry.happening is Happening.REJECTED)
    assert rejected.frame.startswith(b"SSH-2.0")
    assert "out of step" in rejected.reason


async def test_why_no_connection_was_made_is_told(scripted: Any) -> None:
    gone = scripted()
    gone.stop()

    (entry,) = (await traffic(gone, requests=2)).monitor.snapshot()

    assert entry.happening is Happening.LOST
    assert entry.reason
