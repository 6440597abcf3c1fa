"""The chain of SunSpec models is found and followed by short reads, whatever the device does at its ends."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sunspec_peer import END, chain, common, model
from wattledger.fieldbus.sunspec import MOST_MODELS, ChainWalk, Model

METER = model(203, 105, {})
FLOAT_METER = model(213, 124, {})


def at(base: int, registers: list[int]) -> dict[int, int]:
    return dict(enumerate(registers, start=base))


def walked(registers: Mapping[int, int], *, walk: ChainWalk | None = None) -> tuple[ChainWalk, list[int]]:
    """The walk to its end through a device that refuses all registers that it does not have; what was asked."""
    walk = walk or ChainWalk()
    asked: list[int] = []
    while (read := walk.next_read()) is not None:
        asked.append(read.address)
        wanted = range(read.address, read.address + read.count)
        if all(address in registers for address in wanted):
            walk.answered([registers[address] for address in wanted])
        else:
            walk.refused()
    return walk, asked


@pytest.mark.parametrize(("base", "looked_at"), [(40000, [40000]), (50000, [40000, 50000]), (0, [40000, 50000, 0])])
def test_the_marker_is_looked_for_where_the_specification_allows_it(base: int, looked_at: list[int]) -> None:
    walk, asked = walked(at(base, chain(common(), METER)))

    assert walk.base == base
    assert asked[: len(looked_at)] == looked_at
    assert walk.models == [Model(1, base + 2, 66), Model(203, base + 70, 105)]


def test_another_content_where_the_marker_might_be_is_none() -> None:
    registers = at(40000, [0x5375, 0x0000]) | at(50000, chain(METER))

    assert walked(registers)[0].base == 50000


def test_without_a_marker_three_reads_tell_so() -> None:
    walk, asked = walked({})

    assert (walk.base, walk.models, asked) == (None, [], [40000, 50000, 0])


@pytest.mark.parametrize("end", [END, END[:1], []])
def test_the_length_of_the_end_and_the_end_itself_may_be_missing(end: list[int]) -> None:
    walk, asked = walked(at(40000, chain(common(), METER, end=end)))

    assert [one.id for one in walk.models] == [1, 203]
    assert asked[-1] == 40000 + 2 + 68 + 107


def test_a_place_known_from_before_is_looked_at_first() -> None:
    _, asked = walked(at(0, chain(METER)), walk=ChainWalk(first_base=0))

    assert asked[0] == 0
    assert 40000 not in asked


def test_a_device_that_is_silent_where_it_has_no_registers_is_found_by_and_by() -> None:
    bases = [40000]
    for _ in range(3):
        bases.append(ChainWalk(first_base=bases[-1]).next_base)

    assert bases == [40000, 50000, 0, 40000]


def test_each_meter_behind_an_inverter_has_a_common_block_of_its_own() -> None:
    inverter = model(103, 50, {})
    walk, _ = walked(at(40000, chain(common(), inverter, common(), METER, common(), METER)))
    first, second = [one for one in walk.models if one.id == 203]

    assert walk.common_of(walk.models[1]) == walk.models[0]
    assert walk.common_of(first) == walk.models[2]
    assert walk.common_of(second) == walk.models[4]


def test_who_answers_everything_is_not_walked_for_ever() -> None:
    walk = ChainWalk()
    reads = 0
    while walk.next_read() is not None:
        reads += 1
        walk.answered([0x5375, 0x6E53] if walk.base is None else [0])

    assert len(walk.models) == MOST_MODELS
    assert reads == 1 + 2 * MOST_MODELS


@given(words=st.lists(st.integers(0, 0xFFFF), min_size=1, max_size=300))
def test_any_registers_behind_the_marker_end_within_bounds(words: list[int]) -> None:
    walk, asked = walked(at(40000, [0x5375, 0x6E53, *words]))

    assert len(walk.models) <= MOST_MODELS
    assert all(address <= 0xFFFF for address in asked)
    assert all(one.end <= later.address for one, later in zip(walk.models, walk.models[1:], strict=False))
