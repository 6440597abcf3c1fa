"""Point names are composed from one vocabulary and have one spelling."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wattledger.measure import QUANTITIES, Direction, Nature, Phase, PointName, PointNameError, Quantity


def names_of(quantity: Quantity) -> st.SearchStrategy[PointName]:
    directions = st.sampled_from(sorted(quantity.directions)) if quantity.directions else st.none()
    phases = st.sampled_from(sorted(quantity.phases)) if quantity.phases else st.none()
    orders = st.integers(2, 16) if quantity.order else st.just(0)
    return st.builds(PointName, st.just(quantity.name), directions, phases, orders)


@given(name=st.sampled_from(sorted(QUANTITIES)).flatmap(lambda name: names_of(QUANTITIES[name])))
def test_every_name_of_the_vocabulary_reads_back_as_it_was_written(name: PointName) -> None:
    assert PointName.parse(str(name)) == name
    assert PointName.of(name.quantity, direction=name.direction, phase=name.phase, order=name.order) == name


@pytest.mark.parametrize(
    ("text", "quantity", "direction", "phase", "order"),
    [
        ("active_power.total", "active_power", None, Phase.TOTAL, 0),
        ("active_energy.import.total", "active_energy", Direction.IMPORT, Phase.TOTAL, 0),
        ("voltage.l1-n", "voltage", None, Phase.L1_N, 0),
        ("thd_current.l2", "thd_current", None, Phase.L2, 0),
        ("harmonic_voltage.l1.h5", "harmonic_voltage", None, Phase.L1, 5),
        ("active_energy.export.total.t2", "active_energy", Direction.EXPORT, Phase.TOTAL, 2),
        ("frequency", "frequency", None, None, 0),
        ("water_volume", "water_volume", None, None, 0),
    ],
)
def test_the_names_that_screens_and_exports_rely_on(
    text: str, quantity: str, direction: Direction | None, phase: Phase | None, order: int
) -> None:
    assert PointName.parse(text) == PointName(quantity, direction, phase, order)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("activ_power.total", "did you mean active_power"),
        ("voltage", "phase missing"),
        ("voltage.l1", "l1-n"),
        ("frequency.l1", "allowed: none"),
        ("active_energy.total", "direction missing"),
        ("active_energy.import.total.h5", "neither a direction"),
        ("active_energy.import.total.t17", "between 1 and 16"),
        ("harmonic_voltage.l1", "order is missing"),
        ("harmonic_voltage.l1.h1", "between 2 and 63"),
        ("harmonic_voltage.l1.h05", "neither a direction"),
        ("harmonic_voltage.l1.h٥", "neither a direction"),
        ("frequency.", "neither a direction"),
        ("active_power.total.l1", "neither a direction"),
        ("", "unknown quantity"),
    ],
)
def test_a_wrong_name_is_refused_with_what_would_fit(text: str, says: str) -> None:
    with pytest.raises(PointNameError, match=says):
        PointName.parse(text)


@given(text=st.text(max_size=40))
def test_no_text_makes_the_parser_fail_otherwise(text: str) -> None:
    try:
        name = PointName.parse(text)
    except PointNameError:
        return
    assert str(name) == text


def test_counters_have_a_direction_or_count_things() -> None:
    energies = [q for q in QUANTITIES.values() if q.nature is Nature.COUNTER and q.unit in {"varh", "VAh"}]

    assert energies
    assert all(quantity.directions for quantity in energies)
