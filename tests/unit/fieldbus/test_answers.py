"""What one request was answered with, point by point."""

from __future__ import annotations

from wattledger.catalog import MappedPoint, device_map, load_catalog
from wattledger.fieldbus.reading import PointAnswer, PointValues


def voltages() -> tuple[MappedPoint, MappedPoint]:
    profile = load_catalog().profile("hager-ecr")
    mapped = device_map(profile, profile.product("ECR380D"))
    found = mapped.point("voltage.l1-n"), mapped.point("voltage.l2-n")
    assert found[0] is not None
    assert found[1] is not None
    return found[0], found[1]


def test_the_registers_of_a_point_are_those_of_where_it_stands_under_every_name() -> None:
    declared, standing = voltages()
    answer = PointAnswer({standing: 229.98}, 1.0, standing.address - 1, (23012, 22998, 0))

    renamed = PointValues((answer,)).renamed({standing: declared}).answers[0]

    assert answer.registers_of(standing) == (22998,)
    assert renamed.values == {declared: 229.98}
    assert renamed.registers_of(declared) == (22998,)
