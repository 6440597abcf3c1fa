"""Which answers may still come on a serial line, and for which later request each could be mistaken; pure.

An answer in Modbus RTU says which unit gives it, to which function, and how many bytes it has: its *shape*. It says
neither which registers it holds nor which request it answers. So an answer that comes after we gave up waiting looks
like the answer to whatever of that shape is asked of that unit next, and from there on every value would be that of
the request before. Waiting for silence does not help: the answer may come right after it.

Hence this ledger. Each request that is sent stands in the list of its unit until its answer can no longer come, and two
facts about devices decide when that is:

- *A device answers in the order in which it was asked*, if at all: it has one receiver and one program. A frame that
  fits several owed answers is therefore taken for the oldest of them, and whatever was asked before that one will not
  be answered any more: it is settled. An answer that may have been the right one is thereby lost; no wrong one is used.
- *What stands between may not keep the order* (a radio bridge with two paths, a gateway with retries of its own). So a
  settled answer counts as gone only when it was seen itself or when three timeouts have passed since it was asked for.

From these follow the rules for sending. While an unsettled answer of the same shape is owed by the same unit, the
request waits until a *probe* has been answered in step: a short read of the same registers with another number of
them, whose answer fits nothing else that the unit owes, and whose values nobody uses. It lies within registers that
the caller reads anyway, so no device refuses it for its address (one that does, refuses with an exception, and an
exception settles the oldest as well). Function 08, which would echo a number of our choice, is no way: small devices
do not even refuse it. A silent unit costs nothing more than without probes: an unanswered probe stands for the try.
While a settled answer of that shape may come out of order, only the very same read may be asked again (should the
older answer be taken for it, it holds the same registers as of a moment earlier); any other waits for its time to end.

A question that is put again because its first try came to nothing needs no probe: the answer to either try is one to
this question, read by the device since the caller asked. (With a probe before each retry a device that answers every
third request would never be read.) What the other tries still owe stands in the ledger, for the next question.

Units never meet: an answer bears the number of its unit, and the list of unit 5 says nothing about unit 6.
"""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass

from wattledger.catalog.registers import MOST_REGISTERS
from wattledger.fieldbus.modbus.pdu import (
    READ_HOLDING_REGISTERS,
    ReadIdentification,
    ReadRegisters,
    Request,
    UnfitPduError,
    WriteRegister,
    WriteRegisters,
    decode_answer,
)

LATE_TIMEOUTS = 3  # an answer out of order comes within so many timeouts after its request,
MOST_LATE_S = 5.0  # and within this after nobody waits any more: a long timeout must not lock a unit up
KEPT_S = 60.0  # nothing holds an answer back for longer; a unit that was silent since then needs no probe


@dataclass(frozen=True, slots=True, eq=False)
class Question:
    """What one caller asks of one unit, however often it takes; two questions are never the same, were they alike."""

    unit_id: int
    request: Request[object]
    timeout_s: float


@dataclass(slots=True, eq=False)
class Owed:
    """An answer that may come. `settled`: a later request of the unit has been answered already."""

    question: Question
    due_at: float  # when it would be whole if the unit took no time
    late_until: float = math.inf  # known when nobody waits for it any more
    settled: bool = False

    def fits(self, pdu: bytes) -> bool:
        """Whether `pdu` may be this answer."""
        try:
            decode_answer(self.question.request, pdu)
        except UnfitPduError:
            return False
        return True


