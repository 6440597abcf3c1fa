"""What a device refuses is split once, remembered, and tried anew after an hour."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from wattledger.catalog import DeviceMap, MappedPoint
from wattledger.fieldbus import BlockMemory, Read
from wattledger.fieldbus.memory import KEPT_S

MakePoint = Callable[..., MappedPoint]
MakeMap = Callable[..., DeviceMap]


class Clock:
    now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


def spans(reads: tuple[Read, ...]) -> list[tuple[int, int]]:
    return [(read.address, read.count) for read in reads]


def poll(memory: BlockMemory, mapped: DeviceMap, accepts: Callable[[Read], bool]) -> list[tuple[int, int]]:
    """Every request of one poll, in order, of a device that accepts some and refuses the rest."""
    asked = []
    waiting = deque(memory.plan(mapped, mapped.points, request_cost=50))
    while waiting:
        read = waiting.popleft()
        asked.append((read.address, read.count))
        if not accepts(read):
            waiting.extendleft(reversed(memory.learn_refusal(read)))
    return asked


def test_a_block_refused_for_its_filler_is_split_there_once(make_point: MakePoint, make_map: MakeMap) -> None:
    mapped = make_map([make_point(0), make_point(1), make_point(4), make_point(5)], (0, 6))
    memory = BlockMemory()

    def accepts(read: Read) -> bool:
        return not read.address <= 2 < read.end

    assert poll(memory, mapped, accepts) == [(0, 6), (0, 2), (4, 2)]
    assert poll(memory, mapped, accepts) == [(0, 2), (4, 2)]


def test_one_refused_point_is_found_and_the_rest_stays_together(make_point: MakePoint, make_map: MakeMap) -> None:
    mapped = make_map([make_point(at) for at in range(6)], (0, 6))
    memory = BlockMemory()

    def accepts(read: Read) -> bool:
        return not read.address <= 2 < read.end

    assert poll(memory, mapped, accepts) == [(0, 6), *((at, 1) for at in range(6))]
    assert poll(memory, mapped, accepts) == [(0, 2), (3, 3)]
    assert [memory.is_refused(point) for point in mapped.points] == [False, False, True, False, False, False]


def test_a_device_that_gives_single_points_only_is_asked_for_single_points(
    make_point: MakePoint, make_map: MakeMap
) -> None:
    mapped = make_map([make_point(at) for at in range(3)], (0, 3))
    memory = BlockMemory()

    for _ in range(2):
        poll(memory, mapped, lambda read: read.count == 1)

    assert poll(memory, mapped, lambda read: read.count == 1) == [(0, 1), (1, 1), (2, 1)]


def test_points_that_share_registers_are_refused_together(make_point: MakePoint, make_map: MakeMap) -> None:
    shared = [make_point(0, channel=1), make_point(0, channel=2)]
    mapped = make_map(shared, (0, 1))
    memory = BlockMemory()

    assert poll(memory, mapped, lambda read: False) == [(0, 1)]
    assert poll(memory, mapped, lambda read: False) == []
    assert all(memory.is_refused(point) for point in shared)


def test_a_cut_between_single_points_leaves_a_value_of_several_registers_whole(
    make_point: MakePoint, make_map: MakeMap
) -> None:
    single = [make_point(at) for at in (1, 2, 3)]
    scaled = make_point(0, exponent_at=5)
    mapped = make_map([*single, scaled], (0, 6))
    memory = BlockMemory()
    for _ in range(2):
        for read in memory.plan(mapped, single, request_cost=50):
            memory.learn_refusal(read)

    assert spans(memory.plan(mapped, single, request_cost=50)) == [(1, 1), (2, 1), (3, 1)]
    assert spans(memory.plan(mapped, mapped.points, request_cost=50)) == [(0, 6)]


def test_a_point_that_begins_where_a_refused_one_did_is_still_asked(make_point: MakePoint, make_map: MakeMap) -> None:
    short, long = make_point(0, inset=1, exponent_at=0), make_point(0, inset=4, exponent_at=0)
    mapped = make_map([short, long], (0, 5))
    memory = BlockMemory()

    (read,) = memory.plan(mapped, [long], request_cost=50)
    memory.learn_refusal(read)

    assert (memory.is_refused(short), memory.is_refused(long)) == (False, True)


def test_other_blocks_are_not_touched(make_point: MakePoint, make_map: MakeMap) -> None:
    mapped = make_map([make_point(0), make_point(2), make_point(10), make_point(12)], (0, 3), (10, 13))
    memory = BlockMemory()

    poll(memory, mapped, lambda read: read.address >= 10 or read.count == 1)

    assert spans(memory.plan(mapped, mapped.points, request_cost=50)) == [(0, 1), (2, 1), (10, 3)]


def test_after_an_hour_everything_is_tried_anew(make_point: MakePoint, make_map: MakeMap) -> None:
    mapped = make_map([make_point(0), make_point(1), make_point(4)], (0, 5))
    clock = Clock()
    memory = BlockMemory(clock=clock)
    poll(memory, mapped, lambda read: False)

    clock.now_s = KEPT_S - 1
    assert poll(memory, mapped, lambda read: True) == []
    clock.now_s = KEPT_S
    assert poll(memory, mapped, lambda read: True) == [(0, 5)]


def test_the_same_points_are_planned_once(make_point: MakePoint, make_map: MakeMap) -> None:
    mapped = make_map([make_point(0), make_point(1)], (0, 2))
    memory = BlockMemory()

    first = memory.plan(mapped, mapped.points, request_cost=50)

    assert memory.plan(mapped, list(mapped.points), request_cost=50) is first
    assert memory.plan(mapped, mapped.points[:1], request_cost=50) != first
