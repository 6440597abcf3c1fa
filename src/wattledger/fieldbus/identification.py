"""Asking a device who it is, and whether it is the one that was declared. Only reads, never writes."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeVar

from wattledger.catalog import Found, IdentifyStep, Product, Profile, RegisterStep, device_map
from wattledger.fieldbus.anchoring import answer_of
from wattledger.fieldbus.errors import (
    DoubledUnitError,
    FieldbusError,
    LinkError,
    RefusedError,
    UnfitAnswerError,
    is_silence,
)
from wattledger.fieldbus.link import Link, Reply
from wattledger.fieldbus.manners import Manners
from wattledger.fieldbus.modbus.pdu import (
    GATEWAY_TARGET_SILENT,
    AnswerT,
    ReadRegisters,
    Request,
)
from wattledger.fieldbus.outcomes import Advice, Identification, Outcome
from wattledger.fieldbus.recognition import IS_ANYBODY_THERE, NAMES, inquiry, is_same, text_said
from wattledger.fieldbus.sunspec import ChainWalk
from wattledger.fieldbus.sunspec_devices import model_of, products_in, steps_at

MOST_NOISE = 2  # answers that fit nothing; a line that is set otherwise than the device gives no better ones

ErrorT = TypeVar("ErrorT", bound=FieldbusError)


async def identify(link: Link, unit_id: int, profile: Profile, product: Product) -> Identification:
    """Whether the device at `unit_id` is a `product` of `profile`.

    The profile's steps are asked in order, each thing until it is found; with an anchor the whole chain of the device
    is looked through first. Somebody waits for the answer, so a pause after a failed connection is skipped. Never
    raises for what the device or the bus does.
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
    understood: bool = False  # the device gave a right answer, were it an exception
    misread: bool = False  # a register holds something else than it must: this map is not the device's
    errors: list[FieldbusError] = field(default_factory=list)  # in the order in which they came
    walk: ChainWalk = field(default_factory=ChainWalk)  # of an anchored profile
    _silent_kinds: set[str] = field(default_factory=set)

    async def ask_all(self, product: Product) -> None:
        """Ask step by step until all is found or nothing more can be."""
        if self.profile.anchor is not None:
            await self._search(product)
            return
        if not self.profile.identify:
            await self._probe(product)
        for step in self.profile.identify:
            if self._is_superfluous(step):
                continue
            try:
                text = await self._ask(step)
            except FieldbusError as error:
                self._note(step, error)
                if isinstance(error, LinkError | DoubledUnitError) or not (self.understood or self._may_be_noise):
                    return
            else:
                self._keep(step, text)

    def judge(self, product: Product) -> Identification:
        """What the findings mean for somebody who declared `product`."""
        if doubled := self._first(DoubledUnitError):
            return self._report(Outcome.REFUSED, Advice.CHECK_DOUBLE_ADDRESS, because=doubled)
        if not self.understood:
            return self._judge_without_answer()
        if self.profile.anchor is not None:
            return self._judge_chain(product)
        if self._is_contradicted():
            return self._report(Outcome.OTHER_DEVICE, Advice.CHECK_PROFILE)
        code = self.found.get(Found.PRODUCT_CODE)
        return self._judge_without_code(product) if code is None else self._judge_code(code, product)

    def _judge_without_answer(self) -> Identification:
        if lost := self._first(LinkError):
            return self._report(Outcome.NO_ANSWER, Advice.CHECK_ADDRESS, because=lost)
        if unfit := self._first(UnfitAnswerError):
            advice = Advice.CHECK_LINE if self.link.is_serial else Advice.CHECK_UNIT
            return self._report(Outcome.REFUSED, advice, because=unfit)
        gateways_word = self._first(RefusedError)
        is_beyond_gateway = gateways_word is not None and gateways_word.code == GATEWAY_TARGET_SILENT
        return self._report(Outcome.NO_ANSWER, Advice.CHECK_WIRING if is_beyond_gateway else Advice.CHECK_UNIT)

    def _judge_without_code(self, product: Product) -> Identification:
        if lost := self._first(LinkError):
            return self._report(Outcome.NO_ANSWER, Advice.CHECK_ADDRESS, because=lost)
        busy = next((error for error in self.errors if isinstance(error, RefusedError) and error.means_busy), None)
        if busy is not None:
            return self._report(Outcome.REFUSED, Advice.TRY_AGAIN, because=busy)
        steps = self.profile.identify
        telling = {step.into for step in steps if step.equals is not None} or {step.into for step in steps}
        is_code_missing = product.match is not None and any(step.into is Found.PRODUCT_CODE for step in steps)
        if is_code_missing or (self.errors and not telling & self.found.keys()):
            return self._report(Outcome.REFUSED, Advice.CHECK_PROFILE)
        return self._report(Outcome.MATCH, Advice.NONE)  # it answers, and its profile knows no more to ask

    def _judge_code(self, code: str, product: Product) -> Identification:
        actual = self.profile.product_of_code(code)
        if actual is None and product.match is None:
            return self._report(Outcome.MATCH, Advice.NONE)  # it is not known what such a product calls itself
        if actual is None:
            return self._report(Outcome.OTHER_DEVICE, Advice.CHECK_PROFILE)
        if actual.ref != product.ref:
            return self._report(Outcome.OTHER_DEVICE, Advice.CHOOSE_PRODUCT)
        return self._report(Outcome.MATCH, Advice.NONE)

    def _judge_chain(self, product: Product) -> Identification:
        walk = self.walk
        if lost := self._first(LinkError):
            return self._report(Outcome.NO_ANSWER, Advice.CHECK_ADDRESS, because=lost)
        if walk.next_read() is not None:  # it fell silent in the middle, or was busy
            return self._report(Outcome.REFUSED, Advice.TRY_AGAIN)
        if walk.base is None:
            return self._report(Outcome.OTHER_DEVICE, Advice.ENABLE_SUNSPEC)
        offered = products_in(self.profile, walk)
        if product in offered:
            return self._report(Outcome.MATCH, Advice.NONE)
        if not offered:
            return self._report(Outcome.OTHER_DEVICE, Advice.CHECK_MODELS)
        self.found[Found.PRODUCT_CODE] = offered[0].ref
        return self._report(Outcome.OTHER_DEVICE, Advice.CHOOSE_PRODUCT)

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
        """A device that cannot tell who it is can at least answer for its first point, or at all where it has none."""
        points = device_map(self.profile, product).points
        first = ReadRegisters(points[0].function, points[0].address, points[0].words) if points else IS_ANYBODY_THERE
        try:
            await self._say(first)
            self.understood = True
        except FieldbusError as error:
            if not points and isinstance(error, RefusedError) and not error.means_silence:
                self.understood = True  # a refusal is all that was hoped for
            else:
                self._note(None, error)

    async def _search(self, product: Product) -> None:
        """Look the chain through, then ask the common model that is the product's, else the first."""
        walk = self.walk
        while (asked := walk.next_read()) is not None:
            try:
                await answer_of(asked, walk, self._registers)
                self.understood = True
            except FieldbusError as error:
                self._note(None, error)
                if walk.base is not None or not is_silence(error):
                    return
                walk.refused()  # some devices only answer where they have registers
        model = model_of(self.profile, product, walk)
        common = walk.common_of(model) if model else next(iter(walk.models), None)
        for step, asked in steps_at(self.profile, common) if common else ():
            try:
                self._keep(step, text_said(step, await self._registers(asked)))
            except FieldbusError as error:
                self._note(step, error)
                return

    async def _registers(self, request: ReadRegisters) -> tuple[int, ...]:
        return (await self._say(request)).answer

    def _keep(self, step: IdentifyStep, text: str) -> None:
        self.understood = True
        if text:
            self.found[step.into] = text
        if step.equals is not None and isinstance(step, RegisterStep) and not is_same(text, step.equals):
            self.misread = True

    def _note(self, step: IdentifyStep | None, error: FieldbusError) -> None:
        self.errors.append(error)
        if isinstance(error, RefusedError) and not error.means_silence:
            self.understood = True
        if is_silence(error) and step is not None:
            # Some devices do not even refuse a function that they do not know.
            self._silent_kinds.add(step.kind)

    def _is_contradicted(self) -> bool:
        """Whether the device says something else of itself than each step that asks for it wants."""
        wanted: dict[Found, set[str]] = {}
        for step in self.profile.identify:
            if step.equals is not None:
                wanted.setdefault(step.into, set()).add(step.equals)
        return any(
            what in self.found and not any(is_same(self.found[what], text) for text in texts)
            for what, texts in wanted.items()
        )

    def _first(self, kind: type[ErrorT]) -> ErrorT | None:
        return next((error for error in self.errors if isinstance(error, kind)), None)

    @property
    def _may_be_noise(self) -> bool:
        """Whether something came that was no answer, but not so often that more of it is to be expected."""
        unfit = [error for error in self.errors if isinstance(error, UnfitAnswerError)]
        return 0 < len(unfit) < MOST_NOISE

    def _report(self, outcome: Outcome, advice: Advice, *, because: FieldbusError | None = None) -> Identification:
        """What came of it; `because` None: of the first thing that failed, if any."""
        found = {NAMES.get(what, what.value): text for what, text in self.found.items()}
        if self.walk.models:
            found["models"] = ", ".join(str(model.id) for model in self.walk.models)
        reason = because or next(iter(self.errors), None)
        return Identification(outcome, found, advice, detail=str(reason) if reason else "")
