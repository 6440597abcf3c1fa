"""Three units behind one gateway, one of them dead: the engine reads the others as if it were not there."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from wattledger.engine.api import DeviceCondition, LiveQuality
from wattledger.plant import Circuit, Device, Plant

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
DEAD, HEALTHY = 9, (1, 2)
ENERGY = 1
HEADER_BYTES = 7  # of Modbus TCP, with the unit


@dataclass
class Gateway:
    """Passes requests on to the meter of their unit, one after the other; a unit without a meter never answers."""

    meters: dict[int, Any]
    connections: int = 0
    asked: list[int] = field(default_factory=list)  # the units, in order

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        with suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                head, pdu = await _next_frame(reader)
                self.asked.append(head[6])
                if meter := self.meters.get(head[6]):
                    writer.write(await _ask(meter, head, pdu))
        writer.close()


async def _next_frame(reader: asyncio.StreamReader) -> tuple[bytes, bytes]:
    head = await reader.readexactly(HEADER_BYTES)
    return head, await reader.readexactly(int.from_bytes(head[4:6], "big") - 1)


async def _ask(meter: Any, head: bytes, pdu: bytes) -> bytes:
    reader, writer = await asyncio.open_connection(meter.host, meter.port)
    writer.write(head[:6] + bytes((meter.unit_id,)) + pdu)
    answer_head, answer = await _next_frame(reader)
    writer.close()
    return answer_head[:6] + head[6:] + answer


def of_three(plant: Plant) -> Plant:
    """The dead unit stands first, so that it is asked before the others."""
    units = (DEAD, *HEALTHY)
    return replace(
        plant,
        devices=tuple(Device(unit, f"M{unit}", 1, unit, "hager-ecr", "ECR380D") for unit in units),
        circuits=tuple(Circuit(unit, f"M{unit}", unit) for unit in units),
        series=tuple(replace(one, circuit=unit, id=unit * 100 + one.id) for unit in units for one in plant.series),
    )


async def test_a_dead_device_costs_its_neighbours_neither_slots_nor_live_values(
    folder: Any, clock: Any, start: Any, make_plant: Any, make_plants: Any, ecr380d: Any
) -> None:
    ecr380d.tell("set 0xB060 4711")
    gateway = Gateway(dict.fromkeys(HEALTHY, ecr380d))
    async with await asyncio.start_server(gateway.serve, "127.0.0.1", 0) as server:
        plants = make_plants(of_three(make_plant(server.sockets[0].getsockname()[1])))
        async with start(folder, clock, plants) as running:
            readings = [await running.until(lambda u=u: running.readings(u * 100 + ENERGY)) for u in HEALTHY]
            await running.until(lambda: conditions(running) == EXPECTED)
            asked_before = len(gateway.asked)
            await running.until(lambda: set(HEALTHY) <= set(gateway.asked[asked_before:]))
            live = await running.ask(running.client.live)

    assert readings == [[(NOON, 4_711_000.0)]] * len(HEALTHY)
    assert {value.circuit for value in live if value.quality is LiveQuality.GOOD} == set(HEALTHY)
    assert gateway.connections == 1
    assert gateway.asked.count(DEAD) < min(gateway.asked.count(unit) for unit in HEALTHY)


EXPECTED = {DEAD: DeviceCondition.SILENT} | dict.fromkeys(HEALTHY, DeviceCondition.ANSWERING)


def conditions(running: Any) -> dict[int, DeviceCondition]:
    return {state.device: DeviceCondition(state.condition) for state in running.client.state().devices}
