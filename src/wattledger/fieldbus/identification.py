"""Asking a device who it is, and whether it is the one that was declared. Only reads, never writes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from wattledger.catalog import Found, IdentifyStep, Product, Profile, RegisterStep, device_map
from wattledger.fieldbus.errors import AnswerTimeoutError, FieldbusError, LinkError, RefusedError, UnfitAnswerError
from wattledger.fieldbus.link import Link, Reply
from wattledger.fieldbus.manners import Manners
from wattledger.fieldbus.modbus.pdu import GATEWAY_TARGET_SILENT, AnswerT, ReadRegisters, Request
from wattledger.fieldbus.recognition import NAMES, inquiry, is_same, text_said


class Outcome(StrEnum):
    """What came of asking."""

    MATCH = "match"
    OTHER_DEVICE = "other_device"
    NO_ANSWER = "no_answer"
    REFUSED = "refused"


class Advice(StrEnum):
    """What to look at next."""

    NONE = "none"
    CHECK_WIRING = "check_wiring"
    CHECK_ADDRESS = "check_address"
    CHECK_UNIT = "check_unit"
    CHOOSE_PRODUCT = "choose_product"
    CHECK_PROFILE = "check_profile"


@dataclass(frozen=True, slots=True)
class Identification:
    """The outcome, what the device said of itself (vendor, product, serial, firmware …) and what to do."""

    outcome: Outcome
    found: Mapping[str, str]
    advice: Advice
    detail: str = ""  # English, for people who debug


async def identify(link: Link, unit_id: int, profile: Profile, product: Product) -> Identification:
    """Whether the device at `unit_id` is a `product` of `profile`.

    The profile's steps are asked in order, each thing until it is found. Somebody waits for the answer, so a pause
    after a failed connection is skipped. Never raises for what the device or the bus does.
    """
    link.retry_now()
    inquiry = _Inquiry(link, unit_id, profile)
    await inquiry.ask_all(product)
    return inquiry.judge(product)


@dataclass(slots=True)
class _Inquiry:
    """What is known so far in one identification."""

    link: Link
    unit_id: int
    profile: Profile
    found: dict[Found, str] = field(default_factory=dict)
    answered: bool = False  # the device said something, were it an exception
    misread: bool = False  # a register holds something else than it must: this map is not the device's
    error: FieldbusError | None = None  # the first
    _silent_kinds: set[str] = field(default_factory=set)

    async def ask_all(self, product: Product) -> None:
        """Ask step by step until all is found or nothing more can be."""
        if not self.profile.identify:
            await self._probe(product)
        for step in self.profile.identify:
            if self._is_superfluous(step):
                continue
            try:
                text = await self._ask(step)
            except FieldbusError as error:
                self._note(step, error)
                if isinstance(error, LinkError) or not self.answered:
                    return
            else:
                self._keep(step, text)

    def judge(self, product: Product) -> Identification:
        """What the findings mean for somebody who declared `product`."""
        if not self.answered:
            return self._report(Outcome.NO_ANSWER, self._advice_on_silence())
        if isinstance(self.error, UnfitAnswerError) and not self.found:
            return self._report(Outcome.REFUSED, Advice.CHECK_UNIT)
        if not self._is_vendor_right():
            return self._report(Outcome.OTHER_DEVICE, Advice.CHECK_PROFILE)
        code = self.found.get(Found.PRODUCT_CODE)
        return self._judge_without_code() if code is None else self._judge_code(code, product)

    def _judge_without_code(self) -> Identification:
        tells_code = any(step.into is Found.PRODUCT_CODE for step in self.profile.identify)
        if tells_code or self.error is not None:
            return self._report(Outcome.REFUSED, Advice.CHECK_PROFILE)
        return self._report(Outcome.MATCH, Advice.NONE)  # it answers, and its profile knows no more to ask

    def _judge_code(self, code: str, product: Product) -> Identification:
        actual = self.profile.product_of_code(code)
        if actual is None:
            return self._report(Outcome.OTHER_DEVICE, Advice.CHECK_PROFILE)
        if actual.ref != product.ref:
            return self._report(Outcome.OTHER_DEVICE, Advice.CHOOSE_PRODUCT)
        return self._report(Outcome.MATCH, Advice.NONE)

    def _is_superfluous(self, step: IdentifyStep) -> bool:
        if step.kind in self._silent_kinds:
            return True
        if self.misread:  # then the registers mean something else; what the standard defines still tells who it is
            return isinstance(step, RegisterStep)
        return step.into in self.found

    async def _ask(self, step: IdentifyStep) -> str:
        return text_said(step, (await self._say(inquiry(self.profile, step))).answer)

    async def _say(self, request: Request[AnswerT]) -> Reply[AnswerT]:
        limits = self.profile.limits
        timeout_s = max(self.link.timeout_s, limits.timeout_ms / 1000)
        return await self.link.request(self.unit_id, request, timeout_s=timeout_s, manners=Manners.of(limits))

    async def _probe(self, product: Product) -> None:
        """A device that cannot tell who it is can at least answer for its first point."""
        for point in device_map(self.profile, product).points[:1]:
            request = ReadRegisters(point.function, point.address, point.words)
            try:
                await self._say(request)
                self.answered = True
            except FieldbusError as error:
                self._note(None, error)

    def _keep(self, step: IdentifyStep, text: str) -> None:
        self.answered = True
        if text:
            self.found[step.into] = text
        if step.equals is not None and isinstance(step, RegisterStep) and not is_same(text, step.equals):
            self.misread = True

    def _note(self, step: IdentifyStep | None, error: FieldbusError) -> None:
        self.error = self.error or error
        if isinstance(error, UnfitAnswerError) or (isinstance(error, RefusedError) and not error.means_silence):
            self.answered = True
        is_silence = isinstance(error, AnswerTimeoutError) or (isinstance(error, RefusedError) and error.means_silence)
        if is_silence and step is not None:
            # Some devices do not even refuse a function that they do not know.
            self._silent_kinds.add(step.kind)

    def _is_vendor_right(self) -> bool:
        vendor = self.found.get(Found.VENDOR)
        wanted = {step.equals for step in self.profile.identify if step.into is Found.VENDOR and step.equals}
        return vendor is None or not wanted or any(is_same(vendor, name) for name in wanted)

    def _advice_on_silence(self) -> Advice:
        if isinstance(self.error, LinkError):
            return Advice.CHECK_ADDRESS
        if isinstance(self.error, RefusedError) and self.error.code == GATEWAY_TARGET_SILENT:
            return Advice.CHECK_WIRING
        return Advice.CHECK_UNIT

    def _report(self, outcome: Outcome, advice: Advice) -> Identification:
        found = {NAMES.get(what, what.value): text for what, text in self.found.items()}
        return Identification(outcome, found, advice, detail=str(self.error) if self.error else "")
