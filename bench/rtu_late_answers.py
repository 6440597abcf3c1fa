"""Whether a late answer on a serial line ever becomes a value: our link against slow devices, in virtual time.

    python bench/rtu_late_answers.py [--requests 1000000] [--seed 1] [--control]

The devices answer after anything up to three timeouts, or never, in four manners (see `Manner`); on a fifth line two
devices have the same address and both answer in time, so that no value may come of them. The requests are few
shapes over many registers, so that nearly every late answer could pass for another. Every answer bears the number of
the transmission that caused it. The judge knows all transmissions, and is told only what the link returned: a value is
wrong when it is not that of a transmission for these registers, made within the call that got it. With `--control` the
link forgets what it is owed and listens for no second answer, and only drops what came before and waits for silence:
then there must be wrong values, or the judge would be blind. Exit code 1 when either is otherwise.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import selectors
import sys
import time
from collections import Counter, deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from figures import Figure, reported
from wattledger.fieldbus import FieldbusError, Parity, RtuLink, SerialSettings
from wattledger.fieldbus.modbus import rtu_link
from wattledger.fieldbus.modbus.doubles import MOST_LISTENING_S
from wattledger.fieldbus.modbus.owed_answers import OwedAnswers, Question
from wattledger.fieldbus.modbus.pdu import ReadRegisters
from wattledger.fieldbus.modbus.rtu_line import PortOwner

TIMEOUT_S = 0.25
MOST_LATE_S = 3 * TIMEOUT_S
UNITS = (5, 6, 7)
SHARED = 5
SHARING_S = 0.1  # within the timeout, and well apart from the time of listening
ADDRESSES = (0x100, 0x200, 0x300, 0x400)
COUNTS = (1, 2, 2, 10, 10, 11)
CALLERS = 3
NUMBERS = 0x10000  # transmissions until their numbers repeat
STEP = 7919  # registers of one answer differ by it
SETTINGS = SerialSettings("virtual", 19200, Parity.EVEN)


class Manner(Enum):
    """What a device does with a request that comes while it still has another to answer."""

    QUEUES = "answers one after the other"
    IGNORES = "hears nothing while it works"
    DROPS = "begins anew and drops the other"
    SHUFFLES = "answers each after its own time, not in the order of asking"
    SHARES = "shares its address with another"


class VirtualTime(asyncio.SelectorEventLoop):
    """A loop that has no files to wait for: where another sleeps, it moves its clock."""

    def __init__(self) -> None:
        super().__init__(_NoFiles(self._advance))
        self._now = 1000.0

    def time(self) -> float:
        return self._now

    def _advance(self, wait_s: float | None) -> None:
        if wait_s is None:
            raise RuntimeError("everybody waits and nothing will happen")
        self._now += wait_s


class _NoFiles(selectors.SelectSelector):
    def __init__(self, advance: Callable[[float | None], None]) -> None:
        super().__init__()
        self._advance = advance

    def select(self, timeout: float | None = None) -> list[Any]:
        if timeout is None or timeout > 0:
            self._advance(timeout)
        return []


@dataclass(frozen=True, slots=True)
class Transmission:
    number: int
    at: float
    unit: int
    address: int
    count: int

    def answer(self) -> bytes:
        registers = ((self.number + n * STEP) % NUMBERS for n in range(self.count))
        body = bytes((self.unit, 3, 2 * self.count)) + b"".join(word.to_bytes(2, "big") for word in registers)
        return body + crc(body)


def crc(data: bytes) -> bytes:
    """The check of the standard, bit by bit as it is described there (and not as our master computes it)."""
    register = 0xFFFF
    for byte in data:
        register ^= byte
        for _ in range(8):
            register, carry = register >> 1, register & 1
            if carry:
                register ^= 0xA001
    return register.to_bytes(2, "little")


@dataclass(slots=True)
class Device:
    """One device on the line; `say` puts its answer on the wire and tells how long that takes."""

    manner: Manner
    chance: random.Random
    say: Callable[[Transmission], float]
    waiting: deque[Transmission] = field(default_factory=deque)
    work: asyncio.TimerHandle | None = None
    is_sending: bool = False

    def hear(self, asked: Transmission) -> None:
        loop = asyncio.get_running_loop()
        if self.manner is Manner.SHUFFLES:
            self._after(loop, asked)
            return
        if self.manner is Manner.DROPS and self.work is not None and not self.is_sending:
            self.work.cancel()
            self.waiting.clear()
            self.work = None
        if len(self.waiting) < (4 if self.manner is Manner.QUEUES else 1):
            self.waiting.append(asked)
        if self.work is None:
            self._begin()

    def _begin(self) -> None:
        self.work = self._after(asyncio.get_running_loop(), self.waiting[0])

    def _after(self, loop: asyncio.AbstractEventLoop, asked: Transmission) -> asyncio.TimerHandle:
        if self.manner is Manner.SHARES:
            return loop.call_later(self.chance.uniform(0.005, SHARING_S), self._finish, asked, False)  # noqa: FBT003
        fate = self.chance.random()
        delay_s = self.chance.uniform(0.005, 0.03) if fate < 0.7 else self.chance.uniform(0.0, MOST_LATE_S)
        return loop.call_later(delay_s, self._finish, asked, fate > 0.97)

    def _finish(self, asked: Transmission, is_lost: bool) -> None:  # noqa: FBT001 - called by a timer
        sending_s = 0.0 if is_lost else self.say(asked)
        if self.manner is not Manner.SHUFFLES:  # one transmitter: what comes next is worked on when this was sent
            self.is_sending = True
            self.work = asyncio.get_running_loop().call_later(sending_s, self._go_on)

    def _go_on(self) -> None:
        self.waiting.popleft()
        self.work, self.is_sending = None, False
        if self.waiting:
            self._begin()


class Wire:
    """The line and its devices, as a port of the link; remembers every transmission."""

    def __init__(self, manner: Manner, chance: random.Random) -> None:
        self.transmissions: dict[int, Transmission] = {}  # the last of each number
        self.number = 0
        self.owner: PortOwner | None = None
        self._chance = chance
        self._devices = {unit: [Device(manner, chance, self._say)] for unit in UNITS}
        if manner is Manner.SHARES:
            self._devices[SHARED].append(Device(manner, chance, self._say))

    def __call__(self, settings: SerialSettings, owner: PortOwner) -> Wire:  # noqa: ARG002 - every port is this one
        self.owner = owner
        return self

    def write(self, data: bytes) -> None:
        assert data[1] == 3
        assert crc(data[:-2]) == data[-2:]
        self.number += 1
        number = self.number % NUMBERS
        address, count = int.from_bytes(data[2:4], "big"), int.from_bytes(data[4:6], "big")
        loop = asyncio.get_running_loop()
        asked = self.transmissions[number] = Transmission(number, loop.time(), data[0], address, count)
        for device in self._devices[data[0]]:
            loop.call_later(len(data) * SETTINGS.character_s, device.hear, asked)

    def read_now(self) -> None:
        """All is handed over when it arrives."""

    def close(self) -> None:
        """Nothing is open."""

    def _say(self, asked: Transmission) -> float:
        assert self.owner is not None
        answer = asked.answer()
        loop = asyncio.get_running_loop()
        cut = self._chance.randrange(len(answer)) if self._chance.random() < 0.1 else 0  # now and then in two pieces
        for piece, end in ((answer[:cut], cut), (answer[cut:], len(answer))):
            if piece:
                loop.call_later(end * SETTINGS.character_s, self.owner.received, piece)
        return len(answer) * SETTINGS.character_s


@dataclass(slots=True)
class Score:
    manner: Manner
    outcomes: Counter[str] = field(default_factory=Counter)
    transmissions: int = 0
    rejected: int = 0
    simulated_s: float = 0.0

    @property
    def wrong(self) -> int:
        return sum(count for outcome, count in self.outcomes.items() if outcome.startswith("wrong"))


def judge(wire: Wire, asked: Transmission, registers: tuple[int, ...], *, manner: Manner, now: float) -> str:
    """What the link's answer to a call is; `asked` describes the call, its number and time those of its beginning."""
    if manner is Manner.SHARES and asked.unit == SHARED:
        return "wrong: of one of two devices"
    if len(registers) != asked.count or any(
        word != (registers[0] + n * STEP) % NUMBERS for n, word in enumerate(registers)
    ):
        return "wrong: torn"
    caused_by = wire.transmissions[registers[0]]
    if (caused_by.unit, caused_by.address, caused_by.count) != (asked.unit, asked.address, asked.count):
        return "wrong: other registers"
    if caused_by.at >= asked.at:
        return "right"
    # Without an order nothing in a frame tells two reads of the same registers apart: the value may be a little older.
    if manner is Manner.SHUFFLES and now - caused_by.at <= MOST_LATE_S + 1.0:
        return "right, but of an earlier read of the same registers"
    return "wrong: late"


