"""Points and maps made by hand, for what is pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest

from wattledger.catalog import (
    AddedNumber,
    Catalog,
    DeviceMap,
    Form,
    Limits,
    MappedBlock,
    MappedPoint,
    PollClass,
    RegisterType,
    WordOrder,
    load_catalog,
)
from wattledger.measure import PointName


@pytest.fixture(scope="session")
def catalog() -> Catalog:
    return load_catalog()


@pytest.fixture(scope="session")
def make_point() -> Callable[..., MappedPoint]:
    def make(
        address: int,
        register_type: str = "u16",
        *,
        channel: int = 1,
        word_order: str = "big",
        multiplier: int = 1,
        divisor: int = 1,
        offset: int = 0,
        nan: tuple[int, ...] = (),
        name: str = "signal",
        function: int = 3,
        inset: int = 0,
        plus: tuple[AddedNumber, ...] = (),
        exponent_at: int | None = None,
        form: Form | None = None,
    ) -> MappedPoint:
        return MappedPoint(
            channel=channel,
            name=PointName.parse(name),
            function=function,
            address=address,
            type=RegisterType(register_type),
            word_order=WordOrder(word_order),
            multiplier=multiplier,
            divisor=divisor,
            nan=nan,
            decimals=0,
            modulus=None,
            poll=PollClass.NORMAL,
            recorded_by_default=False,
            offset=offset,
            inset=inset,
            plus=plus,
            exponent_at=exponent_at,
            form=form,
        )

    return make


@pytest.fixture(scope="session")
def make_map() -> Callable[..., DeviceMap]:
    def make(points: Sequence[MappedPoint], *blocks: tuple[int, int], max_registers: int = 125) -> DeviceMap:
        return DeviceMap(
            profile="made",
            version=1,
            product="M1",
            channels=1,
            points=tuple(points),
            blocks=tuple(MappedBlock(3, start, end) for start, end in blocks),
            limits=Limits(max_registers=max_registers),
            identify=(),
        )

    return make
