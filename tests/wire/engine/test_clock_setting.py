"""The time for devices with a clock, over real sockets and a serial line: set when off, proved, told when not taken."""

from __future__ import annotations

import asyncio
import struct
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from wattledger.catalog import load_catalog
from wattledger.engine.acquisition import DeviceAcquisition
from wattledger.engine.api import DeviceCondition
from wattledger.engine.assembly import assemble
from wattledger.engine.clock import ClockWatch
from wattledger.engine.clock_setting import ClockSetter
from wattledger.engine.condition import ConditionKeeper
from wattledger.engine.events import EngineEvents
from wattledger.fieldbus import AnswerTimeoutError, Parity, RtuLink, SerialSettings, TcpLink
from wattledger.journal import Code, Event, Journal
from wattledger.plant import Circuit, Device, Plant

PARIS = ZoneInfo("Europe/Paris")
AT = 0xE100
HOUR_S = 3600.0

PROFILE = """\
id: clocked
version: 1
name: Meter with a clock
family: clocked
status: unverified
sources: [{title: "made for the tests"}]
variants: {one: {title: "one phase"}}
products: [{ref: C1, variant: one, match: {product_code: C1}}]
transport: {tcp: {port: 502}}
limits: {timeout_ms: TIMEOUT}
blocks: [{start: 0, words: 20}]
points: [{name: voltage.l1-n, addr: 4, type: u16, scale: 0.1, unit: V}]
clock: {addr: 0xE100, fields: [day, month, year2, hour, minute, second], METHODS, READ}
"""


def profile(*, timeout_ms: int = 1000, methods: str = "methods: [write]", read: str = "read: {addr: 0xE100}") -> str:
    return PROFILE.replace("TIMEOUT", str(timeout_ms)).replace("METHODS", methods).replace("READ", read)


class SkippingClock:
    """The computer's own time, which a test may let pass."""

    boot = "boot-1"

    def __init__(self, wall: datetime) -> None:
        self.wall = wall
        self.started_s = time.monotonic()
        self.skipped_s = 0.0

    def now(self) -> datetime:
        return self.wall + timedelta(seconds=self.monotonic() - self.started_s)

    def monotonic(self) -> float:
        return time.monotonic() + self.skipped_s

    def synchronised(self) -> bool:
        return False

    def pass_(self, seconds: float) -> None:
        self.skipped_s += seconds


@dataclass
class Meters:
    """Some units behind one port, each with a clock of its own in six registers; a clock knows no summer time."""

    clock: SkippingClock
    host: str = "127.0.0.1"
    port: int = 0
    takes: bool = True  # what it is told
    answers: bool = True  # writes
    is_blank: bool = False  # shows no time, as after a loss of supply, until it is set
    refuses: int = 0  # writes, with this exception
    asked: list[tuple[int, bytes]] = field(default_factory=list)  # unit and PDU, of clocks only
    _set: dict[int, tuple[datetime, float]] = field(default_factory=dict)

    def put(self, shown: datetime, *, units: Sequence[int] = (1,)) -> None:
        self._set.update(dict.fromkeys(units, (shown, self.clock.monotonic())))

    def shown(self, unit: int = 1) -> datetime:
        began, at_s = self._set[unit]
        return began + timedelta(seconds=self.clock.monotonic() - at_s)

    def writes(self) -> list[tuple[int, bytes]]:
        return [(unit, pdu) for unit, pdu in self.asked if pdu[0] != 3]

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[None]:
        server = await asyncio.start_server(self._serve, self.host, 0)
        self.port = server.sockets[0].getsockname()[1]
        async with server:
            yield

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                transaction, _, length, unit = struct.unpack(">HHHB", await reader.readexactly(7))
                answer = self._answer(unit, await reader.readexactly(length - 1))
                if answer is not None:
                    writer.write(struct.pack(">HHHB", transaction, 0, 1 + len(answer), unit) + answer)
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    def _answer(self, unit: int, pdu: bytes) -> bytes | None:
        function, address, count = struct.unpack(">BHH", pdu[:5])
        if address != AT:
            return struct.pack(">BB", function, 2 * count) + bytes(2 * count)
        self.asked.append((unit, pdu))
        if function == 3:
            if self.is_blank:
                return struct.pack(">BB", 3, 12) + bytes(12)
            now = self.shown(unit)
            return struct.pack(">BB6H", 3, 12, now.day, now.month, now.year % 100, now.hour, now.minute, now.second)
        assert (function, count) == (16, 6)
        if self.refuses:
            return bytes((function | 0x80, self.refuses))
        if self.takes:
            day, month, year, hour, minute, second = struct.unpack(">6H", pdu[6:])
            told = datetime(2000 + year, month, day, hour, minute, second)  # noqa: DTZ001 - as meters have it
            self.put(told, units=[unit] if unit else list(self._set))
            self.is_blank = False
        return pdu[:5] if self.answers and unit else None


