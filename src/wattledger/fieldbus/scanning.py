"""Asking an address of a bus whether somebody is there, and who. Only reads, never writes."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from wattledger.catalog import Profile, RegisterStep
from wattledger.fieldbus.errors import (
    AnswerTimeoutError,
    ConnectionLostError,
    DoubledUnitError,
    OutOfStepError,
    RefusedError,
    UnfitAnswerError,
)
from wattledger.fieldbus.link import Wire
from wattledger.fieldbus.modbus.pdu import ReadIdentification, ReadRegisters
from wattledger.fieldbus.recognition import (
    IS_ANYBODY_THERE,
    STANDARD_OBJECTS,
    Certainty,
    Inquiry,
    Proposal,
    Said,
    next_inquiry,
    proposals,
    said_by,
    serial_inquiry,
    text_said,
)
from wattledger.fieldbus.sunspec import ChainWalk
from wattledger.fieldbus.sunspec_devices import proposals_in, steps_at

# Noise may have been no more than that. And where a host hangs up because of the unit that it was asked for it does so
# again, while an adapter that was pulled out cannot be reached any more.
TRIES = 2
RETRIES_TO_GET_IN_STEP = 2  # with who refuses everything: exceptions do not tell to which request they belong
MOST_SILENCES = 2  # of one function: some devices do not even refuse what they do not know


@dataclass(frozen=True, slots=True)
class FoundUnit:
    """Somebody at an address: what it said of itself, and the profiles that fit, the surest first.

    `garbled` says why something that came was no answer (two devices may share the address, or the line is set
    otherwise than the device); empty when all that came was well.
    """

    unit_id: int
    said: Mapping[str, str] = field(default_factory=dict)
    proposals: tuple[Proposal, ...] = ()
    garbled: str = ""

    @property
    def certainty(self) -> Certainty:
        """How sure it is what the device is."""
        return self.proposals[0].certainty if self.proposals else Certainty.UNKNOWN


async def probe_unit(
    link: Wire, unit_id: int, profiles: Sequence[Profile], *, pause_s: float = 0.0
) -> FoundUnit | None:
    """Who is at `unit_id`; None: nobody answers, which costs one timeout.

    Any answer counts, be it an exception; a gateway that says that nobody is there does not. Then the standard's
    identification is asked, and what the profiles know to tell devices apart, each thing once, until one of them fits
    surely. `pause_s` is left after an answer, for devices that need it on a serial line. Somebody waits, so a pause
    after a failed connection is skipped. Raises UnreachableError when nothing can be asked at all.
    """
    link.retry_now()
    probe = _Probe(link, unit_id, profiles, pause_s)
    if not await probe.hears(IS_ANYBODY_THERE, timeout_s=link.timeout_s):
        return None
    if probe.is_understood:
        await probe.recognise()
    return probe.found()


class _Probe:
    """What is known so far of one address."""

    def __init__(self, link: Wire, unit_id: int, profiles: Sequence[Profile], pause_s: float) -> None:
        self._link = link
        self._unit_id = unit_id
        self._profiles = [profile for profile in profiles if profile.anchor is None]
        self._anchored = [profile for profile in profiles if profile.anchor is not None]
        self._walk = ChainWalk()
        self._pause_s = pause_s
        slowest_ms = max((profile.limits.timeout_ms for profile in profiles), default=0)
        self._patience_s = max(link.timeout_s, slowest_ms / 1000)  # for an answer of somebody who is there
        self._answers: dict[Inquiry, Said] = {}
        self._silences: Counter[int] = Counter()  # by function
        self._garbled = ""
        self._is_doubled = False
        self.is_understood = False  # an answer came that was one

    async def recognise(self) -> None:
        """Ask until it is clear who is there, or nothing is left to ask."""
        for object_id in STANDARD_OBJECTS:
            await self._ask(ReadIdentification(object_id))
            if self._answers[ReadIdentification(object_id)] is None:
                break
        while (asked := next_inquiry(self._profiles, self._answers)) is not None:
            await self._ask(asked)
        if self._anchored and not self._is_sure:
            await self._follow_chain()
        best = self._best_profile()
        while best is not None and (asked := serial_inquiry(best, self._answers)) is not None:
            await self._ask(asked)

    def found(self) -> FoundUnit:
        """What came of it; nothing that two devices said is told of one."""
        if self._is_doubled:
            return FoundUnit(self._unit_id, garbled=self._garbled)
        chain, others = proposals_in(self._anchored, self._walk), proposals(self._profiles, self._answers)
        said = said_by(self._best_profile(), self._answers) | self._said_in_chain()
        return FoundUnit(self._unit_id, said, (*chain, *others), self._garbled)

    async def _follow_chain(self) -> None:
        """Look for a SunSpec chain, and ask the first of its models who it is of."""
        while (asked := self._walk.next_read()) is not None:
            await self._ask(asked)
            said = self._answers[asked]
            if said is None:
                self._walk.refused()
            else:
                self._walk.answered(said)
        for _, asked in self._chain_steps():
            if asked not in self._answers:
                await self._ask(asked)

    def _chain_steps(self) -> Iterator[tuple[RegisterStep, ReadRegisters]]:
        for common in self._walk.models[:1]:
            for profile in self._anchored:
                yield from steps_at(profile, common)

    def _said_in_chain(self) -> dict[str, str]:
        answered = ((step, self._answers.get(asked)) for step, asked in self._chain_steps())
        texts = ((step.into.value, text_said(step, said)) for step, said in answered if said is not None)
        return {what: text for what, text in texts if text}

    @property
    def _is_sure(self) -> bool:
        return any(one.certainty is Certainty.SURE for one in proposals(self._profiles, self._answers))

    def _best_profile(self) -> Profile | None:
        fitting = [one.profile for one in proposals(self._profiles, self._answers)[:1]]
        return next((profile for profile in self._profiles if profile.id in fitting), None)

    async def _ask(self, asked: Inquiry) -> None:
        self._answers.setdefault(asked, None)
        if self._silences[asked.function] < MOST_SILENCES and not self._is_doubled:
            await self.hears(asked, timeout_s=self._patience_s)

    async def hears(self, asked: Inquiry, *, timeout_s: float) -> bool:
        """Ask, and whether anything came, were it noise."""
        retries = 0
        was_heard = False
        for _ in range(TRIES):
            try:
                reply = await self._link.request(self._unit_id, asked, timeout_s=timeout_s, retries=retries)
            except ConnectionLostError:
                self._link.retry_now()
                continue
            except DoubledUnitError as error:
                self._garbled, self._is_doubled = str(error), True
                return True
            except UnfitAnswerError as error:
                self._garbled = self._garbled or str(error)
            except OutOfStepError:
                pass
            except AnswerTimeoutError:
                self._silences[asked.function] += 1
                break
            except RefusedError as error:
                if error.means_silence:
                    break
                return await self._understood()
            else:
                self._answers[asked] = reply.answer
                return await self._understood()
            retries, was_heard = RETRIES_TO_GET_IN_STEP, True
        return was_heard

    async def _understood(self) -> bool:
        self.is_understood = True
        await asyncio.sleep(self._pause_s)
        return True
