"""Who is on a serial line: devices at their addresses and speeds, two on one address, and nobody."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

import pytest

from wattledger.catalog import Profile, load_catalog
from wattledger.fieldbus import (
    Certainty,
    FoundUnit,
    Parity,
    RtuLink,
    RtuTrial,
    SerialSettings,
    UnreachableError,
    probe_unit,
)
from wattledger.fieldbus.modbus.pdu import ReadRegisters

READS = {0x03, 0x04, 0x2B}
TIMEOUT_S = 0.1


def words(text: str, count: int) -> list[int]:
    data = text.encode().ljust(2 * count, b"\0")
    return [int.from_bytes(data[n : n + 2], "big") for n in range(0, 2 * count, 2)]


def hager(serial: str) -> Callable[[Any], Sequence[Any]]:
    """A meter that tells who it is by its registers, and refuses what it does not know."""
    texts = {0x1000: "Hager", 0x1010: "ECR140D", 0x1064: serial}

    def answer(asked: Any) -> Sequence[Any]:
        if asked.raw[1] == 0x03 and asked.address in texts:
            return [asked.answer(words(texts[asked.address], asked.count))]
        return [asked.refusal(2 if asked.raw[1] == 0x03 else 1)]

    return answer


@pytest.fixture(scope="module")
def profiles() -> Sequence[Profile]:
    profile = load_catalog().profile("hager-ecr")
    return [profile.model_copy(update={"limits": profile.limits.model_copy(update={"timeout_ms": 100})})]


@pytest.fixture
def line(scripted_line: Callable[..., Any]) -> Callable[..., Any]:
    """Put up a line with devices by baud rate and unit; at another speed they hear nothing that they understand."""

    def start(devices: Mapping[tuple[int, int], Callable[[Any], Sequence[Any]]]) -> Any:
        def script(asked: Any) -> Sequence[Any]:
            answer = devices.get((made.baudrate, asked.unit))
            return answer(asked) if answer else []

        made = scripted_line(script)
        return made

    return start


@asynccontextmanager
async def linked(port: str, *, timeout_s: float = TIMEOUT_S) -> AsyncIterator[RtuLink]:
    link = RtuLink(SerialSettings(port, 19200), timeout_s=timeout_s, retries=3)
    try:
        yield link
    finally:
        await link.close()


async def test_devices_are_found_with_what_they_say_and_only_reads_are_sent(
    line: Callable[..., Any], profiles: Sequence[Profile]
) -> None:
    wires = line({(19200, 3): hager("3426010003"), (19200, 5): lambda asked: [asked.refusal(1)]})
    async with linked(wires.port) as link:
        found = {unit_id: await probe_unit(link, unit_id, profiles) for unit_id in range(1, 7)}

    meter, stranger = found.pop(3), found.pop(5)
    assert meter is not None
    assert (meter.certainty, meter.proposals[0].product) == (Certainty.SURE, "ECR140D")
    assert meter.said == {"vendor": "Hager", "product": "ECR140D", "serial": "3426010003"}
    assert stranger == FoundUnit(5)
    assert set(found.values()) == {None}
    assert {asked.raw[1] for asked in wires.asked} <= READS
    silent = [asked.unit for asked in wires.asked if asked.unit not in (3, 5)]
    assert silent == [1, 2, 4, 6]  # one short request each, whatever the bus retries


async def test_a_device_that_answers_nothing_but_what_it_knows_is_found(
    line: Callable[..., Any], profiles: Sequence[Profile]
) -> None:
    wires = line({(19200, 1): lambda asked: [asked.answer()] if asked.address == 0 and asked.raw[1] == 3 else []})
    async with linked(wires.port) as link:
        found = await probe_unit(link, 1, profiles)

    assert found == FoundUnit(1)


async def test_a_device_is_found_at_its_own_speed_and_the_line_is_set_back(
    line: Callable[..., Any], profiles: Sequence[Profile]
) -> None:
    wires = line({(9600, 7): hager("3426010007"), (19200, 1): hager("3426010001")})
    async with linked(wires.port) as link:
        there = await probe_unit(link, 7, profiles)
        trial = RtuTrial(link, SerialSettings(wires.port, 9600, Parity.EVEN))
        elsewhere = await probe_unit(trial, 7, profiles)
        after = (await link.request(1, ReadRegisters(3, 0x1000, 16))).answer

    assert there is None
    assert elsewhere is not None
    assert elsewhere.said["serial"] == "3426010007"
    assert list(after) == words("Hager", 16)
    assert wires.baudrate == 19200
    assert link.statistics.of_link().connections == 1


async def test_the_line_is_read_as_usual_between_the_requests_of_a_trial(
    line: Callable[..., Any], profiles: Sequence[Profile]
) -> None:
    wires = line({(19200, 1): hager("3426010001")})
    async with linked(wires.port) as link:
        trial = RtuTrial(link, SerialSettings(wires.port, 38400))

        async def read_on() -> int:
            reads = 0
            while not scan.done():
                await link.request(1, ReadRegisters(3, 0x1000, 16))
                reads += 1
            return reads

        async def scan_all() -> list[FoundUnit | None]:
            return [await probe_unit(trial, unit_id, profiles) for unit_id in range(2, 7)]

        scan = asyncio.create_task(scan_all())
        reads = await read_on()

    assert await scan == [None] * 5
    assert reads >= 5
    assert link.statistics.of_unit(1).timeouts == link.statistics.of_unit(1).rejected == 0


async def test_a_trial_that_is_cancelled_leaves_the_line_as_it_was(line: Callable[..., Any]) -> None:
    wires = line({(19200, 1): hager("3426010001")})
    async with linked(wires.port, timeout_s=0.5) as link:
        trial = RtuTrial(link, SerialSettings(wires.port, 9600))
        asking = asyncio.create_task(trial.request(1, ReadRegisters(3, 0, 1), retries=0))
        await asyncio.to_thread(wires.until_asked)
        asking.cancel()
        answer = (await link.request(1, ReadRegisters(3, 0x1000, 16))).answer

    assert list(answer) == words("Hager", 16)


async def test_a_device_that_refuses_everything_is_found_after_it_was_silent(
    scripted_line: Callable[..., Any], profiles: Sequence[Profile]
) -> None:
    wires = scripted_line(lambda asked: [])
    async with linked(wires.port) as link:
        before = await probe_unit(link, 1, profiles)
        wires.script = lambda asked: [asked.refusal(2)]
        after = await probe_unit(link, 1, profiles)

    assert (before, after) == (None, FoundUnit(1))


async def test_two_devices_on_one_address_are_told_as_such(
    line: Callable[..., Any], profiles: Sequence[Profile]
) -> None:
    def both(asked: Any) -> Sequence[Any]:
        one, other = asked.answer([0x0123]), asked.answer([0x4567])
        return [bytes(a & b for a, b in zip(one, other, strict=True))]  # a 0 on the wires wins over a 1

    wires = line({(19200, 4): both})
    async with linked(wires.port) as link:
        found = await probe_unit(link, 4, profiles)

    assert found is not None
    assert found.certainty is Certainty.UNKNOWN
    assert "CRC" in found.garbled


async def test_noise_that_does_not_come_again_does_not_hide_a_device(
    line: Callable[..., Any], profiles: Sequence[Profile]
) -> None:
    meter = hager("3426010004")
    wires = line({(19200, 4): lambda asked: [b"\x7f\x80\xff\xff\x00"] if asked.number == 0 else meter(asked)})
    async with linked(wires.port) as link:
        found = await probe_unit(link, 4, profiles)

    assert found is not None
    assert found.certainty is Certainty.SURE
    assert found.garbled


async def test_a_line_without_its_adapter_cannot_be_scanned(tmp_path: Any, profiles: Sequence[Profile]) -> None:
    async with linked(str(tmp_path / "ttyUSB9")) as link:
        with pytest.raises(UnreachableError, match="No such file"):
            await probe_unit(link, 1, profiles)


async def test_a_trial_of_another_port_is_refused(line: Callable[..., Any]) -> None:
    wires = line({})
    async with linked(wires.port) as link:
        with pytest.raises(ValueError, match="is not the line"):
            RtuTrial(link, SerialSettings("/dev/ttyUSB7"))


async def test_a_libmodbus_server_is_found(libmodbus_line: str, profiles: Sequence[Profile]) -> None:
    # What it is asked for another unit, or in a function that it does not know, puts it out of step for half a second.
    link = RtuLink(SerialSettings(libmodbus_line, 19200, Parity.NONE), timeout_s=0.7)
    try:
        found = await probe_unit(link, 1, profiles)
    finally:
        await link.close()

    assert found == FoundUnit(1)