async def call(link: RtuLink, wire: Wire, chance: random.Random, score: Score) -> None:
    loop = asyncio.get_running_loop()
    unit, request = chance.choice(UNITS), ReadRegisters(3, chance.choice(ADDRESSES), chance.choice(COUNTS))
    asked = Transmission(wire.number, loop.time(), unit, request.address, request.count)
    try:
        registers = (await link.request(unit, request)).answer
    except FieldbusError as error:
        score.outcomes[type(error).__name__] += 1
        return
    score.outcomes[judge(wire, asked, registers, manner=score.manner, now=loop.time())] += 1


async def run_line(manner: Manner, *, requests: int, seed: int, listens_s: float) -> Score:
    chance = random.Random(f"{seed} {manner.name}")
    wire, score = Wire(manner, chance), Score(manner)
    loop = asyncio.get_running_loop()
    link = RtuLink(SETTINGS, timeout_s=TIMEOUT_S, retries=1, listens_s=listens_s, clock=loop.time, open_port=wire)
    started = loop.time()
    left = iter(range(requests))

    async def keep_calling() -> None:
        for _ in left:
            await call(link, wire, chance, score)

    async with asyncio.TaskGroup() as callers:
        for _ in range(CALLERS):
            callers.create_task(keep_calling())
    score.transmissions, score.rejected = wire.number, link.statistics.of_link().rejected
    score.simulated_s = loop.time() - started
    await link.close()
    return score


