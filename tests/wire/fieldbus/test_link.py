"""The TCP link against a peer that breaks every rule: right values or errors, never another request's answer."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import pytest
import uvloop

from wattledger.fieldbus import (
    AnswerTimeoutError,
    ConnectionLostError,
    FieldbusError,
    RefusedError,
    TcpLink,
    UnfitAnswerError,
    UnreachableError,
)
from wattledger.fieldbus.modbus.link import SILENCES_TO_RENEW
from wattledger.fieldbus.modbus.pdu import ReadRegisters, WriteRegister, WriteRegisters

GUARD_S = 10.0  # far below the timeout of requests that must fail at once
ENDLESS_S = 60.0
SHORT_S = 0.05
CLOSE = "close"


def register(address: int) -> int:
    return address * 7919 % 0x10000


def read(address: int = 100, count: int = 2) -> ReadRegisters:
    return ReadRegisters(3, address, count)


def right(request: ReadRegisters) -> tuple[int, ...]:
    return tuple(register(request.address + n) for n in range(request.count))


@asynccontextmanager
async def linked(peer: Any, *, timeout_s: float = GUARD_S, **settings: Any) -> AsyncIterator[TcpLink]:
    link = TcpLink(peer.host, peer.port, timeout_s=timeout_s, **settings)
    try:
        async with asyncio.timeout(GUARD_S):
            yield link
    finally:
        await link.close()


@dataclass
class Clock:
    now_s: float = 1000.0

    def __call__(self) -> float:
        return self.now_s


async def test_units_share_one_connection(scripted: Any) -> None:
    peer = scripted()
    async with linked(peer) as link:
        replies = [await link.request(unit, read(unit)) for unit in (1, 2, 247)]

    assert [reply.answer for reply in replies] == [right(read(unit)) for unit in (1, 2, 247)]
    assert [asked.unit for asked in peer.asked] == [1, 2, 247]
    assert peer.connections == 1


async def test_one_request_runs_at_a_time_in_the_order_of_asking(scripted: Any) -> None:
    peer = scripted(lambda asked: [0.002, asked.answer()])
    async with linked(peer) as link:
        replies = await asyncio.gather(*(link.request(1, read(address)) for address in range(20)))

    assert [reply.answer for reply in replies] == [right(read(address)) for address in range(20)]
    assert [asked.address for asked in peer.asked] == list(range(20))


async def test_an_answer_may_come_byte_by_byte(scripted: Any) -> None:
    def dribble(asked: Any) -> Sequence[Any]:
        return [step for byte in asked.answer() for step in (bytes((byte,)), 0.001)]

    async with linked(scripted(dribble)) as link:
        assert (await link.request(1, read())).answer == right(read())


async def test_a_refusal_has_its_code_and_is_not_repeated(scripted: Any) -> None:
    peer = scripted(lambda asked: [asked.refusal(2)])
    async with linked(peer, retries=3) as link:
        with pytest.raises(RefusedError, match=r"exception 2 \(illegal data address\)") as refused:
            await link.request(1, read())

    assert refused.value.code == 2
    assert len(peer.asked) == 1
    assert link.statistics.of_unit(1).exceptions == {2: 1}


@pytest.mark.parametrize(
    ("script", "reason"),
    [
        (lambda asked: [asked.answer(unit=9)], "unit 9 answered instead of 1"),
        (lambda asked: [asked.answer(function=4)], "function 4 instead of 3"),
        (lambda asked: [asked.answer(byte_count=2)], "byte count 2 instead of 4"),
        (lambda asked: [asked.answer([1])], "byte count 2 instead of 4"),
        (lambda asked: [asked.answer([1, 2, 3])], "byte count 6 instead of 4"),
        (lambda asked: [asked.frame(b"\x03\x04\x00\x01")], "4 bytes instead of 6"),
        (lambda asked: [b"SSH-2.0-OpenSSH_9.2\r\n"], "the stream is out of step"),
        (lambda asked: [asked.answer() + b"\0\0\0"], "the stream is out of step"),
    ],
)
async def test_an_unfit_answer_fails_at_once_and_is_counted(scripted: Any, script: Any, reason: str) -> None:
    async with linked(scripted(script), timeout_s=ENDLESS_S) as link:
        with pytest.raises(UnfitAnswerError, match=reason):
            await link.request(1, read())

    assert link.statistics.of_unit(1).rejected == 1


@pytest.mark.parametrize(
    "script",
    [
        lambda asked: [asked.answer(transaction=asked.transaction - 1) + asked.answer()],
        lambda asked: [asked.answer([7, 7], transaction=9999), 0.01, asked.answer()],
        lambda asked: [asked.answer() + asked.answer([7, 7])],
    ],
    ids=["late one glued before", "strange one before", "second one glued behind"],
)
async def test_an_answer_to_another_transaction_is_skipped(scripted: Any, script: Any) -> None:
    async with linked(scripted(script)) as link:
        assert (await link.request(1, read())).answer == right(read())
        assert (await link.request(1, read(50))).answer == right(read(50))

    assert link.statistics.of_link().rejected >= 1


async def test_a_late_answer_never_becomes_the_next_requests_value(scripted: Any) -> None:
    def late_at_first(asked: Any) -> Sequence[Any]:
        return [3 * SHORT_S, asked.answer()] if asked.number == 0 else [asked.answer()]

    async with linked(scripted(late_at_first), timeout_s=SHORT_S) as link:
        with pytest.raises(AnswerTimeoutError, match=r"no answer within 0\.05 s"):
            await link.request(1, read(10))
        replies = [await link.request(1, read(address), timeout_s=GUARD_S) for address in (50, 70, 90)]

    assert [reply.answer for reply in replies] == [right(read(address)) for address in (50, 70, 90)]
    assert link.statistics.of_unit(1).timeouts == 1
    assert link.statistics.of_link().rejected == 1
    assert link.statistics.of_unit(1).rejected == 0  # late is not unfit


async def test_a_storm_of_faults_yields_right_values_or_errors(scripted: Any) -> None:
    dice = random.Random(20260301)

    def any_fault(asked: Any) -> Sequence[Any]:
        return dice.choice(
            [
                [asked.answer()],
                [asked.answer()],
                [dice.uniform(0, 3 * 0.01), asked.answer()],
                [asked.answer(transaction=asked.transaction - 1), asked.answer()],
                [asked.answer()[: dice.randint(1, 12)]],
                [asked.answer([0] * asked.count, unit=9)],
                [asked.answer([0] * asked.count, function=4)],
                [asked.answer([0] * (asked.count + 1))],
                [asked.answer(), asked.answer()],
                [dice.randbytes(20)],
                [asked.refusal(4)],
                [],
                [CLOSE],
            ]
        )

    outcomes: list[bool] = []
    async with linked(scripted(any_fault), timeout_s=0.01) as link:
        for number in range(150):
            request = read(dice.randrange(1000), 1 + number % 3)
            link.retry_now()
            try:
                outcomes.append((await link.request(1, request)).answer == right(request))
            except FieldbusError:
                continue

    assert all(outcomes)
    assert len(outcomes) > 20


async def test_a_close_during_a_request_is_reported_at_once(scripted: Any) -> None:
    async with linked(scripted(lambda asked: [CLOSE]), timeout_s=ENDLESS_S) as link:
        with pytest.raises(ConnectionLostError, match="the peer closed the connection"):
            await link.request(1, read())

    assert link.statistics.of_link().connections_lost == 1
    assert link.statistics.of_link().timeouts == 0


async def test_a_connection_that_worked_is_made_again_at_once(scripted: Any) -> None:
    def every_second(asked: Any) -> Sequence[Any]:
        return [CLOSE] if asked.number == 1 else [asked.answer()]

    peer = scripted(every_second)
    async with linked(peer, timeout_s=ENDLESS_S, retries=1) as link:
        replies = [await link.request(1, read(address)) for address in (1, 2)]

    assert [reply.answer for reply in replies] == [right(read(1)), right(read(2))]
    assert peer.connections == 2
    assert link.statistics.of_link().connections == 2
    assert link.statistics.of_unit(1).retries == 1


async def test_a_port_that_only_hangs_up_is_not_stormed(scripted: Any) -> None:
    clock = Clock()
    peer = scripted(lambda asked: [CLOSE])
    async with linked(peer, clock=clock) as link:
        with pytest.raises(ConnectionLostError):
            await link.request(1, read())
        with pytest.raises(UnreachableError, match=r"next try in 0\.5 s"):
            await link.request(1, read())
        clock.now_s += 0.6
        with pytest.raises(ConnectionLostError):
            await link.request(1, read())
        with pytest.raises(UnreachableError, match=r"next try in 1\.0 s"):
            await link.request(1, read())

    assert peer.connections == 2


async def test_a_host_that_does_not_listen_is_tried_again_after_a_pause(scripted: Any) -> None:
    clock = Clock()
    gone = scripted()
    gone.stop()
    async with linked(gone, clock=clock) as link:
        with pytest.raises(UnreachableError, match=r"Connect call failed|refused"):
            await link.request(1, read())
        with pytest.raises(UnreachableError, match="next try in"):
            await link.request(1, read())
        link.retry_now()
        with pytest.raises(UnreachableError, match=r"Connect call failed|refused"):
            await link.request(1, read())

    assert link.statistics.of_link().requests == 0
    assert not link.is_connected


@pytest.mark.parametrize("host", ["no-such-host.invalid", "a" * 64 + ".invalid", ""])
async def test_a_host_name_that_leads_nowhere_is_unreachable(host: str) -> None:
    link = TcpLink(host, 1, timeout_s=1)

    with pytest.raises(UnreachableError):
        await link.request(1, read())
    await link.close()


async def test_a_meter_that_answers_every_third_time_is_read_with_two_retries(scripted: Any) -> None:
    peer = scripted(lambda asked: [asked.answer()] if asked.number % 3 == 2 else [])
    async with linked(peer, timeout_s=SHORT_S, retries=2) as link:
        replies = [await link.request(1, read(address)) for address in (5, 6)]

    statistics = link.statistics.of_unit(1)
    assert [reply.answer for reply in replies] == [right(read(5)), right(read(6))]
    assert (statistics.requests, statistics.answers, statistics.timeouts, statistics.retries) == (6, 2, 4, 4)


@pytest.mark.parametrize("write", [WriteRegister(100, 1), WriteRegisters(100, (1, 2))])
@pytest.mark.parametrize(
    ("loss", "error"),
    [([], AnswerTimeoutError), ([CLOSE], ConnectionLostError), (["unfit"], UnfitAnswerError)],
    ids=["silence", "hang up", "unfit"],
)
async def test_a_write_whose_answer_is_lost_is_sent_once(scripted: Any, write: Any, loss: Any, error: Any) -> None:
    def lose(asked: Any) -> Sequence[Any]:
        if asked.function == 3:
            return [asked.answer()]
        return [asked.frame(b"\x07") if step == "unfit" else step for step in loss]

    peer = scripted(lose)
    async with linked(peer, retries=5) as link:
        await link.request(1, read())
        with pytest.raises(error):
            await link.request(1, write, timeout_s=SHORT_S)
        reply = await link.request(1, read())

    assert reply.answer == right(read())
    assert [asked.function for asked in peer.asked] == [3, write.function, 3]
    assert link.statistics.of_unit(1).retries == 0


async def test_a_write_is_done_when_the_device_repeats_it(scripted: Any) -> None:
    peer = scripted(lambda asked: [asked.frame(bytes.fromhex("06 0064 0001"))])
    async with linked(peer) as link:
        reply = await link.request(1, WriteRegister(100, 1))
        with pytest.raises(UnfitAnswerError):
            await link.request(1, WriteRegister(100, 2))

    assert reply.answer is None
    assert (peer.asked[0].address, peer.asked[0].count) == (100, 1)


async def test_after_some_silences_the_connection_is_renewed(scripted: Any) -> None:
    peer = scripted(lambda asked: [] if asked.number < SILENCES_TO_RENEW else [asked.answer()])
    async with linked(peer, timeout_s=SHORT_S) as link:
        for _ in range(SILENCES_TO_RENEW):
            with pytest.raises(AnswerTimeoutError):
                await link.request(1, read())
        reply = await link.request(1, read(), timeout_s=GUARD_S)

    assert reply.answer == right(read())
    assert peer.connections == 2
    assert link.statistics.of_link().connections_lost == 0


async def test_an_answer_that_stops_in_its_middle_costs_only_its_own_request(scripted: Any) -> None:
    def half_at_first(asked: Any) -> Sequence[Any]:
        return [asked.answer()[:8] if asked.number == 1 else asked.answer()]

    peer = scripted(half_at_first)
    async with linked(peer, timeout_s=GUARD_S) as link:
        await link.request(1, read())
        with pytest.raises(AnswerTimeoutError):
            await link.request(1, read(), timeout_s=SHORT_S)
        reply = await link.request(1, read(70))

    assert reply.answer == right(read(70))
    assert peer.connections == 2


@pytest.mark.parametrize("is_connected", [False, True])
async def test_a_request_cancelled_anywhere_leaves_nothing_to_the_next(scripted: Any, is_connected: bool) -> None:
    for turns in range(25):
        async with linked(scripted()) as link:
            if is_connected:
                await link.request(1, read(1))
            cancelled = asyncio.create_task(link.request(1, read(10)))
            for _ in range(turns):
                await asyncio.sleep(0)

            cancelled.cancel()

            assert (await link.request(1, read(20))).answer == right(read(20))
            await asyncio.gather(cancelled, return_exceptions=True)


async def test_closing_ends_the_request_under_way_and_those_that_wait(scripted: Any) -> None:
    peer = scripted(lambda asked: [])
    async with linked(peer, timeout_s=ENDLESS_S) as link:
        requests = [asyncio.create_task(link.request(1, read())) for _ in range(3)]
        await asyncio.to_thread(peer.until_asked)

        await link.close()
        errors = await asyncio.gather(*requests, return_exceptions=True)

    assert [type(error) for error in errors] == [ConnectionLostError, UnreachableError, UnreachableError]


class Stalling(asyncio.Protocol):
    """Another connection of the same loop, whose data keep the loop busy for twice the timeout of our request."""

    def data_received(self, data: bytes) -> None:
        time.sleep(0.5)


@pytest.mark.parametrize("new_loop", [asyncio.new_event_loop, uvloop.new_event_loop], ids=["asyncio", "uvloop"])
def test_a_stalled_event_loop_invents_no_timeouts(scripted: Any, new_loop: Any) -> None:
    peer = scripted(lambda asked: [0.1, asked.answer()])
    disturber = scripted(lambda asked: [0.05, asked.answer()])

    async def read_while_stalled() -> Sequence[Sequence[int]]:
        answers = []
        disturbance, _ = await asyncio.get_running_loop().create_connection(Stalling, disturber.host, disturber.port)
        try:
            async with linked(peer, timeout_s=0.25) as link:
                for address in (1, 2):
                    disturbance.write(bytes.fromhex("0001 0000 0006 01 03 0000 0001"))
                    answers.append((await link.request(1, read(address))).answer)
        finally:
            disturbance.abort()
            await asyncio.sleep(0)
        return answers

    assert run(read_while_stalled(), new_loop) == [right(read(address)) for address in (1, 2)]


@pytest.mark.parametrize("new_loop", [asyncio.new_event_loop, uvloop.new_event_loop], ids=["asyncio", "uvloop"])
def test_real_silence_is_a_timeout_on_either_loop(scripted: Any, new_loop: Any) -> None:
    peer = scripted(lambda asked: [])

    async def ask() -> str:
        async with linked(peer, timeout_s=SHORT_S) as link:
            with pytest.raises(AnswerTimeoutError) as error:
                await link.request(1, read())
            return str(error.value)

    assert "no answer within" in run(ask(), new_loop)


def run(work: Coroutine[Any, Any, Any], new_loop: Callable[[], asyncio.AbstractEventLoop]) -> Any:
    with asyncio.Runner(loop_factory=new_loop) as runner:
        return runner.run(work)