class OwedAnswers:
    """The ledger of one line, for all its units; outlives the connection, for devices do not notice its end.

    Of one way of speaking: what comes at another speed, or with another check bit, cannot be understood on this one.
    """

    def __init__(self) -> None:
        self._units: dict[int, list[Owed]] = {}
        self._taken: Counter[int] = Counter()

    def add(self, question: Question, *, now: float, airtime_s: float) -> None:
        """A request is being sent: its answer is owed from now on; on the wire both take `airtime_s`."""
        self._of(question.unit_id, now).append(Owed(question, now + airtime_s))

    def give_up(self, question: Question, *, now: float) -> None:
        """Nobody waits any more for the answer to what was sent last, whether it came or not."""
        for owed in self._units.get(question.unit_id, []):
            if owed.question is question and owed.late_until == math.inf:
                owed.late_until = min(owed.due_at + LATE_TIMEOUTS * question.timeout_s, now + MOST_LATE_S)

    def take(self, unit_id: int, pdu: bytes) -> Question | None:
        """The question that `pdu` of this unit must be taken to answer; None: it fits none.

        That settles all before it. Unless another owed answer could have looked the same, it can come no more.
        """
        answers = self._units.get(unit_id, [])
        fitting = [owed for owed in answers if owed.fits(pdu)]
        if not fitting:
            return None
        self._taken[unit_id] += 1
        taken = next((owed for owed in fitting if not owed.settled), fitting[0])
        for owed in answers[: answers.index(taken) + 1]:
            owed.settled = True
        if len(fitting) == 1:
            answers.remove(taken)
        return taken.question

    def taken_of(self, unit_id: int) -> int:
        """How many answers of the unit have been taken, in time or late."""
        return self._taken[unit_id]

    def needs_probe(self, question: Question, *, now: float) -> bool:
        """Whether an answer that is still owed to another question would pass for the one to this."""
        return any(
            not owed.settled and owed.question is not question and _look_alike(owed.question.request, question.request)
            for owed in self._of(question.unit_id, now)
        )

    def free_at(self, question: Question, *, now: float) -> float:
        """From when on no answer of other registers, even out of order, can pass for the one to `question`."""
        asked = question.request
        rivals = (owed for owed in self._of(question.unit_id, now) if _look_alike(owed.question.request, asked))
        return max((owed.late_until for owed in rivals if not _is_same_read(owed.question.request, asked)), default=now)

    def probe(self, question: Question, *, now: float) -> Question:
        """What to ask in order to know that the answers which could pass for that to `question` come no more."""
        unsettled = [owed.question.request for owed in self._of(question.unit_id, now) if not owed.settled]
        probes = _probes(question.request)
        # When every shape is owed (a unit that was silent for many tries), the first still settles the oldest answers.
        free = (probe for probe in probes if not any(_look_alike(probe, one) for one in unsettled))
        return Question(question.unit_id, next(free, probes[0]), question.timeout_s)

    def _of(self, unit_id: int, now: float) -> list[Owed]:
        answers = self._units.setdefault(unit_id, [])
        if answers:
            answers[:] = [owed for owed in answers if now < (owed.late_until if owed.settled else _kept_until(owed))]
        return answers


def _kept_until(owed: Owed) -> float:
    return owed.due_at + KEPT_S if owed.late_until < math.inf else math.inf


def _look_alike(one: Request[object], other: Request[object]) -> bool:
    """Whether an answer to one request can pass for an answer to the other (exceptions apart)."""
    if one.function != other.function:
        return False
    if isinstance(one, ReadRegisters) and isinstance(other, ReadRegisters):
        return one.count == other.count
    if isinstance(one, ReadIdentification) and isinstance(other, ReadIdentification):
        return one.object_id == other.object_id  # the answer names its object
    if isinstance(one, WriteRegisters) and isinstance(other, WriteRegisters):
        return (one.address, len(one.values)) == (other.address, len(other.values))  # which the answer repeats
    if isinstance(one, WriteRegister) and isinstance(other, WriteRegister):
        return one == other
    return True


def _is_same_read(one: Request[object], other: Request[object]) -> bool:
    return one == other and one.is_repeatable


def _probes(request: Request[object]) -> list[Request[object]]:
    """Requests whose answers cannot pass for that to `request`, the best first."""
    if isinstance(request, ReadIdentification):
        return [ReadIdentification(object_id) for object_id in range(3) if object_id != request.object_id]
    if isinstance(request, WriteRegister | WriteRegisters):
        # What is written can mostly be read; where it cannot, the refusal settles the older answers as well.
        longest = min(3, 0x10000 - request.address)
        return [ReadRegisters(READ_HOLDING_REGISTERS, request.address, count) for count in range(1, longest + 1)]
    if not isinstance(request, ReadRegisters):
        return [ReadRegisters(READ_HOLDING_REGISTERS, 0, 1)]
    # Two registers first: many devices do not let half of a 32-bit value be read.
    counts = sorted(range(1, request.count), key=lambda count: (count != 2, count))
    inside = [ReadRegisters(request.function, request.address, count) for count in counts]
    return [*inside, *(_longer_probes(request) if len(inside) < 2 else [])]


def _longer_probes(request: ReadRegisters) -> list[ReadRegisters]:
    """For reads so short that nothing of another length lies within them."""
    if request.count >= MOST_REGISTERS:
        return []
    address = min(request.address, 0x10000 - request.count - 1)
    return [ReadRegisters(request.function, address, request.count + 1)]
