"""What users of other systems complain about on field buses, as far as no other test stands for it.

docs/field-bus-proofs.md tells where the others are.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from wattledger.catalog import device_map, load_catalog
from wattledger.fieldbus import BlockMemory, TcpLink, read_points
from wattledger.fieldbus.modbus.pdu import ReadRegisters

SHORT_S = 0.05


async def test_nearly_a_hundred_values_are_a_handful_of_requests(scripted: Any) -> None:
    peer = scripted(lambda asked: [asked.answer([1] * asked.count)])
    profile = load_catalog().profile("hager-ecr")
    mapped = device_map(profile, profile.product("ECR380D"))
    link = TcpLink(peer.host, peer.port, timeout_s=10)
    try:
        got = await read_points(link, 1, mapped, mapped.points, memory=BlockMemory())
    finally:
        await link.close()

    assert len(got.values) == len(mapped.points) > 90
    assert len(peer.asked) <= 6
    assert sum(asked.count for asked in peer.asked) <= sum(block.end - block.start for block in mapped.blocks)


async def test_a_device_that_wakes_up_slowly_is_read_and_its_late_answers_shift_nothing(scripted: Any) -> None:
    def slow_at_first(asked: Any) -> Sequence[Any]:
        return [2.5 * SHORT_S, asked.answer()] if asked.number == 0 else [asked.answer()]

    peer = scripted(slow_at_first)
    link = TcpLink(peer.host, peer.port, timeout_s=SHORT_S, retries=3)
    try:
        replies = [await link.request(1, ReadRegisters(3, address, 2)) for address in range(6)]
    finally:
        await link.close()

    assert [reply.answer for reply in replies] == [(n * 7919, (n + 1) * 7919) for n in range(6)]
    assert link.statistics.of_link().connections == 1
