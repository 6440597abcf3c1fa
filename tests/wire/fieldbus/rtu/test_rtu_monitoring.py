"""What the monitor and the counts of a serial line tell of its traffic."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import pytest

from wattledger.fieldbus import Direction, FieldbusError, Happening, Manners, Parity, RtuLink, SerialSettings
from wattledger.fieldbus.modbus.pdu import ReadRegisters

READ = ReadRegisters(3, 100, 2)
SHORT_S = 0.05
NO_FRAME = "bytes that are no frame with a right CRC"


async def traffic(line: Any, *, requests: int, timeout_s: float = 10.0, echo: bool = False, unit: int = 1) -> RtuLink:
    link = RtuLink(SerialSettings(line.port, 115200, Parity.EVEN, echo=echo), timeout_s=timeout_s, listens_s=0)
    for number in range(requests):
        with suppress(FieldbusError):
            await link.request(unit, ReadRegisters(3, 100, 2 + number))
    await link.close()
    return link


def told(link: RtuLink) -> list[tuple[Happening, int | None, str]]:
    return [(entry.happening, entry.unit_id, entry.reason) for entry in link.monitor.snapshot()]


async def test_frames_are_those_of_the_line_with_their_checks(scripted_line: Any) -> None:
    line = scripted_line()

    link = await traffic(line, requests=1)

    entries = link.monitor.snapshot()
    sent, received = (next(entry for entry in entries if entry.direction is way) for way in Direction)
    assert sent.frame == line.asked[0].raw
    assert received.frame == line.asked[0].answer()
    assert told(link) == [
        (Happening.CONNECTED, None, ""),
        (Happening.REQUEST, 1, ""),
        (Happening.ACCEPTED, 1, ""),
        (Happening.LOST, None, "the line was closed"),
    ]


async def test_a_refusal_an_unfit_answer_and_silence_are_told_apart(scripted_line: Any) -> None:
    def script(asked: Any) -> Any:
        return [[asked.refusal(2)], [asked.answer(function=4)], [asked.answer(unit=9)], []][asked.number]

    link = await traffic(scripted_line(script), requests=4, timeout_s=SHORT_S)

    assert [entry for entry in told(link) if entry[0] is not Happening.REQUEST][1:-1] == [
        (Happening.EXCEPTION, 1, ""),
        (Happening.REJECTED, 1, "function 4 instead of 3"),
        (Happening.REJECTED, 9, "unit 9 answered instead of 1"),
        (Happening.TIMEOUT, 1, "unit 9 answered instead of 1"),
        (Happening.TIMEOUT, 1, "no answer within 0.05 s"),
    ]


async def test_a_late_answer_is_shown_as_one(scripted_line: Any) -> None:
    line = scripted_line(lambda asked: [2.5 * SHORT_S, asked.answer()] if asked.number == 0 else [asked.answer()])

    link = await traffic(line, requests=3, timeout_s=SHORT_S)

    late = next(entry for entry in link.monitor.snapshot() if entry.happening is Happening.LATE)
    assert late.frame == line.asked[0].answer()
    assert late.unit_id == 1


@pytest.mark.parametrize(
    ("script", "reason", "crc_errors"),
    [
        (lambda asked: [asked.answer()[:-1] + b"\x55"], f"9 {NO_FRAME}", 1),
        (lambda asked: [asked.answer()[:-1]], f"8 {NO_FRAME}", 1),
        (lambda asked: [b"\0\0\0" + asked.answer()], f"12 {NO_FRAME}", 1),
        (lambda asked: [asked.answer(function=4)], "function 4 instead of 3", 0),
        (lambda asked: [asked.raw + asked.answer()], "the line echoes what is sent; switch its echo setting on", 0),
    ],
)
async def test_bytes_that_are_no_frame_are_shown_and_counted_as_such(
    scripted_line: Any, script: Any, reason: str, crc_errors: int
) -> None:
    link = await traffic(scripted_line(script), requests=1, timeout_s=SHORT_S)

    (rejected,) = [entry for entry in link.monitor.snapshot() if entry.happening is Happening.REJECTED]
    assert (rejected.unit_id, rejected.reason) == (1, reason)
    assert rejected.frame
    counts = link.statistics.of_unit(1)
    assert (counts.rejected, counts.crc_errors) == (1, crc_errors)


async def test_noise_between_two_requests_is_nobodys(scripted_line: Any) -> None:
    line = scripted_line(lambda asked: [asked.answer(), b"\x55\xaa\x55"])

    link = await traffic(line, requests=2)

    rejected = [entry for entry in link.monitor.snapshot() if entry.happening is Happening.REJECTED]
    assert b"".join(entry.frame for entry in rejected).startswith(b"\x55\xaa\x55")
    assert {entry.unit_id for entry in rejected} == {None}
    assert link.statistics.of_link().crc_errors == len(rejected)
    assert link.statistics.of_unit(1).crc_errors == 0


async def test_why_a_port_cannot_be_opened_is_told() -> None:
    link = RtuLink(SerialSettings("/dev/ttyNOWHERE"), timeout_s=1)
    with suppress(FieldbusError):
        await link.request(1, READ)
    await link.close()

    assert told(link) == [(Happening.LOST, None, "No such file or directory")]


async def test_an_adapter_that_is_pulled_out_is_told(scripted_line: Any) -> None:
    link = await traffic(scripted_line(lambda asked: ["unplug"]), requests=1)

    assert told(link)[-1][0] is Happening.LOST
    assert told(link)[-1][2].startswith("connection lost")


async def test_a_broadcast_is_shown_as_a_request_to_all(scripted_line: Any) -> None:
    line = scripted_line(lambda asked: [])
    link = RtuLink(SerialSettings(line.port, 115200), timeout_s=1)
    await link.broadcast(bytes.fromhex("06 0000 0001"))
    await link.close()

    request = link.monitor.snapshot()[1]
    assert (request.happening, request.unit_id, request.frame[:6]) == (
        Happening.REQUEST, 0, bytes.fromhex("00 06 0000 0001"),
    )  # fmt: skip


async def test_the_line_is_busy_while_it_is_used_and_what_it_costs_is_learnt(scripted_line: Any) -> None:
    line = scripted_line(lambda asked: [0.03, asked.answer()])
    link = RtuLink(SerialSettings(line.port, 115200), timeout_s=1)
    before = link.request_cost(1)
    for _ in range(6):
        await link.request(1, READ, manners=Manners(gap_s=0.001))
    learnt, untouched = link.request_cost(1), link.request_cost(2)
    await link.close()

    assert learnt > before == untouched
    assert 6 * 0.03 <= link.statistics.of_unit(1).busy_s <= link.statistics.of_link().busy_s + 1e-9
    assert 0 < link.statistics.load() <= 1