@dataclass
class Bus:
    """A bus whose clocks are looked after, and what one can do with it."""

    clock: SkippingClock
    setter: ClockSetter
    link: Any
    acquisitions: list[DeviceAcquisition]
    journal: Path
    events: EngineEvents
    watch: ClockWatch
    markers: int = 0

    async def look(self, times: int = 1, *, after_s: float = 1.0) -> list[bool]:
        """Look after what is due, with so much time before each."""
        looked = []
        for _ in range(times):
            self.clock.pass_(after_s)
            looked.append(await self.setter.look_after_next(self.watch.trusted_now() or self.clock.now()))
        return looked

    def told(self, code: str) -> list[Event]:
        """What the journal has of this code, once all is written that was handed over so far."""
        self.markers += 1
        self.events.note(Code.CLOCK_JUMPED, params={"seconds": self.markers})
        with Journal(self.journal) as journal:
            deadline = time.monotonic() + 10
            while len(journal.events(codes=[Code.CLOCK_JUMPED]).events) < self.markers:
                assert time.monotonic() < deadline
            return list(journal.events(codes=[code]).events)

    def state(self, number: int = 0) -> Any:
        return self.setter.state_of(self.acquisitions[number])


def local(now: datetime) -> datetime:
    return now.astimezone(PARIS).replace(tzinfo=None)


@pytest.fixture
def clock() -> SkippingClock:
    return SkippingClock(datetime(2026, 6, 1, 12, 0, 5, tzinfo=UTC))


@pytest.fixture
async def meters(clock: SkippingClock) -> AsyncIterator[Meters]:
    meters = Meters(clock)
    meters.put(local(clock.now()), units=(1, 2, 3))
    async with meters.serving():
        yield meters


@pytest.fixture
async def bus_of(
    tmp_path: Path, make_plant: Callable[..., Plant], clock: SkippingClock, meters: Meters
) -> AsyncIterator[Callable[..., Bus]]:
    """Make a bus with devices that answer, of the profile with a clock or the plain one."""
    made: list[Bus] = []

    def make(*profiles: str, link: Any = None, timeout_ms: int = 1000, **clock_keys: str) -> Bus:
        (tmp_path / "profiles").mkdir()
        text = profile(timeout_ms=timeout_ms, **clock_keys)
        (tmp_path / "profiles" / "clocked.yaml").write_text(text)
        without = text.replace("id: clocked", "id: plain").partition("clock: {")[0]
        (tmp_path / "profiles" / "plain.yaml").write_text(without)
        named = profiles or ("clocked",)
        plant = replace(
            make_plant(meters.port),
            devices=tuple(Device(n, f"Meter {n}", 1, n, name, "C1") for n, name in enumerate(named, start=1)),
            circuits=tuple(Circuit(n, f"Circuit {n}", n) for n in range(1, len(named) + 1)),
            series=(),
        )
        [setup] = assemble(plant, load_catalog(tmp_path / "profiles")).buses
        link = link or TcpLink(meters.host, meters.port, timeout_s=timeout_ms / 1000, retries=5, clock=clock.monotonic)
        with Journal(tmp_path / "journal.sqlite3") as journal:
            journal.events(codes=[Code.CLOCK_JUMPED])  # the file is there before two use it
        events = EngineEvents(Journal(tmp_path / "journal.sqlite3"))
        watch = ClockWatch(clock, highest_slot=None, on_change=lambda change: None)
        acquisitions = []
        for device in setup.devices:
            condition = ConditionKeeper(device.device, setup.bus, events=events, now=clock.now())
            condition.answered(clock.now())
            acquisitions.append(DeviceAcquisition(device, zone=PARIS, condition=condition))
        setter = ClockSetter(link, lambda: acquisitions, clock=clock, watch=watch, events=events)
        made.append(Bus(clock, setter, link, acquisitions, tmp_path / "journal.sqlite3", events, watch))
        return made[-1]

    yield make
    for bus in made:
        await bus.link.close()
        bus.events.close()


def off_s(meters: Meters, unit: int = 1) -> float:
    return (meters.shown(unit) - local(meters.clock.now())).total_seconds()


async def test_a_right_clock_is_read_once_an_hour_and_never_written(bus_of: Any, meters: Meters) -> None:
    bus = bus_of()

    looked = await bus.look(3)
    hour_later = await bus.look(after_s=HOUR_S)

    assert (looked, hour_later) == ([True, False, False], [True])
    assert [pdu for _, pdu in meters.asked] == [struct.pack(">BHH", 3, AT, 6)] * 2
    assert abs(bus.state().offset_s) <= 1
    assert (bus.state().method, bus.state().last_set) == ("write", None)


