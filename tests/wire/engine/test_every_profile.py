"""Each built-in profile is served by somebody else's Modbus server and read back exactly through the engine.

What must come out is worked out from the profile as it is written, with pymodbus' and numpy's own decoding.
"""

from __future__ import annotations

import random
import struct
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

import numpy as np
from pymodbus.client import ModbusTcpClient
from pymodbus.server import ModbusTcpServer
from pymodbus.simulator import DataType, SimData, SimDevice

from wattledger.catalog import (
    DeviceMap,
    Form,
    MappedPoint,
    Product,
    Profile,
    RegisterType,
    WordOrder,
    device_map,
    load_catalog,
)
from wattledger.catalog.schema import ProfilePoint
from wattledger.demo.sunspec_chain import in_chain
from wattledger.plant import Circuit, Device, TcpBus

KILO = {"kWh", "kvarh", "kVAh", "kW", "kvar", "kVA", "kPa"}
MEGA = {"MWh", "Mvarh", "MVAh", "MW", "Mvar", "MVA"}
FACTORS = {
    "mA": Fraction(1, 1000),
    "mV": Fraction(1, 1000),
    "h": Fraction(3600),
    "min": Fraction(60),
    "l": Fraction(1, 1000),
}
NUMBERS = {
    RegisterType.U16: ModbusTcpClient.DATATYPE.UINT16,
    RegisterType.BITS: ModbusTcpClient.DATATYPE.UINT16,
    RegisterType.S16: ModbusTcpClient.DATATYPE.INT16,
    RegisterType.U32: ModbusTcpClient.DATATYPE.UINT32,
    RegisterType.S32: ModbusTcpClient.DATATYPE.INT32,
    RegisterType.U64: ModbusTcpClient.DATATYPE.UINT64,
    RegisterType.S64: ModbusTcpClient.DATATYPE.INT64,
    RegisterType.F32: ModbusTcpClient.DATATYPE.FLOAT32,
    RegisterType.F64: ModbusTcpClient.DATATYPE.FLOAT64,
}
FLOATS = {RegisterType.F32: (">f", np.float32), RegisterType.F64: (">d", np.float64)}


@dataclass(frozen=True)
class Served:
    """One product with registers of its own making."""

    profile: Profile
    product: Product
    map: DeviceMap
    registers: dict[int, int]

    def expected(self, point: MappedPoint) -> float:
        """What the point must read as, by the profile's own words."""
        written = next(one for one in self._written() if self._is_written_as(point, one))
        numbers = [(point.number_at, point.type, Fraction(written.scale))]
        shift = point.number_at - written.addr
        numbers += [(added.addr + shift, added.type, Fraction(added.scale)) for added in written.plus]
        total = sum(self._number(at, kind, point.word_order) * scale for at, kind, scale in numbers)
        value = (total + Fraction(written.offset)) * factor(written.unit)
        if point.form is Form.FOUR_QUADRANT and abs(value) > 1:
            value = (2 if value > 0 else -2) - value
        if point.form is Form.PERCENT_OR_FRACTION and abs(value) > 1:
            value /= 100
        return float(value)

    def _written(self) -> Iterator[ProfilePoint]:
        yield from self.profile.points
        for repeat in self.profile.repeats:
            yield from repeat.points

    def _is_written_as(self, point: MappedPoint, written: ProfilePoint) -> bool:
        of_variant = not written.variants or self.product.variant in written.variants
        name = str(point.name).removesuffix(f".t{point.name.order}") if written.tariffs else str(point.name)
        return (name, point.type, of_variant) == (written.name, written.type, True) and bool(written.tariffs) == bool(
            point.name.order and point.name.measures.order and "harmonic" not in written.name
        )

    def _number(self, address: int, kind: RegisterType, order: WordOrder) -> Fraction:
        words = [self.registers[address + place] for place in range(kind.words)]
        number = ModbusTcpClient.convert_from_registers(
            words, NUMBERS[kind], word_order="big" if order is WordOrder.BIG else "little"
        )
        if kind in FLOATS:
            return Fraction(str(FLOATS[kind][1](number)))  # numpy writes the shortest number that is this float
        return Fraction(int(number))  # type: ignore[arg-type]