class Forgetful(OwedAnswers):
    """The control: knows the pending request only."""

    def take(self, unit_id: int, pdu: bytes) -> Question | None:
        newest = self._units[unit_id][-1:]
        return next((owed.question for owed in newest if owed.fits(pdu)), None)

    def needs_probe(self, question: Question, **_: object) -> bool:
        self._units[question.unit_id] = []
        return False

    def free_at(self, *_: object, now: float) -> float:
        return now


def report(scores: Mapping[Manner, Score], *, took_s: float) -> None:
    for manner, score in scores.items():
        print(f"device {manner.value}: {score.wrong} wrong values")
        print(f"    {score.transmissions} transmissions in {score.simulated_s / 3600:.1f} h, {score.rejected} rejected")
        print("    " + ", ".join(f"{outcome} {count}" for outcome, count in score.outcomes.most_common()))
    requests = sum(score.outcomes.total() for score in scores.values())
    print(f"{requests} requests in {took_s:.1f} s: {sum(score.wrong for score in scores.values())} wrong values")


def main() -> int:
    parser = argparse.ArgumentParser(description="late answers on a serial line", allow_abbrev=False)
    parser.add_argument("--requests", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--control", action="store_true")
    options = parser.parse_args()
    listens_s = MOST_LISTENING_S
    if options.control:
        listens_s = 0.0
        rtu_link.OwedAnswers = Forgetful  # type: ignore[attr-defined]
    started = time.perf_counter()
    scores = {}
    for manner in Manner:
        with asyncio.Runner(loop_factory=VirtualTime) as runner:
            line = run_line(manner, requests=options.requests // len(Manner), seed=options.seed, listens_s=listens_s)
            scores[manner] = runner.run(line)
    report(scores, took_s=time.perf_counter() - started)
    wrong = sum(score.wrong for score in scores.values())
    if options.control:
        return int(wrong == 0)
    return reported(Figure(f"late answers, {options.requests} requests", "0 wrong", f"{wrong}", wrong == 0))


if __name__ == "__main__":
    sys.exit(main())