async def test_a_clock_that_is_off_is_set_within_a_second_and_proves_it(bus_of: Any, meters: Meters) -> None:
    meters.put(local(meters.clock.now()) - timedelta(days=200))
    bus = bus_of()

    looked = await bus.look(3)

    assert looked == [True, True, False]
    assert [pdu[0] for _, pdu in meters.asked] == [3, 16, 3]
    assert abs(off_s(meters)) < 1
    assert abs(bus.state().offset_s) <= 1.5
    assert abs(bus.state().last_set - meters.clock.now()) < timedelta(seconds=10)
    assert bus.told("device_clock_not_set") == bus.told("device_clock_drifts") == []
    assert bus.link.statistics.of_unit(1).requests == 3
    assert [entry.frame[7] for entry in bus.link.monitor.snapshot() if entry.frame] == [3, 3, 16, 16, 3, 3]


async def test_a_clock_that_shows_no_time_is_set(bus_of: Any, meters: Meters) -> None:
    meters.is_blank = True
    bus = bus_of()

    await bus.look()
    before = bus.state().offset_s
    await bus.look()

    assert before is None
    assert abs(bus.state().offset_s) <= 1.5
    assert len(meters.writes()) == 1


async def test_a_write_whose_answer_is_lost_is_sent_once_and_read_back(bus_of: Any, meters: Meters) -> None:
    meters.put(local(meters.clock.now()) + timedelta(hours=1))
    meters.answers = False
    bus = bus_of(timeout_ms=50)

    await bus.look(3)

    assert len(meters.writes()) == 1
    assert bus.state().last_set is not None
    assert bus.told("device_clock_not_set") == []


async def test_a_device_that_does_not_take_the_time_is_told_once_until_it_does(bus_of: Any, meters: Meters) -> None:
    meters.put(local(meters.clock.now()) + timedelta(hours=1))
    meters.takes = False
    bus = bus_of()

    await bus.look(5)
    standing = bus.told("device_clock_not_set")
    meters.takes = True
    await bus.look(after_s=HOUR_S)
    await bus.look()

    assert len(meters.writes()) == 3
    assert [(event.params["device"], event.is_standing) for event in standing] == [("Meter 1", True)]
    assert [event.is_standing for event in bus.told("device_clock_not_set")] == [False]
    assert abs(off_s(meters)) < 1


async def test_a_device_that_refuses_the_time_is_told_with_its_reason_and_asked_again_in_an_hour(
    bus_of: Any, meters: Meters
) -> None:
    meters.put(local(meters.clock.now()) + timedelta(hours=1))
    meters.refuses = 4
    bus = bus_of()

    looked = await bus.look(3)
    [told] = bus.told("device_clock_not_set")
    meters.refuses = 0
    await bus.look(after_s=HOUR_S)
    await bus.look()

    assert looked == [True, False, False]
    assert "exception 4 (server device failure)" in str(told.params["reason"])
    assert [event.is_standing for event in bus.told("device_clock_not_set")] == [False]


async def test_a_clock_that_drifts_is_told_until_it_keeps_time_for_an_hour(bus_of: Any, meters: Meters) -> None:
    bus = bus_of()
    await bus.look()

    meters.put(local(meters.clock.now()) + timedelta(seconds=90))
    await bus.look(after_s=HOUR_S)
    await bus.look()
    [told] = bus.told("device_clock_drifts")
    await bus.look(after_s=HOUR_S)

    assert told.is_standing
    assert told.params == {"device": "Meter 1", "seconds": 90}
    assert [event.is_standing for event in bus.told("device_clock_drifts")] == [False]
    assert len(meters.writes()) == 1


async def test_when_summer_time_ends_a_clock_is_set_at_once_and_nothing_is_told(
    bus_of: Any, meters: Meters, clock: SkippingClock
) -> None:
    clock.wall = datetime(2026, 10, 25, 0, 59, 40, tzinfo=UTC)
    meters.put(local(clock.now()))
    bus = bus_of()
    await bus.look()

    await bus.look(after_s=25)
    await bus.look()

    assert len(meters.writes()) == 1
    assert abs(off_s(meters)) < 1
    assert bus.told("device_clock_drifts") == bus.told("device_clock_not_set") == []


