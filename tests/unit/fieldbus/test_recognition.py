"""What an unknown device is asked, and which profiles its answers fit."""

from __future__ import annotations

import struct
from collections.abc import Mapping
from typing import Any

import pytest

from wattledger.catalog import Found, IdentifyStep, Profile, RegisterStep, TextType, load_catalog
from wattledger.fieldbus.modbus.pdu import ReadIdentification, ReadRegisters
from wattledger.fieldbus.recognition import (
    Certainty,
    Inquiry,
    Proposal,
    inquiry,
    next_inquiry,
    proposals,
    said_by,
    serial_inquiry,
)

HAGER = load_catalog().profile("hager-ecr")
HAGER_VENDOR, HAGER_CODE = ReadRegisters(3, 0x1000, 16), ReadRegisters(3, 0x1010, 16)
VENDOR, CODE, SERIAL = ReadIdentification(0), ReadIdentification(1), ReadIdentification(0x80)


def profile(
    name: str,
    *steps: Mapping[str, object],
    code: str | None = "X1",
    exact: bool = False,
    status: str = "unverified",
) -> Profile:
    """A profile that is recognised by `steps` and has one product; `code` None: which does not tell its code."""
    product: dict[str, Any] = {"ref": f"{name}-1", "variant": "v"}
    if code is not None:
        product["match"] = {"product_code": code, "exact": exact}
    document: dict[str, Any] = {
        "id": name, "version": 1, "name": name, "family": name, "status": status, "sources": [{"title": "test"}],
        "variants": {"v": {"title": "all"}},
        "products": [product],
        "transport": {"rtu": {"baud": [9600], "parity": "N"}},
        "identify": list(steps), "blocks": [{"start": 0, "words": 2}],
    }  # fmt: skip
    return Profile.model_validate(document)


def register_step(address: int, words: int, into: str, **more: object) -> dict[str, object]:
    return {"kind": "register", "addr": address, "words": words, "type": "str", "into": into} | more


SOCO = profile(
    "soco", register_step(50000, 4, "vendor", equals="SOCO"), register_step(50004, 2, "product_code"), code="E45"
)
PLAIN = profile("plain", register_step(11, 1, "product_code"), code="Q")


def words(text: str, count: int) -> tuple[int, ...]:
    data = text.encode().ljust(2 * count, b"\0")
    return tuple(int.from_bytes(data[n : n + 2], "big") for n in range(0, 2 * count, 2))


def dialogue(device: Mapping[Inquiry, tuple[int, ...] | bytes], *profiles: Profile) -> list[Inquiry]:
    """What `device` is asked until nothing more is."""
    answers: dict[Inquiry, tuple[int, ...] | bytes | None] = {}
    while (asked := next_inquiry(profiles, answers)) is not None:
        assert asked not in answers
        answers[asked] = device.get(asked)
    return list(answers)


def test_what_several_profiles_want_to_know_and_what_is_short_is_asked_first_and_each_thing_once() -> None:
    twin = SOCO.model_copy(update={"id": "twin"})

    asked = dialogue({}, HAGER, SOCO, twin, PLAIN)

    assert asked == [ReadRegisters(3, 50000, 4), VENDOR, HAGER_VENDOR, ReadRegisters(3, 11, 1)]


def test_an_unknown_device_is_asked_no_more_than_the_distinct_questions_of_all_profiles() -> None:
    profiles = load_catalog().profiles
    distinct = {inquiry(one, step) for one in profiles for step in one.identify}

    asked = dialogue({}, *profiles)

    assert len(set(asked)) == len(asked)
    assert set(asked) <= distinct


def says(step: IdentifyStep, text: str) -> tuple[int, ...] | bytes:
    """What a device answers to `step` when it is called `text`."""
    if not isinstance(step, RegisterStep):
        return text.encode()
    match step.type:
        case TextType.NUM:
            return struct.unpack(f">{step.words}H", int(text).to_bytes(2 * step.words, "big"))
        case TextType.STR16:
            return tuple(text.encode().ljust(step.words, b"\0"))
        case TextType.STRL:
            return tuple((word & 0xFF) << 8 | word >> 8 for word in words(text, step.words))
        case _:
            return words(text, step.words)


def test_each_product_that_tells_its_code_is_known_among_all_profiles() -> None:
    profiles = load_catalog().profiles
    for one in profiles:
        steps = [step for step in one.identify if step.equals or step.into is Found.PRODUCT_CODE]
        for product in one.products:
            if product.match is None or not any(step.into is Found.PRODUCT_CODE for step in steps):
                continue
            device = {inquiry(one, step): says(step, step.equals or product.match.product_code) for step in steps}

            asked = dialogue(device, *profiles)

            first = proposals(profiles, {question: device.get(question) for question in asked})[0]
            assert (first.profile, first.product) == (one.id, product.ref)


def test_a_profile_that_knows_nothing_to_ask_is_not_proposed() -> None:
    silent = profile("silent", code=None)

    assert dialogue({}, silent) == []
    assert proposals([silent, SOCO], {VENDOR: b"ACME", CODE: b"X1"}) == ()


NUMBERED = profile("numbered", register_step(11, 1, "product_code", type="num"), code="341", exact=True)


