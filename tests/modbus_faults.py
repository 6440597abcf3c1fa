"""What can go wrong with an answer, in one table for every carrier, and what has to come of it.

A fault is what a scripted peer sends instead of its answer; both kinds of scripted peer (TCP, serial line) give their
requests the same methods `answer`, `refusal` and `frame`, so that most faults are written once. Each costs at most the
request that it strikes: whatever is asked next is answered right.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Any

import pytest

from wattledger.fieldbus import (
    AnswerTimeoutError,
    ConnectionLostError,
    DoubledUnitError,
    FieldbusError,
    LinkError,
    RefusedError,
    TrafficSnapshot,
    UnfitAnswerError,
)
from wattledger.fieldbus.modbus.pdu import ReadRegisters

GUARD_S = 10.0  # within this everything is over; less than one timeout of a request that must fail at once
ENDLESS_S = 60.0
SHORT_S = 0.08
LATE_S = 0.3

TCP, RTU = "tcp", "rtu"  # TLS carries the frames of TCP

# What has to come of a fault.
RIGHT = "right"  # the value is right nevertheless
TIMEOUT = "timeout"
UNFIT = "unfit"  # rejected at once
UNFIT_AT_TIMEOUT = "unfit at timeout"  # until then it may still become an answer
LOST = "lost"  # at once
DOUBLED = "right, or two answers seen at once"  # the next answers count when nothing follows them

AT_ONCE = frozenset({RIGHT, UNFIT, LOST, DOUBLED})
ERRORS: Mapping[type[FieldbusError], frozenset[str]] = {
    AnswerTimeoutError: frozenset({TIMEOUT}),
    UnfitAnswerError: frozenset({UNFIT, UNFIT_AT_TIMEOUT}),
    ConnectionLostError: frozenset({LOST}),
    DoubledUnitError: frozenset({DOUBLED}),
}

Steps = Sequence[bytes | float | str]


@dataclass(frozen=True)
class Fault:
    """One way of answering wrongly; `outcomes` tells for each carrier that knows it what has to come of it."""

    name: str
    steps: Callable[[Any], Steps]
    outcomes: Mapping[str, str]
    baudrate: int = 19200

    def strike_second(self, asked: Any) -> Steps:
        """A script: an honest peer, but for its second request."""
        return self.steps(asked) if asked.number == 1 else [asked.answer()]

    def __str__(self) -> str:
        return self.name


def everywhere(outcome: str) -> Mapping[str, str]:
    return {TCP: outcome, RTU: outcome}


# Where a second answer of a trusted unit follows the first at once, a pseudo terminal whose sender is held up longer
# than the silence of the line would make it the answer to the next request of its shape, which no master could tell. At
# 1200 baud that takes 32 ms.
UNHURRIED = 1200


def _collided(one: bytes, other: bytes) -> bytes:
    """Two devices speak at once: on the wires of RS-485 a 0 wins over a 1."""
    return bytes(a & b for a, b in zip(one, other, strict=True))


def _changed(frame: bytes, at: int) -> bytes:
    return frame[:at] + bytes((frame[at] ^ 0x01,)) + frame[at + 1 :]


FAULTS = (
    Fault("no answer", lambda asked: [], everywhere(TIMEOUT)),
    Fault("late answer", lambda asked: [LATE_S, asked.answer()], everywhere(TIMEOUT)),
    Fault("late refusal", lambda asked: [LATE_S, asked.refusal(4)], everywhere(TIMEOUT)),
    Fault("late answer of another length", lambda asked: [LATE_S, asked.answer([1])], {TCP: TIMEOUT}),
    Fault("one byte", lambda asked: [asked.answer()[:1]], {TCP: TIMEOUT, RTU: UNFIT_AT_TIMEOUT}),
    Fault("last byte missing", lambda asked: [asked.answer()[:-1]], {TCP: TIMEOUT, RTU: UNFIT_AT_TIMEOUT}),
    Fault("first byte missing", lambda asked: [asked.answer()[1:]], {TCP: UNFIT, RTU: UNFIT_AT_TIMEOUT}),
    Fault("one register too few", lambda asked: [asked.answer([1])], everywhere(UNFIT)),
    Fault("one register too many", lambda asked: [asked.answer([1, 2, 3])], everywhere(UNFIT)),
    Fault("no register", lambda asked: [asked.answer([])], everywhere(UNFIT)),
    Fault(
        "byte count too small",
        lambda asked: [asked.frame(bytes((3, 2)) + asked.answer()[-4:])],
        {TCP: UNFIT, RTU: UNFIT},
    ),
    Fault("other function", lambda asked: [asked.answer(function=4)], everywhere(UNFIT)),
    Fault("refusal of another function", lambda asked: [asked.frame(b"\x84\x02")], everywhere(UNFIT)),
    Fault("refusal without a code", lambda asked: [asked.refusal(0)], everywhere(UNFIT)),
    Fault("other unit", lambda asked: [asked.answer(unit=9)], {TCP: UNFIT, RTU: UNFIT_AT_TIMEOUT}),
    Fault("other unit, then the right one", lambda asked: [asked.answer([1, 2], unit=9), asked.answer()], {RTU: RIGHT}),
    Fault("byte by byte", lambda asked: [bytes((byte,)) for byte in asked.answer()], everywhere(RIGHT)),
    Fault("a pause within", lambda asked: [asked.answer()[:4], 0.05, asked.answer()[4:]], everywhere(RIGHT)),
    Fault("twice", lambda asked: [asked.answer() * 2], {TCP: RIGHT, RTU: DOUBLED}, UNHURRIED),
    Fault(
        "two devices in turn",
        lambda asked: [asked.answer() + asked.answer([7, 9])],
        {TCP: RIGHT, RTU: DOUBLED},
        UNHURRIED,
    ),
    Fault(
        "two devices, one refuses",
        lambda asked: [asked.answer() + asked.refusal(2)],
        {TCP: RIGHT, RTU: DOUBLED},
        UNHURRIED,
    ),
    Fault("two devices at once", lambda asked: [_collided(asked.answer(), asked.answer([7, 9]))], {RTU: UNFIT}),
    Fault(
        "two devices, half over each other",
        lambda asked: [asked.answer()[:3] + _collided(asked.answer([7, 9])[:-3], asked.answer()[3:])],
        {RTU: UNFIT},
    ),
    Fault("damaged check", lambda asked: [_changed(asked.answer(), -1)], {RTU: UNFIT}),
    Fault("damaged value", lambda asked: [_changed(asked.answer(), 4)], {RTU: UNFIT}),
    Fault("noise before", lambda asked: [b"\x00\xff", asked.answer()], {TCP: UNFIT, RTU: RIGHT}),
    Fault("much noise before", lambda asked: [b"\x55\x00\xff\x00" + asked.answer()], {TCP: UNFIT, RTU: UNFIT}),
    Fault("noise behind", lambda asked: [asked.answer() + b"\x00\xff"], {TCP: UNFIT, RTU: RIGHT}),
    Fault("only noise", lambda asked: [b"\xa5\x5a" * 9], everywhere(UNFIT)),
    Fault("echo on a line without", lambda asked: [asked.raw + asked.answer()], {RTU: UNFIT}),
    Fault("other transaction", lambda asked: [asked.answer(transaction=asked.transaction + 1)], {TCP: TIMEOUT}),
    Fault(
        "other transaction, then the right one",
        lambda asked: [asked.answer([7, 9], transaction=asked.transaction - 1), asked.answer()],
        {TCP: RIGHT},
    ),
    Fault("other protocol", lambda asked: [_changed(asked.answer(), 3)], {TCP: UNFIT}),
    Fault("length of a frame that cannot be", lambda asked: [_changed(asked.answer(), 4)], {TCP: UNFIT}),
    Fault("close instead of an answer", lambda asked: ["close"], {TCP: LOST}),
    Fault("close in the middle of an answer", lambda asked: [asked.answer()[:8], "close"], {TCP: LOST}),
    Fault("adapter pulled out", lambda asked: ["unplug"], {RTU: LOST}),
    Fault("adapter pulled out in the middle", lambda asked: [asked.answer()[:4], 0.01, "unplug"], {RTU: LOST}),
)


def faults_on(carrier: str) -> tuple[Fault, ...]:
    return tuple(fault for fault in FAULTS if carrier in fault.outcomes)


def read(address: int, count: int = 2) -> ReadRegisters:
    return ReadRegisters(3, address, count)


def right(request: ReadRegisters) -> tuple[int, ...]:
    """What an honest scripted peer answers."""
    return tuple((request.address + n) * 7919 % 0x10000 for n in range(request.count))


async def outcome_of(link: Any, request: ReadRegisters, *, timeout_s: float = GUARD_S) -> str:
    """How a request to unit 1 ended; a value that is not right is named as such."""
    try:
        reply = await link.request(1, request, timeout_s=timeout_s)
    except RefusedError as error:
        return f"refused with {error.code}"
    except FieldbusError as error:
        return type(error).__name__
    return RIGHT if reply.answer == right(request) else f"WRONG: {reply.answer} instead of {right(request)}"


async def strike(link: Any, fault: Fault, carrier: str, *, mend: Callable[[], None] = lambda: None) -> None:
    """Let `fault` strike the second request on `link` and check what comes of it, and of the requests after it.

    `mend` does what somebody has to do before a lost line can be used again.
    """
    expected = fault.outcomes[carrier]
    assert await outcome_of(link, read(100)) == RIGHT

    got = await outcome_of(link, read(200), timeout_s=ENDLESS_S if expected in AT_ONCE else SHORT_S)

    names = {kind.__name__ for kind, outcomes in ERRORS.items() if expected in outcomes}
    if expected in {RIGHT, DOUBLED}:
        names.add(RIGHT)
    assert got in names
    mend()
    link.retry_now()
    assert [await outcome_of(link, read(*span)) for span in ((300, 2), (400, 2), (500, 3), (600, 1))] == [RIGHT] * 4
    assert _is_counted(link.statistics.of_link(), link.statistics.of_unit(1), expected)


def _is_counted(line: TrafficSnapshot, unit: TrafficSnapshot, expected: str) -> bool:
    """Whether the statistics say what happened, and nothing else."""
    happened = (unit.timeouts, line.connections_lost, unit.rejected > 0 or line.rejected > 0)
    match expected:
        case "timeout":
            return happened[:1] == (1,)
        case "lost":
            return happened[:2] == (0, 1)
        case "right":
            return happened[:2] == (0, 0)
        case "right, or two answers seen at once":
            return happened == (0, 0, True)
    return happened[0] == 0 and happened[2]


CODES = (*range(1, 12), 0x0C, 0x55, 0x7F, 0x80, 0xFF)  # 7 and 9 and those above 11 are in no standard

Linked = Callable[..., AbstractAsyncContextManager[tuple[Any, Any]]]
"""Called with a script and the link's settings: a link to a peer that answers so, and the peer."""


