"""Pauses that a device wants are kept, on either kind of link, and cost nobody else anything."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

from wattledger.catalog import Limits
from wattledger.fieldbus import Manners, TcpLink
from wattledger.fieldbus.modbus.pdu import ReadRegisters

READ = ReadRegisters(3, 100, 2)
PAUSE_S = 0.08


class Witness:
    """Answers, and notes when each request came and when its answer left."""

    def __init__(self) -> None:
        self.came: list[float] = []
        self.left: list[float] = []

    def __call__(self, asked: Any) -> Sequence[Any]:
        self.came.append(time.monotonic())
        self.left.append(time.monotonic())
        return [asked.answer()]

    def pauses(self) -> list[float]:
        return [came - left for left, came in zip(self.left, self.came[1:], strict=False)]


def test_the_manners_are_those_of_the_profile() -> None:
    assert Manners.of(Limits(gap_ms=80, connect_pause_ms=2500)) == Manners(gap_s=0.08, connect_pause_s=2.5)
    assert Manners.of(Limits()) == Manners()


async def test_a_device_that_needs_a_gap_has_it_before_each_of_its_requests(scripted: Any) -> None:
    witness = Witness()
    peer = scripted(witness)
    link = TcpLink(peer.host, peer.port, timeout_s=5)
    for _ in range(3):
        await link.request(1, READ, manners=Manners(gap_s=PAUSE_S))
    await link.close()

    assert min(witness.pauses()) >= PAUSE_S - 0.005  # the loop counts in milliseconds


async def test_only_the_device_that_wants_it_waits_after_a_connection_was_made(scripted: Any) -> None:
    witness = Witness()
    peer = scripted(witness)
    link = TcpLink(peer.host, peer.port, timeout_s=5)
    began = time.monotonic()
    await link.request(1, READ)
    await link.request(2, READ, manners=Manners(connect_pause_s=PAUSE_S))
    await link.request(2, READ, manners=Manners(connect_pause_s=PAUSE_S))
    await link.close()

    assert witness.came[1] - began >= PAUSE_S - 0.005
    assert [asked.unit for asked in peer.asked] == [1, 2, 2]
