"""The serial link against a device that breaks every rule: right values or errors, never another request's answer."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import pytest

from wattledger.catalog import load_catalog
from wattledger.fieldbus import (
    AnswerTimeoutError,
    ConnectionLostError,
    FieldbusError,
    Outcome,
    Parity,
    RefusedError,
    RtuLink,
    SerialSettings,
    UnfitAnswerError,
    UnreachableError,
    identify,
)
from wattledger.fieldbus.modbus.pdu import ReadIdentification, ReadRegisters, WriteRegister, WriteRegisters

GUARD_S = 10.0
ENDLESS_S = 60.0  # far above GUARD_S: what fails with it fails at once
SHORT_S = 0.04


def register(address: int) -> int:
    return address * 7919 % 0x10000


def read(address: int = 100, count: int = 2) -> ReadRegisters:
    return ReadRegisters(3, address, count)


def right(request: ReadRegisters) -> tuple[int, ...]:
    return tuple(register(request.address + n) for n in range(request.count))


@asynccontextmanager
async def linked(
    line: Any, *, timeout_s: float = GUARD_S, baudrate: int = 115200, echo: bool = False, **settings: Any
) -> AsyncIterator[RtuLink]:
    """A link that trusts each unit to be one device: its timeouts are too long here for listening to each."""
    serial = SerialSettings(line.port, baudrate, Parity.EVEN, echo=echo)
    link = RtuLink(serial, timeout_s=timeout_s, listens_s=0, **settings)
    try:
        async with asyncio.timeout(GUARD_S):
            yield link
    finally:
        await link.close()


async def test_units_share_the_line(scripted_line: Any) -> None:
    line = scripted_line()
    async with linked(line) as link:
        replies = [await link.request(unit, read(unit)) for unit in (1, 2, 247)]

    assert [reply.answer for reply in replies] == [right(read(unit)) for unit in (1, 2, 247)]
    assert [asked.unit for asked in line.asked] == [1, 2, 247]
    assert link.statistics.of_link().connections == 1


async def test_requests_take_turns_in_the_order_of_asking(scripted_line: Any) -> None:
    line = scripted_line()
    async with linked(line) as link:
        replies = await asyncio.gather(*(link.request(1, read(address)) for address in range(20)))

    assert [reply.answer for reply in replies] == [right(read(address)) for address in range(20)]
    assert [asked.address for asked in line.asked] == list(range(20))


async def test_a_silent_unit_delays_the_others_by_one_try(scripted_line: Any) -> None:
    line = scripted_line(lambda asked: [] if asked.unit == 9 else [asked.answer()])
    async with linked(line, timeout_s=SHORT_S, retries=2) as link:
        silent = asyncio.ensure_future(link.request(9, read()))
        replies = await asyncio.gather(*(link.request(1, read(address)) for address in range(3)))
        with pytest.raises(AnswerTimeoutError):
            await silent

    assert [reply.answer for reply in replies] == [right(read(address)) for address in range(3)]
    assert [asked.unit for asked in line.asked] == [9, 1, 1, 1, 9, 9]


async def test_a_text_is_read(scripted_line: Any) -> None:
    line = scripted_line(lambda asked: [asked.frame(bytes.fromhex("2B0E04810000010005") + b"Hager")])
    async with linked(line) as link:
        assert (await link.request(1, ReadIdentification(0))).answer == b"Hager"


async def test_a_device_is_identified_over_a_serial_line_as_over_any_link(scripted_line: Any) -> None:
    texts = {0: b"Hager", 1: b"ECR380D", 2: b"1.0.0"}

    def tell(asked: Any) -> Sequence[Any]:
        text = texts.get(asked.raw[4])
        if asked.raw[1] != 0x2B or text is None:
            return [asked.refusal(2)]
        return [asked.frame(bytes((0x2B, 0x0E, 4, 0x81, 0, 0, 1, asked.raw[4], len(text))) + text)]

    profile = load_catalog().profile("hager-ecr")
    async with linked(scripted_line(tell)) as link:
        identification = await identify(link, 1, profile, profile.product("ECR380D"))

    assert identification.outcome is Outcome.MATCH
    assert identification.found["product"] == "ECR380D"


@pytest.mark.parametrize("baudrate", [9600, 19200])
async def test_the_wires_own_time_does_not_count_as_silence(scripted_line: Any, baudrate: int) -> None:
    request = read(0, 40)
    async with linked(scripted_line(), timeout_s=SHORT_S, baudrate=baudrate) as link:
        assert (await link.request(1, request)).answer == right(request)

    assert 85 * 11 / baudrate > SHORT_S  # the answer alone takes longer than the timeout


async def test_an_answer_may_have_pauses(scripted_line: Any) -> None:
    def dribble(asked: Any) -> Sequence[Any]:
        answer = asked.answer()
        return [answer[:1], 0.05, answer[1:4], 0.05, answer[4:]]

    async with linked(scripted_line(dribble), timeout_s=1.0) as link:
        assert (await link.request(1, read())).answer == right(read())


async def test_a_refusal_has_its_code_and_is_not_repeated(scripted_line: Any) -> None:
    line = scripted_line(lambda asked: [asked.refusal(2)])
    async with linked(line, retries=3) as link:
        with pytest.raises(RefusedError, match=r"exception 2 \(illegal data address\)") as refused:
            await link.request(1, read())

    assert refused.value.code == 2
    assert len(line.asked) == 1
    assert link.statistics.of_unit(1).exceptions == {2: 1}


@pytest.mark.parametrize(
    ("script", "reason"),
    [
        (lambda asked: [asked.answer(function=4)], "function 4 instead of 3"),
        (lambda asked: [asked.answer([1])], "byte count 2 instead of 4"),
        (lambda asked: [asked.answer([1, 2, 3])], "byte count 6 instead of 4"),
        (lambda asked: [asked.answer()[:-1] + b"\x00\x00"], "no frame with a right CRC"),
        (lambda asked: [b"\x00\x00\x00" + asked.answer()], "no frame with a right CRC"),
        (lambda asked: [asked.raw + asked.answer()], "switch its echo setting on"),
        (lambda asked: [bytes(a & b for a, b in zip(asked.answer(), asked.answer([7, 9]), strict=True))], "right CRC"),
    ],
)
async def test_an_unfit_answer_fails_at_once_and_is_counted(scripted_line: Any, script: Any, reason: str) -> None:
    async with linked(scripted_line(script), timeout_s=ENDLESS_S) as link:
        with pytest.raises(UnfitAnswerError, match=reason):
            await link.request(1, read())

    assert link.statistics.of_unit(1).rejected == 1
    assert link.statistics.of_unit(1).answers == 0


@pytest.mark.parametrize(
    ("script", "reason"),
    [
        (lambda asked: [asked.answer(unit=9)], "unit 9 answered instead of 1"),
        (lambda asked: [asked.answer()[:-1]], "no frame with a right CRC"),
    ],
)
async def test_what_may_still_become_an_answer_is_judged_at_the_timeout(
    scripted_line: Any, script: Any, reason: str
) -> None:
    async with linked(scripted_line(script), timeout_s=SHORT_S) as link:
        with pytest.raises(UnfitAnswerError, match=reason):
            await link.request(1, read())

    assert link.statistics.of_link().rejected == 1
    assert link.statistics.of_link().timeouts == 0


@pytest.mark.parametrize("noise", [b"\x00", b"\xff\x01"])
async def test_a_little_noise_around_the_answers_loses_none(scripted_line: Any, noise: bytes) -> None:
    async with linked(scripted_line(lambda asked: [noise, asked.answer(), noise])) as link:
        replies = [await link.request(1, read(address)) for address in range(3)]

    assert [reply.answer for reply in replies] == [right(read(address)) for address in range(3)]


async def test_a_line_with_an_echo_is_read_when_it_is_set_so(scripted_line: Any) -> None:
    async with linked(scripted_line(lambda asked: [asked.raw, 0.005, asked.answer()]), echo=True) as link:
        replies = [await link.request(1, read(address)) for address in range(3)]

    assert [reply.answer for reply in replies] == [right(read(address)) for address in range(3)]


async def test_silence_is_a_timeout_and_is_retried(scripted_line: Any) -> None:
    line = scripted_line(lambda asked: [])
    async with linked(line, timeout_s=SHORT_S, retries=2) as link:
        with pytest.raises(AnswerTimeoutError, match=r"unit 1: read 0x0064\+2 .* no answer within 0.04 s"):
            await link.request(1, read())

    assert len(line.asked) == 3
    counts = link.statistics.of_unit(1)
    assert (counts.requests, counts.timeouts, counts.retries, counts.answers) == (3, 3, 2, 0)


async def test_a_device_that_answers_every_third_time_is_read(scripted_line: Any) -> None:
    line = scripted_line(lambda asked: [asked.answer()] if asked.number % 3 == 2 else [])
    async with linked(line, timeout_s=SHORT_S, retries=2) as link:
        assert (await link.request(1, read())).answer == right(read())


async def test_a_late_answer_is_not_taken_for_the_next_request(scripted_line: Any) -> None:
    line = scripted_line(lambda asked: [2.5 * SHORT_S, asked.answer()] if asked.number == 0 else [asked.answer()])
    async with linked(line, timeout_s=SHORT_S) as link:
        with pytest.raises(AnswerTimeoutError):
            await link.request(1, read(100))
        outcomes = [await outcome(link, 1, read(address)) for address in (200, 300, 400, 500)]

    assert all(got in (None, right(read(address))) for got, address in zip(outcomes, (200, 300, 400, 500), strict=True))
    assert outcomes[-1] is not None
    assert link.statistics.of_link().rejected >= 1


async def test_the_late_answer_of_one_unit_is_not_taken_for_anothers(scripted_line: Any) -> None:
    line = scripted_line(lambda asked: [1.5 * SHORT_S, asked.answer()] if asked.unit == 5 else [asked.answer()])
    async with linked(line, timeout_s=SHORT_S) as link:
        assert await outcome(link, 5, read(100)) is None
        assert await outcome(link, 6, read(200), timeout_s=1.0) == right(read(200))

    assert link.statistics.of_link().rejected == 1


async def test_after_a_timeout_another_shape_is_asked_before_the_same(scripted_line: Any) -> None:
    line = scripted_line(lambda asked: [asked.answer()] if asked.number else [])
    async with linked(line, timeout_s=SHORT_S) as link:
        assert await outcome(link, 1, read(100, 10)) is None
        assert await outcome(link, 1, read(100, 10), timeout_s=1.0) == right(read(100, 10))

    assert [(asked.address, asked.count) for asked in line.asked] == [(100, 10), (100, 2), (100, 10)]


async def test_a_flood_of_late_answers_never_shifts_the_values(scripted_line: Any) -> None:
    delays = [0.0, 1.4, 0.0, 0.2, 2.8, 0.0, 1.1, 0.1, 0.0]
    line = scripted_line(lambda asked: [delays[asked.number % len(delays)] * SHORT_S, asked.answer()])
    async with linked(line, timeout_s=SHORT_S, retries=1) as link:
        asked = [(1 + number % 2, read(16 * (number % 7), (2, 2, 10)[number % 3])) for number in range(24)]
        outcomes = [await outcome(link, unit, request) for unit, request in asked]

    assert all(got in (None, right(request)) for got, (_, request) in zip(outcomes, asked, strict=True))
    assert sum(got is not None for got in outcomes) > 12


async def test_a_stalled_loop_invents_no_timeout(scripted_line: Any) -> None:
    line = scripted_line()
    async with linked(line, timeout_s=SHORT_S) as link:
        for address in range(3):
            request = asyncio.ensure_future(link.request(1, read(address)))
            await asyncio.to_thread(line.until_asked, address + 1)
            threading.Event().wait(3 * SHORT_S)  # the whole loop stands still
            assert (await request).answer == right(read(address))


async def test_a_cancelled_request_leaves_nothing_behind(scripted_line: Any) -> None:
    line = scripted_line(lambda asked: [SHORT_S, asked.answer()] if asked.number == 0 else [asked.answer()])
    async with linked(line) as link:
        request = asyncio.ensure_future(link.request(1, read(100)))
        await asyncio.to_thread(line.until_asked)
        request.cancel()
        with pytest.raises(asyncio.CancelledError):
            await request

        assert (await link.request(1, read(200))).answer == right(read(200))


async def test_an_unplugged_adapter_is_a_lost_connection_and_is_opened_again(scripted_line: Any) -> None:
    line = scripted_line(lambda asked: ["unplug"] if asked.number == 1 else [asked.answer()])
    async with linked(line, timeout_s=ENDLESS_S) as link:
        assert (await link.request(1, read(1))).answer == right(read(1))
        with pytest.raises(ConnectionLostError, match="connection lost"):
            await link.request(1, read(2))
        with pytest.raises(UnreachableError, match="No such file"):
            await link.request(1, read(3))
        with pytest.raises(UnreachableError, match="next try in"):
            await link.request(1, read(3))
        line.plug()
        link.retry_now()
        assert (await link.request(1, read(4, 3))).answer == right(read(4, 3))

    counts = link.statistics.of_link()
    assert (counts.connections, counts.connections_lost, counts.timeouts) == (2, 1, 0)


async def test_a_line_that_is_never_silent_is_named(scripted_line: Any) -> None:
    line = scripted_line(lambda asked: [b"\x55", 0.01] * 120)
    async with linked(line, timeout_s=SHORT_S) as link:
        with pytest.raises(UnfitAnswerError, match="no frame with a right CRC"):
            await link.request(1, read())
        with pytest.raises(UnfitAnswerError, match="never silent"):
            await link.request(1, read(100, 3))

    assert len(line.asked) == 1


async def test_a_broadcast_waits_until_the_units_had_time_for_it(scripted_line: Any) -> None:
    line = scripted_line(lambda asked: [asked.answer()] if asked.unit else [])
    async with linked(line) as link:
        started = time.monotonic()
        await link.broadcast(bytes.fromhex("06 0010 1234"))
        assert time.monotonic() - started >= 0.1
        assert (await link.request(1, read())).answer == right(read())

    assert line.asked[0].raw[:6] == bytes.fromhex("00 06 0010 1234")


@pytest.mark.parametrize("write", [WriteRegister(100, 1), WriteRegisters(100, (1, 2))])
@pytest.mark.parametrize(("loss", "error"), [([], AnswerTimeoutError), ([b"\x01\x07\x00\x00"], UnfitAnswerError)])
async def test_a_write_whose_answer_is_lost_is_sent_once(scripted_line: Any, write: Any, loss: Any, error: Any) -> None:
    line = scripted_line(lambda asked: [asked.answer()] if asked.raw[1] == 3 else loss)
    async with linked(line, retries=5) as link:
        with pytest.raises(error):
            await link.request(1, write, timeout_s=SHORT_S)
        reply = await link.request(1, read())

    assert reply.answer == right(read())
    assert [asked.raw[1] for asked in line.asked] == [write.function, 3]
    assert link.statistics.of_unit(1).retries == 0


async def test_the_late_answer_of_a_lost_write_is_taken_for_no_later_requests(scripted_line: Any) -> None:
    first, second = WriteRegisters(100, (1, 2)), WriteRegisters(100, (3, 4))
    echo = bytes.fromhex("10 0064 0002")

    def late(asked: Any) -> Sequence[Any]:
        if asked.raw[1] == 3:
            # what was owed comes in the middle of the exchange after it
            return [asked.frame(echo), 0.01, asked.answer()] if asked.number == 1 else [asked.answer()]
        return [] if asked.number == 0 else [asked.refusal(4)]

    line = scripted_line(late)
    async with linked(line) as link:
        with pytest.raises(AnswerTimeoutError):
            await link.request(1, first, timeout_s=SHORT_S)
        reply = await link.request(1, read())
        with pytest.raises(RefusedError):
            await link.request(1, second)

    assert reply.answer == right(read())
    assert [asked.raw[1] for asked in line.asked] == [16, 3, 16]


async def test_only_writes_are_broadcast(scripted_line: Any) -> None:
    async with linked(scripted_line()) as link:
        with pytest.raises(ValueError, match="only writes"):
            await link.broadcast(read().encode())


async def test_a_closed_link_stays_closed(scripted_line: Any) -> None:
    line = scripted_line(lambda asked: [])
    async with linked(line, timeout_s=ENDLESS_S) as link:
        request = asyncio.ensure_future(link.request(1, read()))
        await asyncio.to_thread(line.until_asked)
        await link.close()

        with pytest.raises(ConnectionLostError):
            await request
        with pytest.raises(UnreachableError, match="closed"):
            await link.request(1, read())


async def outcome(
    link: RtuLink, unit_id: int, request: ReadRegisters, *, timeout_s: float | None = None
) -> tuple[int, ...] | None:
    try:
        return (await link.request(unit_id, request, timeout_s=timeout_s)).answer
    except FieldbusError:
        return None