async def refuse_with_every_code(linked: Linked) -> None:
    """Every code, busy (6) and not ready yet (5) among them, is an answer: told, counted, and not asked again."""
    async with linked(lambda asked: [asked.refusal(CODES[asked.number])], retries=2) as (link, _):
        got = [await outcome_of(link, read(100 + n)) for n in range(len(CODES))]

    assert got == [f"refused with {code}" for code in CODES]
    assert link.statistics.of_link().requests == len(CODES)
    assert link.statistics.of_unit(1).exceptions == dict.fromkeys(CODES, 1)


async def split_at_every_byte(linked: Linked) -> None:
    """An answer in two pieces counts, wherever it is cut."""
    length = 0

    def cut(asked: Any) -> Steps:
        nonlocal length
        answer = asked.answer()
        length = len(answer)
        at = 1 + asked.number % (length - 1)
        return [answer[:at], 0.003, answer[at:]]

    async with linked(cut) as (link, _):
        got = [await outcome_of(link, read(100))]
        while len(got) < length - 1:
            got.append(await outcome_of(link, read(100 + len(got))))

    assert got == [RIGHT] * (length - 1)
    assert link.statistics.of_link().rejected == 0


async def answer_every_third_time(linked: Linked) -> None:
    """A device that answers every third request is read with two retries, whatever it is asked."""
    async with linked(_every_third, timeout_s=SHORT_S, retries=2) as (link, _):
        got = [await outcome_of(link, read(address, count), timeout_s=SHORT_S) for address, count in ((5, 2), (70, 3))]

    assert got == [RIGHT] * 2
    assert link.statistics.of_unit(1).timeouts == 4


def _every_third(asked: Any) -> Steps:
    return [asked.answer()] if asked.number % 3 == 2 else []


async def hang_up_on_every_request(linked: Linked) -> None:
    """A peer that closes costs neither the timeout nor, with retries, several of them."""
    async with linked(lambda asked: ["close"], retries=3) as (link, _):
        with pytest.raises(LinkError):
            await asyncio.wait_for(link.request(1, read(100), timeout_s=ENDLESS_S), GUARD_S)

    assert link.statistics.of_link().timeouts == 0


TRIALS = (refuse_with_every_code, split_at_every_byte, answer_every_third_time, hang_up_on_every_request)


def name_of(trial: Callable[..., object]) -> str:
    return trial.__name__.replace("_", " ")
