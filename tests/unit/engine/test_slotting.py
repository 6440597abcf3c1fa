"""Which reading is the slot's, and what is kept of the values between two slots."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest

from wattledger.archive import Frame
from wattledger.catalog import Catalog, DeviceMap, MappedPoint
from wattledger.engine.assembly import SlotGroup, assemble
from wattledger.engine.holding import date_held, held_frame
from wattledger.engine.slotting import SlotKeeper
from wattledger.measure import Aggregate, Quality
from wattledger.plant import Plant, Series

PARIS = ZoneInfo("Europe/Paris")
NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)


def export_series() -> Series:
    return Series(9, UUID(int=9), 1, "active_energy", "export", "total", 0, Aggregate.LAST, decimals=0)


def after(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


@pytest.fixture
def groups(plant: Plant, catalog: Catalog) -> tuple[SlotGroup, ...]:
    return assemble(plant, catalog).buses[0].devices[0].groups


@pytest.fixture
def energies(groups: tuple[SlotGroup, ...]) -> SlotKeeper:
    return SlotKeeper(next(g for g in groups if g.energies), zone=PARIS)


@pytest.fixture
def powers(groups: tuple[SlotGroup, ...]) -> SlotKeeper:
    return SlotKeeper(next(g for g in groups if not g.energies and g.minutes == 5), zone=PARIS)


@pytest.fixture
def index(ecr380d: DeviceMap) -> MappedPoint:
    point = ecr380d.point("active_energy.import.total")
    assert point is not None
    return point


@pytest.fixture
def power(ecr380d: DeviceMap) -> MappedPoint:
    point = ecr380d.point("active_power.total")
    assert point is not None
    return point


def test_energies_stand_apart_from_what_may_be_read_later(groups: tuple[SlotGroup, ...]) -> None:
    assert [(g.minutes, g.energies, [m.series for m in g.members]) for g in groups] == [
        (5, False, [2, 3, 4]),
        (5, True, [1]),
        (10, False, [5]),
    ]


def test_the_first_good_answer_after_the_slot_is_its_reading(energies: SlotKeeper, index: MappedPoint) -> None:
    assert energies.due(after(0.4)) == {index}

    energies.take({index: 1_234_000.0}, at=after(0.5))
    energies.take({index: 1_235_000.0}, at=after(2.0))

    assert energies.finished(after(2.1)) == Frame(NOON, 300, 0.5, (1,), (0,), (1_234_000,))
    assert energies.due(after(3)) == frozenset()
    assert energies.finished(after(3)) is None


def test_no_answer_within_the_tolerance_is_a_missing_reading(energies: SlotKeeper, index: MappedPoint) -> None:
    assert energies.due(after(60)) == {index}
    assert energies.due(after(60.1)) == frozenset()

    energies.take({index: 1.0}, at=after(61))

    assert energies.finished(after(61)) is None
    assert energies.due(after(300)) == {index}


def test_a_server_that_starts_between_two_slots_waits_for_the_next(energies: SlotKeeper, index: MappedPoint) -> None:
    assert energies.due(after(120)) == frozenset()
    assert energies.due(after(299.9)) == frozenset()
    assert energies.due(after(300)) == {index}


def test_mean_and_maximum_are_those_of_the_values_since_the_slot_before(powers: SlotKeeper, power: MappedPoint) -> None:
    for second, value in enumerate((100.0, 200.0, 600.0)):
        powers.take({power: value}, at=after(-200 + second))
    powers.take({power: 5000.0}, at=after(0.2))

    frame = powers.finished(after(0.3))

    assert frame is not None
    assert frame.values == (5000, 300, 600)


def test_a_window_that_was_not_watched_from_its_beginning_is_uncertain(powers: SlotKeeper, power: MappedPoint) -> None:
    powers.take({power: 100.0}, at=after(-200))
    powers.take({power: 100.0}, at=after(0.2))
    first = powers.finished(after(0.3))
    for second in range(5, 300, 5):
        powers.take({power: 100.0}, at=after(second))
    powers.take({power: 100.0}, at=after(300.2))
    second_slot = powers.finished(after(300.3))

    assert first is not None
    assert first.qualities == (Quality.GOOD, Quality.UNCERTAIN, Quality.UNCERTAIN)
    assert second_slot is not None
    assert second_slot.qualities is None


def test_a_silent_slot_still_has_the_mean_of_what_came_before(powers: SlotKeeper, power: MappedPoint) -> None:
    powers.take({power: 100.0}, at=after(-200))

    assert powers.finished(after(30)) is None
    frame = powers.finished(after(60.5))

    assert frame is not None
    assert frame.values == (None, 100, 100)


def test_a_device_that_has_no_value_makes_no_reading_and_no_zero(energies: SlotKeeper, index: MappedPoint) -> None:
    energies.take({index: None}, at=after(1))

    assert energies.finished(after(1)) is None
    assert energies.due(after(2)) == frozenset()


def test_a_number_gone_wild_is_missing_and_harms_nothing(powers: SlotKeeper, power: MappedPoint) -> None:
    powers.take({power: 1e30}, at=after(1))

    assert powers.finished(after(1)) is None


def test_a_clock_that_stepped_begins_anew_with_the_slots_of_the_new_time(
    energies: SlotKeeper, index: MappedPoint
) -> None:
    energies.take({index: 1.0}, at=after(1))
    energies.finished(after(1))

    energies.restart()

    assert energies.due(after(-300)) == {index}


def test_each_answer_is_handed_out_as_it_comes_and_nothing_waits_in_memory(
    catalog: Catalog, plant: Plant, index: MappedPoint, ecr380d: DeviceMap
) -> None:
    both = replace(plant, series=(*plant.series, export_series()))
    group = next(g for g in assemble(both, catalog).buses[0].devices[0].groups if g.energies)
    keeper, exported = SlotKeeper(group, zone=PARIS), ecr380d.point("active_energy.export.total")
    assert exported is not None

    keeper.take({index: 1000.0}, at=after(0.5))
    first = keeper.finished(after(0.5))
    nothing_new = keeper.finished(after(1))
    keeper.take({exported: 2000.0}, at=after(3))
    second = keeper.finished(after(3))

    assert first is not None
    assert (first.values, first.offset_s) == ((1000, None), 0.5)
    assert nothing_new is None
    assert second is not None
    assert (second.values, second.offset_s) == ((1000, 2000), 0.5)
    assert keeper.finished(after(61)) is None


def test_a_value_that_comes_after_not_available_is_the_slots_first_good_answer(
    energies: SlotKeeper, index: MappedPoint
) -> None:
    energies.take({index: None}, at=after(0.5))
    resting = energies.due(after(1))
    asked_again = energies.due(after(3))
    energies.take({index: 1000.0}, at=after(3))
    frame = energies.finished(after(3))

    assert (resting, asked_again) == (frozenset(), {index})
    assert frame is not None
    assert (frame.values, frame.offset_s) == ((1000,), 3.0)


def test_a_point_that_never_has_a_value_is_not_asked_for_ever(energies: SlotKeeper, index: MappedPoint) -> None:
    asked = 0
    for second in range(60):
        if energies.due(after(second)):
            asked += 1
            energies.take({index: None}, at=after(second))

    assert 1 < asked <= 5
    assert energies.finished(after(60)) is None


def test_a_point_that_the_device_does_not_know_holds_nothing_up(powers: SlotKeeper, power: MappedPoint) -> None:
    powers.take({power: 100.0}, at=after(-299))
    powers.finished(after(-200))
    assert powers.due(after(1)) == {power}

    powers.never([power])
    frame = powers.finished(after(1))

    assert powers.due(after(2)) == frozenset()
    assert frame is not None
    assert frame.values == (None, 100, 100)


def test_an_answer_from_before_the_slot_is_not_the_slots(energies: SlotKeeper, index: MappedPoint) -> None:
    assert energies.due(after(2)) == {index}

    energies.take({index: 1.0}, at=after(-3.5))

    assert energies.finished(after(2)) is None
    assert energies.due(after(2)) == {index}


def test_a_clock_put_back_a_little_across_a_slot_spoils_no_mean(powers: SlotKeeper, power: MappedPoint) -> None:
    for second in range(299):
        powers.take({power: 1000.0}, at=after(second - 299))
    powers.finished(after(-0.5))
    powers.take({power: 1000.0}, at=after(0.2))
    powers.take({power: 5000.0}, at=after(-0.6))
    powers.take({power: 1000.0}, at=after(0.4))

    frame = powers.finished(after(0.5))

    assert frame is not None
    assert frame.values == (1000, round((299 * 1000 + 5000) / 300), 5000)


def test_a_mean_of_a_few_seconds_is_uncertain(powers: SlotKeeper, power: MappedPoint) -> None:
    for second in (-300, -299, -298, -2, -1):
        powers.take({power: 100.0}, at=after(second))
    powers.finished(after(-200))
    powers.take({power: 100.0}, at=after(0.2))

    frame = powers.finished(after(0.3))

    assert frame is not None
    assert frame.qualities == (Quality.GOOD, Quality.UNCERTAIN, Quality.UNCERTAIN)


def test_held_readings_get_their_slot_once_the_clock_is_trusted(
    groups: tuple[SlotGroup, ...], index: MappedPoint
) -> None:
    group = next(g for g in groups if g.energies)
    held = [
        frame
        for monotonic_s in range(0, 600, 60)
        if (frame := held_frame(group, {index: 1000.0 + monotonic_s}, boot="b", monotonic_s=monotonic_s)) is not None
    ]

    # the clock turns out to be such that monotonic 0 was 12:01:10
    dated = date_held(held, groups, boot="b", now=after(70 + 600), monotonic_s=600, zone=PARIS)

    assert [(f.slot, f.offset_s, f.values) for f in dated.frames] == [
        (after(300), 10.0, (1240,)),
        (after(600), 10.0, (1540,)),
    ]
    assert dated.undatable == 0


def test_what_was_held_before_a_restart_of_the_computer_cannot_be_dated(
    groups: tuple[SlotGroup, ...], index: MappedPoint
) -> None:
    group = next(g for g in groups if g.energies)
    frame = held_frame(group, {index: 1.0}, boot="before", monotonic_s=5.0)
    assert frame is not None

    dated = date_held([frame, frame], groups, boot="now", now=NOON, monotonic_s=9.0, zone=PARIS)

    assert (dated.frames, dated.undatable) == ((), 2)