def factor(unit: str) -> Fraction:
    """What one of this unit is in the unit inside."""
    return Fraction(1000) if unit in KILO else Fraction(10**6) if unit in MEGA else FACTORS.get(unit, Fraction(1))


def served() -> list[Served]:
    """One product of each variant of each profile that is read over a bus and has points."""
    found = []
    for profile in load_catalog().profiles:
        if profile.transport.local is None:
            for product in {product.variant: product for product in profile.products}.values():
                mapped, chain = in_chain(device_map(profile, product))
                if mapped.points:
                    found.append(Served(profile, product, mapped, chain | registers_of(mapped)))
    return found


def registers_of(mapped: DeviceMap) -> dict[int, int]:
    """Registers that hold some number wherever the map has one."""
    chance = random.Random(f"{mapped.profile} {mapped.product}")
    words = {at: 0 for block in mapped.blocks for at in range(block.start, block.end)}
    filled: set[int] = set()
    for point in mapped.points:
        numbers = [(point.number_at, point.type, point.nan)]
        numbers += [(added.address, added.type, added.nan) for added in point.plus]
        for address, kind, nan in numbers:
            if address not in filled:
                raw = some_number(chance, kind, nan).to_bytes(2 * kind.words, "big")
                parts = [int.from_bytes(raw[place : place + 2], "big") for place in range(0, len(raw), 2)]
                ordered = parts if point.word_order is WordOrder.BIG else parts[::-1]
                words.update({address + place: word for place, word in enumerate(ordered)})
                filled.update(range(address, address + kind.words))
    return words


def some_number(chance: random.Random, kind: RegisterType, nan: tuple[int, ...]) -> int:
    """A raw number that means something."""
    if kind in FLOATS:
        return int.from_bytes(struct.pack(FLOATS[kind][0], round(chance.uniform(-1.9, 1.9), 3)), "big")
    while (raw := chance.getrandbits(16 * kind.words)) in nan:
        pass
    return raw


@asynccontextmanager
async def serving(devices: list[Served]) -> AsyncIterator[int]:
    """pymodbus with these devices as units 1, 2 …; gives the port."""
    units = [
        SimDevice(
            unit,
            simdata=[
                SimData(at, values=word, datatype=DataType.REGISTERS) for at, word in sorted(one.registers.items())
            ],
        )
        for unit, one in enumerate(devices, start=1)
    ]
    server = ModbusTcpServer(units, address=("127.0.0.1", 0))
    await server.serve_forever(background=True)
    try:
        yield server.transport.sockets[0].getsockname()[1]  # type: ignore[union-attr]
    finally:
        await server.shutdown()  # type: ignore[no-untyped-call]


async def test_what_a_device_of_each_profile_shows_is_what_the_engine_tells(
    folder: Any, clock: Any, start: Any, make_plant: Any, make_plants: Any
) -> None:
    devices = served()
    async with serving(devices) as port:
        plant = replace(
            make_plant(port),
            buses=(TcpBus(1, "All", "127.0.0.1", port, timeout_s=1.0, retries=1),),
            devices=tuple(
                Device(unit, one.map.product, 1, unit, one.profile.id, one.map.product)
                for unit, one in enumerate(devices, start=1)
            ),
            circuits=tuple(
                Circuit(1000 * unit + channel, f"{unit}.{channel}", unit, channel)
                for unit, one in enumerate(devices, start=1)
                for channel in range(1, one.map.channels + 1)
            ),
            series=(),
        )
        wanted = {
            (unit, point.channel, str(point.name)): one.expected(point)
            for unit, one in enumerate(devices, start=1)
            for point in one.map.points
        }
        async with start(folder, clock, make_plants(plant)) as running:

            def told() -> dict[tuple[int, int, str], float | None]:
                found = {(live.device, live.channel, live.point): live.value for live in running.client.live()}
                return found if len(found) == len(wanted) else {}

            found = await running.until(told)

    assert {place: value for place, value in found.items() if value != wanted[place]} == {}
    assert len(wanted) > 1500