@pytest.mark.parametrize(("register", "product"), [(341, "numbered-1"), (3410, None), (34, None), (0xFFFF, None)])
def test_a_model_code_that_is_a_number_is_compared_whole(register: int, product: str | None) -> None:
    found = proposals([NUMBERED], {ReadRegisters(3, 11, 1): (register,)})

    assert [one.product for one in found] == ([product] if product else [])


def test_a_make_with_one_product_that_has_no_code_is_that_product() -> None:
    only = profile("only", register_step(50000, 4, "vendor", type="str16", equals="SOCO"), code=None)
    answers = {ReadRegisters(3, 50000, 4): tuple(b"SOCO")}

    assert proposals([only], answers) == (Proposal("only", "only-1", Certainty.LIKELY),)


def test_a_step_is_asked_with_its_own_function() -> None:
    inputs = profile("inputs", register_step(16, 4, "product_code", fc=4))

    assert dialogue({}, inputs) == [ReadRegisters(4, 16, 4)]


def test_of_profiles_that_fit_alike_the_one_with_the_better_table_comes_first() -> None:
    step = register_step(0, 4, "vendor", equals="ACME")
    twins = [profile("guess", step, status="derived"), profile("table", step, status="official")]

    found = proposals(twins, {ReadRegisters(3, 0, 4): words("ACME", 4)})

    assert [one.profile for one in found] == ["table", "guess"]


def test_nothing_more_is_asked_once_a_profile_fits_surely() -> None:
    soco = {ReadRegisters(3, 50000, 4): words("SOCO", 4), ReadRegisters(3, 50004, 2): words("E45", 2)}

    assert dialogue(soco, HAGER, SOCO, PLAIN) == [VENDOR, *soco]


def test_registers_of_a_profile_are_not_asked_of_another_make() -> None:
    assert dialogue({VENDOR: b"ACME"}, HAGER, SOCO) == [VENDOR, ReadRegisters(3, 50000, 4)]


@pytest.mark.parametrize(
    ("answers", "expected"),
    [
        ({VENDOR: b"Hager", CODE: b"ECR380D-CH"}, Proposal("hager-ecr", "ECR380D", Certainty.SURE)),
        ({VENDOR: b"HAGER", CODE: b"ECR180T"}, Proposal("hager-ecr", "ECR180T", Certainty.SURE)),
        ({VENDOR: b"Hager", CODE: b"NEW1"}, Proposal("hager-ecr", None, Certainty.LIKELY)),
        ({VENDOR: b"Hager", CODE: None, HAGER_CODE: None}, Proposal("hager-ecr", None, Certainty.LIKELY)),
        ({HAGER_VENDOR: words("Hager", 16)}, Proposal("hager-ecr", None, Certainty.LIKELY)),
        ({HAGER_VENDOR: None, CODE: b"ECR380D"}, Proposal("hager-ecr", "ECR380D", Certainty.LIKELY)),
        ({VENDOR: b"", CODE: b"ECR380D"}, Proposal("hager-ecr", "ECR380D", Certainty.LIKELY)),
        ({ReadRegisters(3, 11, 1): words("Q7", 1)}, Proposal("plain", "plain-1", Certainty.LIKELY)),
    ],
)
def test_make_and_product_together_make_a_proposal_sure(
    answers: Mapping[Inquiry, tuple[int, ...] | bytes | None], expected: Proposal
) -> None:
    assert proposals([SOCO, HAGER, PLAIN], answers) == (expected,)


@pytest.mark.parametrize(
    "answers",
    [{}, {VENDOR: None}, {VENDOR: b"ACME", CODE: b"ECR380D"}, {HAGER_VENDOR: words("SOCOMEC", 16), CODE: b"ECR380D"}],
)
def test_nothing_is_proposed_without_a_reason_or_against_one(
    answers: Mapping[Inquiry, tuple[int, ...] | bytes | None],
) -> None:
    assert proposals([HAGER, SOCO], answers) == ()


def test_the_surest_proposal_comes_first() -> None:
    answers = {VENDOR: b"Hager", CODE: b"ECR380D", ReadRegisters(3, 11, 1): words("Q7", 1)}

    assert [one.profile for one in proposals([PLAIN, HAGER], answers)] == ["hager-ecr", "plain"]


def test_the_serial_number_is_asked_until_it_is_known() -> None:
    register = ReadRegisters(3, 0x1064, 16)

    assert serial_inquiry(HAGER, {}) == register
    assert serial_inquiry(HAGER, {register: None}) == SERIAL
    assert serial_inquiry(HAGER, {register: words("3426010001", 16)}) is None
    assert serial_inquiry(HAGER, {register: (0xFFFF,) * 16, SERIAL: None}) is None
    assert serial_inquiry(PLAIN, {}) is None


def test_what_a_stranger_says_by_the_standard_is_told() -> None:
    answers = {VENDOR: b"ACME\0", CODE: b"M-7", ReadIdentification(2): b"1.4", HAGER_VENDOR: words("junk", 16)}

    assert said_by(None, answers) == {"vendor": "ACME", "product": "M-7", "firmware": "1.4"}


def test_a_profile_reads_its_own_registers() -> None:
    answers = {VENDOR: b"Hager", HAGER_CODE: words("ECR380D", 16), ReadRegisters(3, 0x1020, 2): (0x0203, 0x0000)}

    assert said_by(HAGER, answers) == {"vendor": "Hager", "product": "ECR380D", "firmware": "2.3.0"}
