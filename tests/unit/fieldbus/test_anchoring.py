"""Which block a product is read from, and the header that is read along with it."""

from __future__ import annotations

from functools import cache

import pytest

from wattledger.catalog import MappedAnchor, device_map, load_catalog
from wattledger.fieldbus import AnswerTimeoutError, MisplacedError, RefusedError
from wattledger.fieldbus.anchoring import block_of
from wattledger.fieldbus.header_check import HeaderCheck
from wattledger.fieldbus.planning import Read
from wattledger.fieldbus.sunspec import Model

catalog = cache(load_catalog)
COMMON = Model(1, 40002, 66)


def anchor(product: str) -> MappedAnchor:
    profile = catalog().profile("sunspec-meter")
    found = device_map(profile, profile.product(product)).anchor
    assert found is not None
    return found


def chain(*models: tuple[int, int]) -> list[Model]:
    """Models one behind the other, as (id, length)."""
    found, at = [COMMON], COMMON.end
    for number, length in models:
        found.append(Model(number, at, length))
        at = found[-1].end
    return found


@pytest.mark.parametrize(
    ("product", "models", "place"),
    [
        ("Meter 3~", [(203, 105)], 1),
        ("Meter 3~", [(201, 105), (204, 105)], 2),
        ("Meter 1~", [(203, 105), (201, 105)], 2),
        ("Meter 3~", [(213, 124), (203, 105)], 1),  # the same meter twice: what comes first
        ("Meter 3~ (2)", [(203, 105), (213, 124)], None),
        ("Meter 3~ (2)", [(203, 105), (201, 105), (203, 105)], 3),
        ("Meter 3~", [(103, 50)], None),
        ("Meter 3~", [(203, 20)], None),  # shorter than the model is
        ("Meter 3~", [(203, 120)], 1),  # a maker's registers behind it
    ],
)
def test_a_product_is_read_from_its_own_block(product: str, models: list[tuple[int, int]], place: int | None) -> None:
    found = block_of(anchor(product), chain(*models))

    assert (found[0] if found else None) == (None if place is None else chain(*models)[place])


BLOCK = Model(203, 40070, 105)
NEAR, FAR = Read(3, 40072, 10, ()), Read(3, 40110, 10, ())


def along(read: Read, *, most: int = 125, cost: int = 20) -> tuple[HeaderCheck, tuple[Read, ...]]:
    check = HeaderCheck(BLOCK)
    return check, check.along_with([read, FAR], most=most, request_cost=cost)


def test_the_header_comes_along_where_that_is_cheaper_than_a_request_of_its_own() -> None:
    assert along(NEAR)[1] == (Read(3, 40070, 12, ()), FAR)
    assert along(FAR)[1] == (Read(3, 40070, 2, ()), FAR, FAR)
    assert along(FAR, cost=50)[1] == (Read(3, 40070, 50, ()), FAR)
    assert along(NEAR, most=11)[1] == (Read(3, 40070, 2, ()), NEAR, FAR)


@pytest.mark.parametrize("registers", [(203, 104, 1), (201, 105, 1), (0, 0, 0)])
def test_a_header_of_another_block_is_told(registers: tuple[int, ...]) -> None:
    check, (first, second) = along(NEAR)

    with pytest.raises(MisplacedError, match="no model 203 of 105 registers at 40070 any more"):
        check.check(first, registers)
    check.check(first, (203, 105, 1))
    check.check(second, registers)  # which holds no header


def test_who_refuses_the_header_has_another_block_there_and_who_is_silent_has_not() -> None:
    check, (header, *_) = along(FAR)
    silent = AnswerTimeoutError("nobody")

    assert isinstance(check.verdict(header, RefusedError("no", code=2)), MisplacedError)
    assert check.verdict(header, silent) is silent
    assert isinstance(check.verdict(header, RefusedError("later", code=6)), RefusedError)


def test_header_and_values_are_asked_apart_where_they_are_refused_together() -> None:
    check, (first, _) = along(NEAR)

    assert check.is_along_with(first)
    assert check.apart() == (Read(3, 40070, 2, ()), NEAR)
    assert not check.is_along_with(first)
