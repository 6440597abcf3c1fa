"""What silent devices cost the others on their bus, in simulated time: a line on which each request takes its time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, cast
from zoneinfo import ZoneInfo

import pytest

from wattledger.catalog import Catalog
from wattledger.engine.acquisition import DeviceAcquisition
from wattledger.engine.assembly import assemble
from wattledger.engine.clock import ClockWatch
from wattledger.engine.condition import ConditionKeeper
from wattledger.engine.live import LiveTable
from wattledger.engine.polling import BusPoller, Surroundings
from wattledger.engine.recording import Recorder
from wattledger.fieldbus import AnswerTimeoutError, Reply, TrafficStatistics
from wattledger.fieldbus.modbus.pdu import ReadRegisters
from wattledger.plant import Circuit, Plant

BETWEEN_SLOTS = datetime(2026, 6, 1, 12, 2, tzinfo=UTC)
ANSWER_S, PROFILE_S = 0.05, 1.0
MOST_SHARE = 0.02  # of the time, for all silent devices together
UNITS = range(1, 32)
POWERS = 0xB000  # the block that is read each second


@dataclass
class Line:
    """A bus in simulated time: units answer in `ANSWER_S`, silent ones cost their timeout for each try."""

    clock: Any
    timeout_s: float = 0.25
    in_flight: int = 1
    silent: set[int] = field(default_factory=set)
    asked: list[tuple[int, ReadRegisters, float, int | None]] = field(default_factory=list)
    statistics: TrafficStatistics = field(default_factory=TrafficStatistics)
    lost_s: float = 0.0

    def request_cost(self, unit_id: int) -> int:
        return 25

    async def request(
        self, unit_id: int, request: Any, *, timeout_s: float, manners: Any, retries: int | None = None
    ) -> Any:
        self.asked.append((unit_id, request, timeout_s, retries))
        if unit_id in self.silent:
            spent_s = timeout_s * (1 + (1 if retries is None else retries))
            self.lost_s += spent_s
            self.clock.pass_(spent_s)
            raise AnswerTimeoutError("no answer")
        self.clock.pass_(ANSWER_S)
        self.statistics.answered(unit_id, response_s=ANSWER_S, exception=None)
        return Reply((0,) * request.count, self.clock.monotonic())


class Events:
    """Where events go that nobody looks at here."""

    def begin(self, *_: Any, **__: Any) -> None: ...

    def end(self, *_: Any, **__: Any) -> None: ...


@pytest.fixture
def line(clock: Any) -> Line:
    clock.wall = BETWEEN_SLOTS
    return Line(clock)


@pytest.fixture
def poller(line: Line, plant: Plant, catalog: Catalog, clock: Any) -> BusPoller:
    many = replace(
        plant,
        devices=tuple(replace(plant.devices[0], id=unit, name=f"M{unit}", unit_id=unit) for unit in UNITS),
        circuits=tuple(Circuit(unit, f"M{unit}", unit) for unit in UNITS),
        series=tuple(replace(one, circuit=unit, id=unit * 100 + one.id) for unit in UNITS for one in plant.series),
    )
    setup, events, paris = assemble(many, catalog).buses[0], cast("Any", Events()), ZoneInfo("Europe/Paris")
    acquisitions = [
        DeviceAcquisition(
            one, zone=paris, condition=ConditionKeeper(one.device, setup.bus, events=events, now=clock.now())
        )
        for one in setup.devices
    ]
    watch = ClockWatch(clock, highest_slot=None, on_change=lambda change: None)
    nobody = cast("Any", None)  # nothing is recorded here
    recorder = Recorder(nobody, events=events, before_writing=nobody, on_recorded=lambda frame: None)
    around = Surroundings(clock, watch, LiveTable(clock), recorder, cast("Any", None), events)
    return BusPoller(setup.bus, acquisitions, cast("Any", line), around)


@pytest.fixture
def poll(poller: BusPoller, clock: Any) -> Callable[[float], Any]:
    """Let the bus be polled for so many simulated seconds."""

    async def poll(seconds: float) -> None:
        end_s = clock.monotonic() + seconds
        while clock.monotonic() < end_s:
            now = clock.now()
            visit = poller._most_urgent(now)
            if visit is None:
                clock.pass_(poller._nap_s(now))
            else:
                await poller._visit(visit)

    return poll


async def test_a_device_that_falls_silent_costs_one_visit_and_then_single_short_reads(
    line: Line, poll: Callable[[float], Any]
) -> None:
    await poll(30)
    line.silent = {31}
    line.asked.clear()
    await poll(60)

    first, *probes = [row for row in line.asked if row[0] == 31]

    assert first[2:] == (PROFILE_S, None)
    assert 1 < len(probes) < 8
    for _, request, timeout_s, retries in probes:
        assert (request.count, retries) == (1, 0)
        assert timeout_s == line.timeout_s  # it answered well within that before


async def test_a_device_that_never_answered_is_given_the_time_of_its_profile(
    line: Line, poll: Callable[[float], Any]
) -> None:
    line.silent = {31}

    await poll(120)

    assert {timeout_s for unit, _, timeout_s, _ in line.asked if unit == 31} == {PROFILE_S}


@pytest.mark.parametrize("silent", [1, 10, 30])
async def test_silent_devices_take_no_more_than_their_share_however_many_they_are(
    line: Line, poll: Callable[[float], Any], silent: int
) -> None:
    await poll(30)
    line.silent = set(UNITS[-silent:])
    await poll(120)
    line.lost_s = 0.0

    await poll(600)

    assert 0 < line.lost_s <= 600 * MOST_SHARE + line.timeout_s


async def test_each_of_many_silent_devices_has_its_turn_and_is_found_when_it_speaks_again(
    line: Line, poller: BusPoller, poll: Callable[[float], Any]
) -> None:
    await poll(30)
    line.silent = set(UNITS[-10:])
    await poll(120)
    line.asked.clear()
    await poll(300)
    turns = Counter(unit for unit, *_ in line.asked if unit in line.silent)
    line.silent.clear()
    await poll(30)

    assert set(turns) == set(UNITS[-10:])
    assert max(turns.values()) - min(turns.values()) <= 1
    assert not any(one.is_failing for one in poller.acquisitions)


async def test_a_device_that_answers_its_probe_is_asked_as_usual(
    line: Line, poller: BusPoller, poll: Callable[[float], Any]
) -> None:
    await poll(30)
    line.silent = {31}
    await poll(60)
    line.silent.clear()
    await poll(30)
    line.asked.clear()

    await poll(30)

    powers = Counter(unit for unit, request, *_ in line.asked if request.address == POWERS)
    assert powers[30] > 5
    assert abs(powers[31] - powers[30]) <= 1
    assert not poller.acquisitions[-1].is_failing
