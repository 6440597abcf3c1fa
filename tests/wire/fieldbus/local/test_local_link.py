"""The local link answers as a device would, so that what reads it needs to know nothing of it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from wattledger.catalog import device_map, load_catalog
from wattledger.fieldbus import (
    BlockMemory,
    CountFiles,
    LocalInputs,
    LocalLink,
    Outcome,
    RefusedError,
    Shown,
    Terminal,
    UnreachableError,
    Wired,
    identify,
    load_board,
    read_points,
)
from wattledger.fieldbus.modbus.pdu import ReadIdentification, ReadRegisters


@pytest.fixture
def link(make_board: Callable[..., Any], tmp_path: Path) -> LocalLink:
    """The link of a board of variant H with a binary input at terminal 2."""
    inputs = LocalInputs(load_board(make_board("H").file), CountFiles(tmp_path / "counts"), boot="b")
    wired = {Terminal.DIGITAL_2: Wired(1, "BINARY-INPUT")}

    async def ask(terminal: Terminal, _within_s: float) -> tuple[Shown, str | None]:
        return inputs.show(terminal), wired[terminal].reference if terminal in wired else None

    return LocalLink(ask)


async def test_every_point_is_read_as_over_any_link(link: LocalLink) -> None:
    profile = load_catalog().profile("local-inputs")
    found = {}
    for product, terminal in (("BINARY-INPUT", 2), ("ANALOG-INPUT", 3), ("PT100", 5)):
        mapped = device_map(profile, profile.product(product))
        got = await read_points(link, terminal, mapped, mapped.points, memory=BlockMemory())
        found |= {str(point.name): value.value for point, value in got.values.items()}

    assert found == {"input_state": 0.0, "signal": 12.0, "outdoor_temperature": 0.0}
    assert (link.statistics.of_link().answers, link.statistics.of_unit(3).answers) == (3, 1)


@pytest.mark.parametrize(
    ("product", "terminal", "outcome"),
    [
        ("BINARY-INPUT", 2, Outcome.MATCH),
        ("PULSECOUNTER", 2, Outcome.OTHER_DEVICE),  # somebody declared a state there
        ("PULSECOUNTER", 1, Outcome.MATCH),
        ("PT100", 5, Outcome.MATCH),
        ("PT100", 3, Outcome.OTHER_DEVICE),
        ("PT100", 6, Outcome.NO_ANSWER),
    ],
)
async def test_a_terminal_says_what_it_is(link: LocalLink, product: str, terminal: int, outcome: Outcome) -> None:
    profile = load_catalog().profile("local-inputs")

    assert (await identify(link, terminal, profile, profile.product(product))).outcome is outcome


async def test_what_a_terminal_does_not_have_is_refused(link: LocalLink) -> None:
    with pytest.raises(RefusedError, match="exception 2"):
        await link.request(3, ReadRegisters(4, 0, 4))
    with pytest.raises(RefusedError, match="exception 2"):
        await link.request(3, ReadRegisters(4, 8, 3))
    with pytest.raises(RefusedError, match="exception 1"):
        await link.request(3, ReadIdentification(0))
    with pytest.raises(UnreachableError, match="there is no terminal 6"):
        await link.request(6, ReadRegisters(4, 8, 2))
    assert link.statistics.of_link().exceptions == {2: 2, 1: 1}
