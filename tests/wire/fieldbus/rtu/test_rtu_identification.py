"""Who is at an address of a serial line, where that differs from a connection: noise, two devices, no adapter."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pytest

from wattledger.catalog import Profile, load_catalog
from wattledger.fieldbus import Advice, Outcome, Parity, RtuLink, SerialSettings, identify

TIMEOUT_S = 0.1


def words(text: str, count: int) -> list[int]:
    data = text.encode().ljust(2 * count, b"\0")
    return [int.from_bytes(data[n : n + 2], "big") for n in range(0, 2 * count, 2)]


def meter(asked: Any) -> Sequence[Any]:
    texts = {0x1000: "Hager", 0x1010: "ECR380D", 0x1064: "3426010001"}
    known = asked.raw[1] == 3 and asked.address in texts
    return [asked.answer(words(texts[asked.address], asked.count)) if known else asked.refusal(2)]


def other_than_first(answer: Callable[[Any], Sequence[Any]]) -> Callable[[Any], Sequence[Any]]:
    return lambda asked: meter(asked) if asked.number == 0 else answer(asked)


@pytest.fixture(scope="module")
def profile() -> Profile:
    profile = load_catalog().profile("hager-ecr")
    return profile.model_copy(update={"limits": profile.limits.model_copy(update={"timeout_ms": 100})})


@pytest.mark.parametrize(
    ("script", "outcome", "advice", "detail"),
    [
        (meter, Outcome.MATCH, Advice.NONE, ""),
        (lambda asked: [], Outcome.NO_ANSWER, Advice.CHECK_UNIT, "no answer"),
        (lambda asked: [b"\x55\xaa" * 20], Outcome.REFUSED, Advice.CHECK_LINE, "no frame with a right CRC"),
        (lambda asked: [asked.raw, *meter(asked)], Outcome.REFUSED, Advice.CHECK_LINE, "switch its echo setting on"),
        (lambda asked: [asked.answer(unit=9)], Outcome.REFUSED, Advice.CHECK_LINE, "unit 9 answered instead of 1"),
        (
            lambda asked: [*meter(asked), 0.01, *meter(asked)],
            Outcome.REFUSED,
            Advice.CHECK_DOUBLE_ADDRESS,
            "two devices answer at address 1",
        ),
        (lambda asked: [asked.refusal(6)], Outcome.REFUSED, Advice.TRY_AGAIN, "exception 6 (server device busy)"),
        (other_than_first(lambda asked: [asked.refusal(6)]), Outcome.REFUSED, Advice.TRY_AGAIN, "exception 6"),
        (lambda asked: ["unplug"], Outcome.NO_ANSWER, Advice.CHECK_ADDRESS, "connection lost"),
        (other_than_first(lambda asked: ["unplug"]), Outcome.NO_ANSWER, Advice.CHECK_ADDRESS, "connection lost"),
    ],
)
async def test_each_way_of_answering_has_its_outcome_and_advice(
    scripted_line: Any, profile: Profile, script: Any, outcome: Outcome, advice: Advice, detail: str
) -> None:
    link = RtuLink(SerialSettings(scripted_line(script).port, 115200, Parity.EVEN), timeout_s=TIMEOUT_S)
    try:
        found = await identify(link, 1, profile, profile.product("ECR380D"))
    finally:
        await link.close()

    assert (found.outcome, found.advice) == (outcome, advice)
    assert detail in found.detail


async def test_noise_is_not_listened_to_with_each_question(scripted_line: Any, profile: Profile) -> None:
    line = scripted_line(lambda asked: [b"\x55\xaa" * 20])
    link = RtuLink(SerialSettings(line.port, 115200, Parity.EVEN), timeout_s=TIMEOUT_S)
    try:
        await identify(link, 1, profile, profile.product("ECR380D"))
    finally:
        await link.close()

    assert len(line.asked) == 2