async def test_a_clock_that_cannot_be_read_is_written_at_the_start_and_once_a_day(bus_of: Any, meters: Meters) -> None:
    bus = bus_of(read="time: local")

    looked = [*await bus.look(2), *await bus.look(after_s=23 * HOUR_S), *await bus.look(after_s=HOUR_S)]

    assert looked == [True, False, False, True]
    assert [pdu[0] for _, pdu in meters.asked] == [16, 16]
    assert abs(off_s(meters)) < 1
    assert bus.state().offset_s is None
    assert bus.state().last_set is not None


async def test_clocks_wait_for_a_slot_for_a_silent_device_and_for_our_own_clock(
    bus_of: Any, meters: Meters, clock: SkippingClock
) -> None:
    meters.put(local(clock.now()) + timedelta(hours=1))
    bus = bus_of()
    one = bus.acquisitions[0]

    clock.pass_(52 - (clock.now().second - 5))  # some seconds before the whole minute
    assert clock.now().second >= 57
    before_slot = await bus.look(after_s=0)
    clock.pass_(10)
    one.condition.failed(DeviceCondition.SILENT, AnswerTimeoutError("no answer"), clock.now())
    silent = await bus.look()
    one.condition.answered(clock.now())
    clock.wall -= timedelta(days=365)
    in_doubt = await bus.look()

    assert (before_slot, silent, in_doubt) == ([False], [False], [True])
    assert meters.writes() == []


async def test_one_broadcast_sets_all_clocks_of_a_line_and_each_proves_it(
    bus_of: Any, meters: Meters, clock: SkippingClock, line_to: Any
) -> None:
    meters.put(local(clock.now()) + timedelta(hours=1), units=(1, 2, 3))
    line = await asyncio.to_thread(line_to, meters)
    settings = SerialSettings(line.device_file, 115200, Parity.EVEN)
    link = RtuLink(settings, timeout_s=1.0, clock=clock.monotonic)
    bus = bus_of(*["clocked"] * 3, link=link, methods="methods: [broadcast]")

    await bus.look(5)

    assert [unit for unit, _ in meters.writes()] == [0]
    assert [unit for unit, _ in meters.asked] == [1, 0, 1, 2, 3]
    assert all(abs(off_s(meters, unit)) < 1 for unit in (1, 2, 3))
    assert all(bus.state(n).last_set and bus.state(n).method == "broadcast" for n in range(3))
    assert link.statistics.of_unit(0).requests == 1


@pytest.mark.parametrize(
    ("methods", "method", "writes"),
    [("methods: [broadcast]", "none", 0), ("methods: [broadcast, write]", "write", 1)],
)
async def test_over_tcp_nothing_is_broadcast(
    bus_of: Any, meters: Meters, methods: str, method: str, writes: int
) -> None:
    meters.put(local(meters.clock.now()) + timedelta(hours=1))
    bus = bus_of(methods=methods)

    await bus.look(2)

    assert bus.state().method == method
    assert len(meters.writes()) == writes
    assert all(unit == 1 for unit, _ in meters.asked)
    assert bus.state().offset_s == pytest.approx(0 if writes else 3600, abs=2)


async def test_on_a_line_with_a_device_of_another_kind_nothing_is_broadcast(
    bus_of: Any, meters: Meters, clock: SkippingClock, line_to: Any
) -> None:
    line = await asyncio.to_thread(line_to, meters)
    link = RtuLink(SerialSettings(line.device_file, 115200, Parity.EVEN), timeout_s=1.0, clock=clock.monotonic)
    bus = bus_of("clocked", "plain", link=link, methods="methods: [broadcast]")

    await bus.look(2)

    assert (bus.state(0).method, bus.state(1)) == ("none", None)


async def test_the_engine_sets_the_clock_of_a_meter_and_says_so(
    folder: Any, start: Any, make_plants: Any, make_plant: Any, clock: SkippingClock, meters: Meters
) -> None:
    folder.profiles.mkdir()
    (folder.profiles / "clocked.yaml").write_text(profile())
    meters.put(local(clock.now()) - timedelta(hours=5))
    plant = replace(make_plant(meters.port), devices=(Device(1, "Meter", 1, 1, "clocked", "C1"),), series=())

    async with start(folder, clock, make_plants(plant)) as running:
        [told] = await running.until(lambda: [d for d in running.client.state().devices if d.clock.last_set])
        running.plants.plant = replace(plant, revision=2, devices=(replace(plant.devices[0], enabled=False),))
        await running.ask(running.client.reload, 2, "test")
        [disabled] = (await running.ask(running.client.state)).devices

    assert told.clock.method == "write"
    assert abs(told.clock.offset_s) <= 1.5
    assert abs(off_s(meters)) < 1
    assert [unit for unit, _ in meters.writes()] == [1]
    assert (disabled.condition, disabled.clock) == (DeviceCondition.DISABLED, None)
