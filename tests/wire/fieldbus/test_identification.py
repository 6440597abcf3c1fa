"""Who is there: the declared device, another one, or nobody, and what to do then."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import pytest

from wattledger.catalog import Found, Product, Profile, RegisterStep, TextType, device_map, load_catalog
from wattledger.fieldbus import Advice, Identification, Outcome, TcpLink, identify

MEI = 0x2B


@pytest.fixture(scope="module")
def profile() -> Profile:
    profile = load_catalog().profile("hager-ecr")
    return profile.model_copy(update={"limits": profile.limits.model_copy(update={"timeout_ms": 50})})


@asynccontextmanager
async def linked(peer: Any, *, timeout_s: float = 0.05) -> AsyncIterator[TcpLink]:
    link = TcpLink(peer.host, peer.port, timeout_s=timeout_s)
    try:
        yield link
    finally:
        await link.close()


async def identified(peer: Any, profile: Profile, *, product: str = "ECR380D", unit: int = 1) -> Identification:
    timeout_s = 0.05 if hasattr(peer, "asked") else 5.0
    async with linked(peer, timeout_s=timeout_s) as link:
        return await identify(link, unit, profile, profile.product(product))


def words(text: str, count: int) -> list[int]:
    data = text.encode().ljust(2 * count, b"\0")
    return [int.from_bytes(data[n : n + 2], "big") for n in range(0, 2 * count, 2)]


def mei(asked: Any, text: bytes) -> bytes:
    return asked.frame(bytes((MEI, 0x0E, 4, 0x83, 0, 0, 1, asked.object_id, len(text))) + text)


async def test_the_declared_meter_matches_and_tells_who_it_is(ecr380d: Any, profile: Profile) -> None:
    found = await identified(ecr380d, profile)

    assert (found.outcome, found.advice, found.detail) == (Outcome.MATCH, Advice.NONE, "")
    assert found.found == {
        "vendor": "Hager",
        "product": "ECR380D",
        "serial": "3426010001",
        "firmware": "2.3.0",
        "hardware": "4.1.0",
        "product_name": "ECR380D",
        "model": "ECR380D",
    }


async def test_a_sister_product_asks_to_choose_the_product(ecr380d: Any, profile: Profile) -> None:
    found = await identified(ecr380d, profile, product="ECR310D")

    assert (found.outcome, found.advice) == (Outcome.OTHER_DEVICE, Advice.CHOOSE_PRODUCT)
    assert found.found["product"] == "ECR380D"


async def test_a_unit_that_the_gateway_does_not_find_asks_for_the_wiring(ecr380d: Any, profile: Profile) -> None:
    found = await identified(ecr380d, profile, unit=9)

    assert (found.outcome, found.advice) == (Outcome.NO_ANSWER, Advice.CHECK_WIRING)
    assert "exception 11" in found.detail


async def test_nothing_is_ever_written(scripted: Any, profile: Profile) -> None:
    peer = scripted(lambda asked: [asked.refusal(1)])
    await identified(peer, profile)

    assert {asked.function for asked in peer.asked} == {3, MEI}


async def test_silence_asks_for_the_unit_and_is_not_prolonged(scripted: Any, profile: Profile) -> None:
    peer = scripted(lambda asked: [])
    found = await identified(peer, profile)

    assert (found.outcome, found.advice, found.found) == (Outcome.NO_ANSWER, Advice.CHECK_UNIT, {})
    assert len(peer.asked) == 1


async def test_a_host_that_is_not_there_asks_for_the_address(scripted: Any, profile: Profile) -> None:
    gone = scripted()
    gone.stop()

    found = await identified(gone, profile)

    assert (found.outcome, found.advice) == (Outcome.NO_ANSWER, Advice.CHECK_ADDRESS)


async def test_a_person_who_asks_does_not_wait_for_the_pause_to_end(scripted: Any, profile: Profile) -> None:
    peer = scripted(lambda asked: ["close"])
    async with linked(peer) as link:
        for _ in range(2):
            await identify(link, 1, profile, profile.product("ECR380D"))

    assert peer.connections == 2


async def test_another_make_is_told_by_what_it_says(scripted: Any, profile: Profile) -> None:
    def other(asked: Any) -> Sequence[Any]:
        if asked.function == MEI:
            return [asked.refusal(1)]
        return [asked.answer(words("SOCOMEC", asked.count))]

    peer = scripted(other)
    found = await identified(peer, profile)

    assert (found.outcome, found.advice) == (Outcome.OTHER_DEVICE, Advice.CHECK_PROFILE)
    assert found.found == {"vendor": "SOCOMEC"}
    assert [asked.address for asked in peer.asked if asked.function == 3] == [0x1000]  # the rest means something else


async def test_a_device_that_refuses_everything_is_reported_so(scripted: Any, profile: Profile) -> None:
    found = await identified(scripted(lambda asked: [asked.refusal(2)]), profile)

    assert (found.outcome, found.advice) == (Outcome.REFUSED, Advice.CHECK_PROFILE)
    assert "exception 2 (illegal data address)" in found.detail


async def test_where_registers_are_refused_the_standard_identification_tells(scripted: Any, profile: Profile) -> None:
    texts = {0x00: b"Hager", 0x01: b"ECR380D-CH", 0x02: b"2.3.0", 0x80: b"3426010001"}

    def only_mei(asked: Any) -> Sequence[Any]:
        return [mei(asked, texts[asked.object_id])] if asked.function == MEI else [asked.refusal(2)]

    found = await identified(scripted(only_mei), profile)

    assert found.outcome is Outcome.MATCH
    assert found.found == {"vendor": "Hager", "product": "ECR380D-CH", "serial": "3426010001", "firmware": "2.3.0"}


async def test_a_device_that_does_not_even_refuse_what_it_does_not_know(scripted: Any, profile: Profile) -> None:
    def mute_about_registers(asked: Any) -> Sequence[Any]:
        first = asked.function == 3 and asked.address == 0x1000
        return [asked.answer(words("Hager", 16))] if first else []

    peer = scripted(mute_about_registers)
    found = await identified(peer, profile)

    assert (found.outcome, found.advice) == (Outcome.REFUSED, Advice.CHECK_PROFILE)
    assert len(peer.asked) == 3  # vendor, then one timeout of each kind of question


async def test_an_answer_of_another_unit_asks_for_the_unit(scripted: Any, profile: Profile) -> None:
    found = await identified(scripted(lambda asked: [asked.frame(b"\x83\x02", unit=5)]), profile)

    assert (found.outcome, found.advice) == (Outcome.REFUSED, Advice.CHECK_UNIT)
    assert "unit 5 answered instead of 1" in found.detail


def who(asked: Any, product: str = "ECR380D", *, vendor: str = "Hager") -> Any:
    """What a meter of the profile answers."""
    texts = {0x1000: vendor, 0x1010: product, 0x1064: "3426010001"}
    known = asked.function == 3 and asked.address in texts
    return asked.answer(words(texts[asked.address], asked.count)) if known else asked.refusal(2)


@pytest.mark.parametrize(
    ("script", "outcome", "advice"),
    [
        (lambda asked: [who(asked)], Outcome.MATCH, Advice.NONE),
        (lambda asked: [who(asked, "ECR310D")], Outcome.OTHER_DEVICE, Advice.CHOOSE_PRODUCT),
        (lambda asked: [who(asked, "ECR999X")], Outcome.OTHER_DEVICE, Advice.CHECK_PROFILE),
        (lambda asked: [who(asked, vendor="SOCOMEC")], Outcome.OTHER_DEVICE, Advice.CHECK_PROFILE),
        (lambda asked: [], Outcome.NO_ANSWER, Advice.CHECK_UNIT),
        (lambda asked: [asked.refusal(11)], Outcome.NO_ANSWER, Advice.CHECK_WIRING),
        (lambda asked: [asked.refusal(10)], Outcome.NO_ANSWER, Advice.CHECK_UNIT),
        (lambda asked: ["close"], Outcome.NO_ANSWER, Advice.CHECK_ADDRESS),
        (lambda asked: [who(asked)] if asked.number == 0 else ["close"], Outcome.NO_ANSWER, Advice.CHECK_ADDRESS),
        (lambda asked: [asked.refusal(6) if asked.number else who(asked)], Outcome.REFUSED, Advice.TRY_AGAIN),
        (lambda asked: [asked.refusal(6)], Outcome.REFUSED, Advice.TRY_AGAIN),
        (lambda asked: [asked.refusal(5)], Outcome.REFUSED, Advice.TRY_AGAIN),
        (lambda asked: [asked.refusal(2)], Outcome.REFUSED, Advice.CHECK_PROFILE),
        (lambda asked: [who(asked)] if asked.number == 0 else [], Outcome.REFUSED, Advice.CHECK_PROFILE),
        (lambda asked: [asked.answer([1])], Outcome.REFUSED, Advice.CHECK_UNIT),
    ],
)
async def test_each_way_of_answering_has_its_outcome_and_advice(
    scripted: Any, profile: Profile, script: Any, outcome: Outcome, advice: Advice
) -> None:
    found = await identified(scripted(script), profile)

    assert (found.outcome, found.advice) == (outcome, advice)


async def test_a_product_that_the_profile_does_not_know_is_another_device(scripted: Any, profile: Profile) -> None:
    def newer(asked: Any) -> Sequence[Any]:
        if asked.function == MEI:
            return [asked.refusal(1)]
        return [asked.answer(words({0x1000: "Hager", 0x1010: "ECR999X"}.get(asked.address, ""), asked.count))]

    found = await identified(scripted(newer), profile)

    assert (found.outcome, found.advice) == (Outcome.OTHER_DEVICE, Advice.CHECK_PROFILE)
    assert found.found["product"] == "ECR999X"


@pytest.mark.parametrize(("answers", "outcome"), [(True, Outcome.MATCH), (False, Outcome.REFUSED)])
async def test_a_profile_that_cannot_tell_accepts_whoever_answers_for_its_first_point(
    scripted: Any, profile: Profile, answers: bool, outcome: Outcome
) -> None:
    mute = profile.model_copy(update={"identify": ()})

    found = await identified(scripted(lambda a: [a.answer() if answers else a.refusal(2)]), mute)

    assert found.outcome is outcome


async def test_of_a_device_whose_registers_nobody_published_a_refusal_is_enough(
    scripted: Any, profile: Profile
) -> None:
    unknown = profile.model_copy(update={"identify": (), "points": (), "repeats": (), "blocks": ()})

    found = await identified(scripted(lambda asked: [asked.refusal(2)]), unknown)

    assert (found.outcome, found.detail) == (Outcome.MATCH, "")


async def test_a_product_that_has_no_code_of_its_own_is_whatever_is_none_of_the_others(
    scripted: Any, profile: Profile
) -> None:
    nameless = Product(ref="OTHER", variant="d3")
    more = profile.model_copy(update={"products": (*profile.products, nameless)})
    answers = {0x1000: words("Hager", 16), 0x1010: words("NEW1", 16)}

    def says(asked: Any) -> Sequence[Any]:
        return [asked.answer(answers[asked.address]) if asked.address in answers else asked.refusal(2)]

    assert (await identified(scripted(says), more, product="OTHER")).outcome is Outcome.MATCH
    answers[0x1010] = words("ECR380D", 16)
    sister = await identified(scripted(says), more, product="OTHER")
    assert (sister.outcome, sister.advice) == (Outcome.OTHER_DEVICE, Advice.CHOOSE_PRODUCT)


async def test_whatever_a_device_must_say_of_itself_is_held_against_it(scripted: Any, profile: Profile) -> None:
    step = RegisterStep(kind="register", addr=0x1042, words=4, type=TextType.STR, into=Found.MODEL, equals="MOD")
    only_model = profile.model_copy(update={"identify": (step,)})

    found = await identified(scripted(lambda asked: [asked.answer(words("OTHER", 4))]), only_model)

    assert (found.outcome, found.advice) == (Outcome.OTHER_DEVICE, Advice.CHECK_PROFILE)


async def test_a_slow_device_that_cannot_tell_who_it_is_has_its_own_time_to_answer(
    scripted: Any, profile: Profile
) -> None:
    limits = profile.limits.model_copy(update={"timeout_ms": 5000})
    slow = profile.model_copy(update={"identify": (), "limits": limits})

    found = await identified(scripted(lambda asked: [0.2, asked.answer()]), slow)

    assert found.outcome is Outcome.MATCH


async def test_a_device_that_cannot_tell_who_it_is_is_asked_for_a_point_of_its_own_product(
    scripted: Any, profile: Profile
) -> None:
    first_points = {
        product.ref: device_map(profile, product).points[0].address
        for product in profile.products
        if device_map(profile, product).points
    }
    peer = scripted()

    for ref in first_points:
        await identified(peer, profile.model_copy(update={"identify": ()}), product=ref)

    assert [asked.address for asked in peer.asked] == list(first_points.values())
    assert len(set(first_points.values())) > 1


async def test_a_device_that_its_gateway_loses_in_the_middle_is_not_waited_for_with_each_question(
    scripted: Any, profile: Profile
) -> None:
    def lost_after_the_vendor(asked: Any) -> Sequence[Any]:
        return [asked.answer(words("Hager", 16)) if asked.number == 0 else asked.refusal(11)]

    peer = scripted(lost_after_the_vendor)
    found = await identified(peer, profile)

    assert found.outcome is Outcome.REFUSED
    assert len(peer.asked) == 3  # vendor, then one wait of the gateway for each kind of question
