"""Reads hold every point whole, stay in their blocks and within the limit, and cost the least."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import combinations, pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wattledger.catalog import AddedNumber, Catalog, MappedBlock, MappedPoint, RegisterType, device_map
from wattledger.fieldbus import Read, plan_reads

MakePoint = Callable[..., MappedPoint]
WORDS = {1: "u16", 2: "u32", 4: "u64"}

# Layouts: block by block, gaps and sizes of the points; some points are due twice (two channels share a register).
LAYOUTS = st.lists(
    st.lists(st.tuples(st.integers(0, 6), st.sampled_from([1, 2, 4]), st.booleans()), min_size=1, max_size=7),
    min_size=1,
    max_size=4,
)


def lay_out(
    make_point: MakePoint, layout: list[list[tuple[int, int, bool]]]
) -> tuple[list[MappedPoint], list[MappedBlock]]:
    address, points, blocks = 0, [], []
    for members in layout:
        start = address
        for gap, words, is_shared in members:
            address += gap
            points += [make_point(address, WORDS[words], channel=channel) for channel in (1, 2)[: 1 + is_shared]]
            address += words
        blocks.append(MappedBlock(3, start, address))
    return points, blocks


def cost(reads: Sequence[Read], request_cost: int) -> int:
    return sum(request_cost + read.count for read in reads)


@given(layout=LAYOUTS, limit=st.integers(4, 20), request_cost=st.integers(0, 30), order=st.randoms())
@settings(max_examples=150)
def test_every_point_lies_whole_in_exactly_one_read(
    make_point: MakePoint, layout: list[list[tuple[int, int, bool]]], limit: int, request_cost: int, order: object
) -> None:
    points, blocks = lay_out(make_point, layout)
    order.shuffle(points)  # type: ignore[attr-defined]

    reads = plan_reads(points, blocks=blocks, max_registers=limit, request_cost=request_cost)

    held = [point for read in reads for point in read.points]
    assert sorted(map(id, held)) == sorted(map(id, points))
    assert all(read.address <= p.address and p.end <= read.end for read in reads for p in read.points)


@given(layout=LAYOUTS, limit=st.integers(4, 20), request_cost=st.integers(0, 30))
@settings(max_examples=150)
def test_no_read_crosses_a_block_or_exceeds_the_limit(
    make_point: MakePoint, layout: list[list[tuple[int, int, bool]]], limit: int, request_cost: int
) -> None:
    points, blocks = lay_out(make_point, layout)

    reads = plan_reads(points, blocks=blocks, max_registers=limit, request_cost=request_cost)

    assert all(1 <= read.count <= limit for read in reads)
    assert all(any(block.start <= read.address and read.end <= block.end for block in blocks) for read in reads)


@given(
    members=st.lists(st.tuples(st.integers(0, 6), st.sampled_from([1, 2, 4]), st.just(False)), min_size=1, max_size=7),
    limit=st.integers(4, 20),
    request_cost=st.integers(0, 30),
)
@settings(max_examples=150)
def test_no_other_way_to_cut_a_block_is_cheaper(
    make_point: MakePoint, members: list[tuple[int, int, bool]], limit: int, request_cost: int
) -> None:
    points, blocks = lay_out(make_point, [members])

    planned = cost(plan_reads(points, blocks=blocks, max_registers=limit, request_cost=request_cost), request_cost)

    every_cost = []
    for size in range(len(points)):
        for cuts in combinations(range(1, len(points)), size):
            edges = [0, *cuts, len(points)]
            parts = [points[a:b] for a, b in pairwise(edges)]
            counts = [part[-1].end - part[0].address for part in parts]
            if max(counts) <= limit:
                every_cost.append(sum(request_cost + count for count in counts))
    assert planned == min(every_cost)


def test_an_ecr380d_is_read_in_one_request_per_block(catalog: Catalog) -> None:
    profile = catalog.profile("hager-ecr")
    mapped = device_map(profile, profile.product("ECR380D"))

    reads = plan_reads(mapped.points, blocks=mapped.blocks, max_registers=120, request_cost=50)

    assert [(read.address, read.count) for read in reads] == [
        (0xB000, 49),
        (0xB060, 12),
        (0xB0B1, 1),
        (0xB0C0, 64),
        (0xB140, 32),
        (0xB180, 24),
    ]


def test_a_filler_is_read_along_only_while_it_is_cheaper_than_a_request(make_point: MakePoint) -> None:
    points = [make_point(0), make_point(11)]
    blocks = [MappedBlock(3, 0, 12)]

    near = plan_reads(points, blocks=blocks, max_registers=125, request_cost=11)
    far = plan_reads(points, blocks=blocks, max_registers=125, request_cost=9)

    assert [(read.address, read.count) for read in near] == [(0, 12)]
    assert [(read.address, read.count) for read in far] == [(0, 1), (11, 1)]


def test_a_point_outside_every_block_is_an_error(make_point: MakePoint) -> None:
    with pytest.raises(ValueError, match="lies in no block"):
        plan_reads([make_point(5, "u32")], blocks=[MappedBlock(3, 0, 6)], max_registers=10, request_cost=1)


def test_a_point_larger_than_a_request_is_an_error(make_point: MakePoint) -> None:
    with pytest.raises(ValueError, match="takes more than 3 registers"):
        plan_reads([make_point(0, "u64")], blocks=[MappedBlock(3, 0, 6)], max_registers=3, request_cost=1)


def test_nothing_due_needs_no_read() -> None:
    assert plan_reads([], blocks=[MappedBlock(3, 0, 6)], max_registers=10, request_cost=1) == ()


def test_numbers_that_make_one_value_are_read_at_once_with_what_lies_between(make_point: MakePoint) -> None:
    power = make_point(40, exponent_at=52)
    energy = make_point(60, "u32", plus=(AddedNumber(62, RegisterType.U16, 1, ()),))
    blocks = [MappedBlock(3, 0, 100)]

    reads = plan_reads([energy, make_point(45), power], blocks=blocks, max_registers=125, request_cost=1)

    assert [(read.address, read.count, read.fillers) for read in reads] == [(40, 13, 10), (60, 3, 0)]


def test_a_scale_register_is_read_twice_where_one_request_cannot_hold_all_that_use_it(make_point: MakePoint) -> None:
    points = [make_point(at, exponent_at=12) for at in (0, 5)] + [
        make_point(12, inset=at - 12, exponent_at=12) for at in (20, 24)
    ]

    reads = plan_reads(points, blocks=[MappedBlock(3, 0, 30)], max_registers=13, request_cost=1)

    assert [(read.address, read.count) for read in reads] == [(0, 13), (12, 13)]


def test_points_are_read_with_their_own_function(make_point: MakePoint) -> None:
    points = [make_point(0), make_point(0, function=4), make_point(1, function=4)]

    reads = plan_reads(points, blocks=[MappedBlock(3, 0, 2), MappedBlock(4, 0, 2)], max_registers=125, request_cost=1)

    assert [(read.function, read.address, read.count) for read in reads] == [(3, 0, 1), (4, 0, 2)]
