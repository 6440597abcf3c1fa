"""Who is behind a TCP connection: units of a gateway, and hosts that treat other units in their own way."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import pytest

from wattledger.catalog import Profile, load_catalog
from wattledger.fieldbus import Certainty, FoundUnit, Proposal, TcpLink, UnreachableError, probe_unit

MEI = 0x2B


@pytest.fixture(scope="module")
def profiles() -> Sequence[Profile]:
    profile = load_catalog().profile("hager-ecr")
    return [profile.model_copy(update={"limits": profile.limits.model_copy(update={"timeout_ms": 50})})]


@asynccontextmanager
async def linked(peer: Any, *, timeout_s: float) -> AsyncIterator[TcpLink]:
    link = TcpLink(peer.host, peer.port, timeout_s=timeout_s, retries=3)
    try:
        yield link
    finally:
        await link.close()


async def test_a_meter_is_found_behind_its_gateway_and_nobody_at_the_other_units(
    ecr380d: Any, profiles: Sequence[Profile]
) -> None:
    async with linked(ecr380d, timeout_s=5.0) as link:
        found = [await probe_unit(link, unit_id, profiles) for unit_id in (1, 2, 3)]

    said = {"vendor": "Hager", "product": "ECR380D", "serial": "3426010001"}
    assert found[0] is not None
    assert found[0].proposals == (Proposal("hager-ecr", "ECR380D", Certainty.SURE),)
    assert said.items() <= found[0].said.items()
    assert found[1:] == [None, None]  # exception 11: the gateway says so
    assert link.statistics.of_link().timeouts == 0


@pytest.mark.parametrize(("code", "there"), [(1, True), (2, True), (4, True), (6, True), (10, False), (11, False)])
async def test_any_exception_but_those_of_a_gateway_shows_a_device(
    scripted: Any, profiles: Sequence[Profile], code: int, there: bool
) -> None:
    peer = scripted(lambda asked: [asked.refusal(code)])
    async with linked(peer, timeout_s=5.0) as link:
        found = await probe_unit(link, 9, profiles)

    assert found == (FoundUnit(9) if there else None)
    assert {asked.function for asked in peer.asked} <= {3, MEI}


async def test_silence_costs_one_request(scripted: Any, profiles: Sequence[Profile]) -> None:
    peer = scripted(lambda asked: [])
    async with linked(peer, timeout_s=0.05) as link:
        assert await probe_unit(link, 9, profiles) is None

    assert len(peer.asked) == 1


async def test_a_host_that_hangs_up_at_units_it_does_not_have_is_still_scanned(
    scripted: Any, profiles: Sequence[Profile]
) -> None:
    peer = scripted(lambda asked: [asked.refusal(2)] if asked.unit == 5 else ["close"])
    async with linked(peer, timeout_s=5.0) as link:
        found = [await probe_unit(link, unit_id, profiles) for unit_id in (3, 4, 5, 6)]

    assert found == [None, None, FoundUnit(5), None]


async def test_a_device_that_is_mute_about_what_it_does_not_know_costs_little(
    scripted: Any, profiles: Sequence[Profile]
) -> None:
    peer = scripted(lambda asked: [asked.answer()] if (asked.function, asked.address) == (3, 0) else [])
    async with linked(peer, timeout_s=0.05) as link:
        found = await probe_unit(link, 1, profiles)

    assert found == FoundUnit(1)
    assert [(asked.function, asked.address) for asked in peer.asked if asked.function == 3] == [(3, 0), (3, 0x1000)]
    assert len(peer.asked) == 3


async def test_answers_of_another_unit_are_told_and_not_believed(scripted: Any, profiles: Sequence[Profile]) -> None:
    peer = scripted(lambda asked: [asked.answer(unit=7)])
    async with linked(peer, timeout_s=0.05) as link:
        found = await probe_unit(link, 1, profiles)

    assert found is not None
    assert (found.certainty, found.said) == (Certainty.UNKNOWN, {})
    assert "unit 7" in found.garbled


async def test_a_host_that_is_not_there_cannot_be_scanned(scripted: Any, profiles: Sequence[Profile]) -> None:
    gone = scripted()
    gone.stop()
    async with linked(gone, timeout_s=0.05) as link:
        for _ in range(2):  # the second time it would be within the pause
            with pytest.raises(UnreachableError, match="Connect"):
                await probe_unit(link, 1, profiles)
