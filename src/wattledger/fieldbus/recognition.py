"""Which profile of the catalog an unknown device has, by what it says of itself; pure.

Each profile tells what to ask (its identify steps) and which answers are its own. What is asked first costs least and
tells most: a product's code where the make is known already, then what tells makes apart; of these, what many profiles
want to know and what is short. Profiles share their questions, so an unknown device is asked each distinct one once at
most. A profile that knows nothing to ask is never proposed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

from wattledger.catalog import Found, IdentifyStep, Product, Profile, RegisterStep, Status
from wattledger.fieldbus.decoding import decode_text, text_of
from wattledger.fieldbus.modbus.pdu import READ_HOLDING_REGISTERS, ReadIdentification, ReadRegisters

Inquiry: TypeAlias = ReadRegisters | ReadIdentification
Said: TypeAlias = Sequence[int] | None  # registers or bytes; None: it was asked, and no answer came that counts

# The function that nearly every device knows; one that does not know the register, or not even the function, refuses.
IS_ANYBODY_THERE = ReadRegisters(READ_HOLDING_REGISTERS, 0, 1)

# What the standard's basic objects hold; Modbus Application Protocol V1.1b3, 6.21.
STANDARD_OBJECTS = {0: Found.VENDOR, 1: Found.PRODUCT_CODE, 2: Found.FIRMWARE}

# Registers that could be read in the time of one more request on a serial line at 19200 baud: what a question costs
# beside its length, which decides only between questions that tell equally much.
QUESTION_COST = 25

# How far the table behind a profile can be trusted, where several fit equally well.
TRUST = (Status.VERIFIED, Status.OFFICIAL, Status.DERIVED, Status.UNVERIFIED)

NAMES = {Found.PRODUCT_CODE: "product"}  # other things found are called as in the profile


class Certainty(StrEnum):
    """How sure it is what a device is."""

    SURE = "sure"  # its make and its product are those of a profile
    LIKELY = "likely"  # only one of the two, or a profile that knows nothing to tell makes apart
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Proposal:
    """A profile that fits a device, and which of its products; None: one that the profile does not know."""

    profile: str
    product: str | None
    certainty: Certainty


def inquiry(profile: Profile, step: IdentifyStep) -> Inquiry:
    """What an identify step asks."""
    if isinstance(step, RegisterStep):
        return ReadRegisters(step.fc or profile.defaults.fc, step.addr, step.words)
    return ReadIdentification(step.object)


def text_said(step: IdentifyStep, said: Sequence[int]) -> str:
    """What the answer to a step means, registers or bytes; empty when the device was never told who it is."""
    return decode_text(step.type, said) if isinstance(step, RegisterStep) else text_of(bytes(said))


def is_same(text: str, wanted: str) -> bool:
    """Whether a device says what its profile wants; makers are not constant in capitals."""
    return text.casefold() == wanted.casefold()


def proposals(profiles: Sequence[Profile], answers: Mapping[Inquiry, Said]) -> tuple[Proposal, ...]:
    """The profiles that fit these answers, the surest first; then those that know the product, from the best table."""
    trusted = sorted(profiles, key=lambda profile: TRUST.index(profile.status))
    found = [proposal for profile in trusted if (proposal := _Standing(profile, answers).proposal) is not None]
    return tuple(sorted(found, key=lambda one: (one.certainty is not Certainty.SURE, one.product is None)))


def serial_inquiry(profile: Profile, answers: Mapping[Inquiry, Said]) -> Inquiry | None:
    """What to ask next for the serial number of a device that has this profile; None: it is known, or is not told."""
    if any(step.into is Found.SERIAL for step, _ in _Standing(profile, answers).texts()):
        return None
    asking = (inquiry(profile, step) for step in profile.identify if step.into is Found.SERIAL)
    return next((asked for asked in asking if asked not in answers), None)


def next_inquiry(profiles: Sequence[Profile], answers: Mapping[Inquiry, Said]) -> Inquiry | None:
    """What to ask next in order to recognise the device; None: it is recognised surely, or nothing is left to ask."""
    standings = [_Standing(profile, answers) for profile in profiles]
    if any(one.proposal is not None and one.proposal.certainty is Certainty.SURE for one in standings):
        return None
    wanted: dict[Inquiry, list[int]] = {}
    for one in standings:
        for rank, asked in one.open_inquiries():
            wanted.setdefault(asked, []).append(rank)
    return min(wanted, key=lambda asked: (min(wanted[asked]), _cost(asked) / len(wanted[asked])), default=None)


def said_by(profile: Profile | None, answers: Mapping[Inquiry, Said]) -> dict[str, str]:
    """What the device said of itself, by name (vendor, product, serial …), read as its profile and the standard say."""
    found: dict[Found, str] = {}
    for step, text in _Standing(profile, answers).texts() if profile else ():
        found.setdefault(step.into, text)
    for object_id, what in STANDARD_OBJECTS.items():
        said = answers.get(ReadIdentification(object_id))
        if said is not None and (text := text_of(bytes(said))):
            found.setdefault(what, text)
    return {NAMES.get(what, what.value): text for what, text in found.items()}


class _Standing:
    """What is known of one profile: whether the device may have it."""

    def __init__(self, profile: Profile, answers: Mapping[Inquiry, Said]) -> None:
        self._profile = profile
        self._answers = answers

    @property
    def proposal(self) -> Proposal | None:
        """The profile as a proposal; None: nothing speaks for it, or something against it."""
        if self._is_contradicted:
            return None
        codes = [text for step, text in self.texts() if step.into is Found.PRODUCT_CODE]
        products = [found for code in codes if (found := self._profile.product_of_code(code)) is not None]
        if not self._is_confirmed:
            return Proposal(self._profile.id, products[0].ref, Certainty.LIKELY) if products else None
        if products:
            return Proposal(self._profile.id, products[0].ref, Certainty.SURE)
        only = self._only_product
        return Proposal(self._profile.id, only.ref if only else None, Certainty.LIKELY)

    def open_inquiries(self) -> Iterator[tuple[int, Inquiry]]:
        """What is still to be asked for this profile, with a rank: lower ones first."""
        if self._is_contradicted:
            return
        for step in self._profile.identify:
            asked = inquiry(self._profile, step)
            if asked in self._answers:
                continue
            if step.into is Found.PRODUCT_CODE and self._is_confirmed:
                yield 0, asked
            elif step.equals is not None:
                yield 1, asked
            elif step.into is Found.PRODUCT_CODE and not any(one.equals is not None for one in self._profile.identify):
                yield 2, asked

    def texts(self) -> Iterator[tuple[IdentifyStep, str]]:
        """The steps that were answered and tell something."""
        for step in self._profile.identify:
            said = self._answers.get(inquiry(self._profile, step))
            if said is not None and (text := text_said(step, said)):
                yield step, text

    @property
    def _only_product(self) -> Product | None:
        """The product of a make's profile that has no other, and no code by which it would be told from others."""
        products = self._profile.products
        return products[0] if len(products) == 1 and products[0].match is None else None

    @property
    def _is_confirmed(self) -> bool:
        return any(step.equals is not None and is_same(text, step.equals) for step, text in self.texts())

    @property
    def _is_contradicted(self) -> bool:
        return any(step.equals is not None and not is_same(text, step.equals) for step, text in self.texts())


def _cost(asked: Inquiry) -> int:
    return QUESTION_COST + (asked.count if isinstance(asked, ReadRegisters) else 1)
