"""Thirty days of the demo hotel, with everything that can go wrong: nothing grows, and no figure is wrong.

The days are compressed by leaps of the wall clock: from one recorded slot to shortly before one some hours later, while
buses, meters, recording and upkeep run at their real pace in between. Midnights, sealing, months and the incidents all
happen as they would; of the slots only those that are leapt to are recorded.
"""

from __future__ import annotations

import os
import statistics
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pytest

from living_hotel import Hotel, LeapingClock, Taken, hotel, until
from wattledger.catalog import device_map, load_catalog
from wattledger.demo.history import Steps, steps_of
from wattledger.demo.hotel.calendar import DAY_MIN
from wattledger.demo.hotel.live import Channel
from wattledger.demo.hotel.records import keep_records
from wattledger.demo.plan import DEVICES
from wattledger.demo.plan.devices import meters
from wattledger.demo.truth import Truth
from wattledger.measure import PointName
from wattledger.plant import DataFolder

DAYS = int(os.environ.get("SOAK_HOTEL_DAYS", "30"))
LEAP = timedelta(hours=8)
BEFORE_S = 1.0  # a slot; so far the clock leaps
RECORDED_WITHIN_S = 55.0  # within the tolerance of a slot
INTERVAL_MIN = 60
SINGLE = 2.0**-23  # how finely a float of 32 bits holds an index
RENEWED_EVERY_S = 1.5  # values of a simulated meter, and the way of the answer
ENERGY = "active_energy.import.total"
# day and what is switched on it; silence, exchange, reset, frozen values, a turned transformer, dips, overload, a trip
SWITCHED: dict[float, tuple[str, ...]] = {
    2.0: ("laundry", "reset"),
    4.0: ("air-handling", "silent", "on"),
    8.0: ("air-handling", "silent", "off"),
    6.0: ("offices", "freeze", "on"),
    7.0: ("offices", "freeze", "off"),
    10.0: ("chiller", "reverse", "on", "L2"),
    12.0: ("hot-water", "exchange"),
    14.0: ("chiller", "reverse", "off"),
    16.0: ("gateway", "silent", "on"),
    17.0: ("gateway", "silent", "off"),
    18.0: ("grid", "dip", "L3"),
    20.0: ("unmetered", "overload", "on", "52000"),
    20.25: ("unmetered", "overload", "off"),
    22.0: ("kitchen-cold", "trip", "on"),
    22.5: ("kitchen-cold", "trip", "off"),
    24.0: ("spa", "silent", "off"),
}


@dataclass(frozen=True, slots=True)
class Counter:
    """An index of one channel of a device of the hotel, and its series."""

    series: str
    device: str
    channel: Channel
    steps: Steps


@dataclass(frozen=True, slots=True)
class Month:
    """What the month left behind."""

    counters: list[Counter]
    readings: dict[str, list[tuple[int, float]]]  # by series: minute since 1970, Wh
    missed: dict[str, list[int]]
    samples: list[Taken]
    events: list[dict[str, Any]]
    hotel: Hotel


@pytest.fixture(scope="module")
def month(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Month]:
    """The whole month, lived through once."""
    folder = tmp_path_factory.mktemp("soak")
    with hotel(folder, LeapingClock(folder)) as house:
        counters = list(counters_of(house))
        kinds = [row["kind"] for row in house.api.list("intervals")]
        house.api.patch("intervals", {"intervals": dict.fromkeys(kinds, INTERVAL_MIN)})
        samples, missed = lived(house, counters)
        first = house.now() - timedelta(days=DAYS + 1)
        readings = {one.series: readings_of(house, one.series, since=first) for one in counters}
        yield Month(counters, readings, missed, samples, house.api.list("events?limit=1000"), house)


def counters_of(house: Hotel) -> Iterator[Counter]:
    """Every index of energy of a Modbus device."""
    catalog = load_catalog(DataFolder(house.data).profiles)
    ids = {row["name"]: row["id"] for row in house.api.list("devices?limit=1000")}
    for planned in DEVICES:
        profile = catalog.profile(planned.profile)
        mapped = device_map(profile, profile.product(planned.product))
        for row in house.api.list(f"series?device={ids[planned.name]}&limit=1000"):
            wired = planned.channels[row["channel"] - 1]
            point = mapped.point(row["point"], channel=row["channel"])
            if row["point"] == ENERGY and point is not None and wired.meter in meters():
                yield Counter(
                    row["id"], planned.key, Channel(row["channel"], wired.meter, wired.index), steps_of(point)
                )


def lived(house: Hotel, counters: list[Counter]) -> tuple[list[Taken], dict[str, list[int]]]:
    """Leap through the days; gives what the server took meanwhile, and the slots that a device missed."""
    samples: list[Taken] = []
    missed: dict[str, list[int]] = {}
    begun = house.now().replace(minute=0, second=0, microsecond=0)
    due = dict(sorted(SWITCHED.items()))
    for leap in range(1, int(timedelta(days=DAYS) / LEAP) + 1):
        slot = begun + leap * LEAP
        house.clock.leap((slot - house.now()).total_seconds() - BEFORE_S)
        absent = until_recorded(house, counters, slot)
        for device in absent:
            missed.setdefault(device, []).append(int(slot.timestamp()) // 60)
        while due and min(due) <= (slot - begun) / timedelta(days=1):
            house.command(*due.pop(min(due)))
        samples.append(house.taken())
    return samples, missed


def until_recorded(house: Hotel, counters: list[Counter], slot: datetime) -> set[str]:
    """Wait until each device that answers has its reading for the slot; gives those that have none."""
    wanted = {one.series: one.device for one in counters}
    query = "&".join(f"series={one}" for one in wanted)
    span = f"start={stamp(slot)}&end={stamp(slot + timedelta(seconds=1))}"
    absent = set(wanted.values())

    def all_there() -> bool:
        nonlocal absent
        answer = house.api.get(f"readings?{query}&{span}")
        absent = {wanted[row["series"]] for row in answer["series"] if not row["rows"]}
        conditions = {row["device"]: row["condition"] for row in house.api.get("state")["devices"]}
        ids = {row["name"]: row["id"] for row in house.api.list("devices?limit=1000")}
        names = {planned.key: planned.name for planned in DEVICES}
        return all(conditions.get(ids[names[key]]) in {"silent", "disabled", "unreachable"} for key in absent)

    until(all_there, within_s=RECORDED_WITHIN_S)
    return absent


def readings_of(house: Hotel, series: str, *, since: datetime) -> list[tuple[int, float]]:
    end = house.now() + timedelta(hours=1)
    rows = house.api.get(f"readings?series={series}&start={stamp(since)}&end={stamp(end)}&limit=100000")["rows"]
    live = [row for row in rows if row[2] != "late"]  # without what was seeded
    return [(int(datetime.fromisoformat(slot).timestamp()) // 60, value) for slot, value, _ in live]


def stamp(time: datetime) -> str:
    return time.astimezone(UTC).isoformat().replace("+00:00", "Z")


def test_every_recorded_index_is_what_the_meter_showed_at_that_minute(month: Month) -> None:
    opening, incidents = month.hotel.folder.opening(), month.hotel.folder.incidents()
    last = int(month.hotel.now().timestamp()) // 60 // DAY_MIN
    records = keep_records(
        meters(), seed=opening.seed, first_day=opening.first_day, last_day=last + 1, incidents=incidents
    )
    wrong = []
    for one in month.counters:
        view = one.channel.view(records)
        for minute, value in month.readings[one.series]:
            shown = view.show(records.books.flows(np.arange(minute - 1, minute + 2)), [PointName.parse(ENERGY)])
            before, least, most = shown.values[PointName.parse(ENERGY)]
            renewed = max(0.0, least - before) * RENEWED_EVERY_S / 60  # it may be as old as that
            steps = one.steps.shown(np.array([least - renewed, max(least, most)]))
            slack = max(one.steps.step or 0.0, SINGLE * value if one.steps.is_single else 0.0)
            if not steps[0] - slack <= value <= steps[1] + slack:
                wrong.append((one.device, minute, value, steps))
    assert wrong == []


def test_what_undisturbed_meters_counted_is_what_flowed(month: Month) -> None:
    opening, incidents = month.hotel.folder.opening(), month.hotel.folder.incidents()
    truth = Truth(seed=opening.seed, incidents=incidents)
    for one in month.counters:
        if one.device not in {"incomer", "kitchen", "technical", "lift", "kitchen-hot", "incomer-check"}:
            continue
        (first, before), *_, (last, after) = month.readings[one.series]
        drawn = truth.amounts([meters()[one.channel.meter]], first, last)[meters()[one.channel.meter]].drawn
        assert after - before == pytest.approx(drawn, rel=2e-4, abs=2 * (one.steps.step or 1.0) + 2000), one.device


def test_devices_that_answered_missed_no_slot_and_the_silent_ones_did(month: Month) -> None:
    slots, a_day = int(timedelta(days=DAYS) / LEAP), int(timedelta(days=1) / LEAP)
    sometimes = {"spa", "air-handling", "pool", "garden", "hot-water", "car-chargers"}
    always = {one.device for one in month.counters} - sometimes

    assert {device: len(minutes) for device, minutes in month.missed.items() if device in always} == {}
    if max(SWITCHED) < DAYS:
        for device, days in (("air-handling", 4), ("pool", 1), ("garden", 1)):
            assert 0 <= len(month.missed[device]) - days * a_day <= 2
        assert 0 < len(month.missed["spa"]) < slots


def test_nothing_that_the_server_takes_grows(month: Month) -> None:
    quarter = len(month.samples) // 4
    early, late = month.samples[quarter : 2 * quarter], month.samples[-quarter:]

    def middles(name: str) -> tuple[float, float]:
        return (
            statistics.median(getattr(sample, name) for sample in early),
            statistics.median(getattr(sample, name) for sample in late),
        )

    for name, factor, spare in (
        ("memory_kb", 1.08, 4_000),
        ("descriptors", 1.0, 4),
        ("threads", 1.0, 2),
        ("wal_bytes", 1.5, 1_000_000),
        ("loop_lag_s", 2.0, 0.1),
    ):
        before, after = middles(name)
        assert after <= before * factor + spare, f"{name}: {before} early, {after} late"


def test_at_the_end_every_device_is_as_it_should_be_and_nothing_failed(month: Month) -> None:
    conditions = {row["device"]: row["condition"] for row in month.hotel.api.get("state")["devices"]}
    ids = {row["name"]: row["id"] for row in month.hotel.api.list("devices?limit=1000")}
    silent = {"spa"} if max(SWITCHED) > DAYS else set()
    found = {planned.key: conditions[ids[planned.name]] for planned in DEVICES}
    expected = {
        planned.key: "disabled" if not planned.is_enabled else "silent" if planned.key in silent else "answering"
        for planned in DEVICES
    }
    bad = {"service_restarted", "archive_failed", "archive_full", "archive_set_aside", "readings_dropped", "job_failed"}

    assert found == expected
    assert [event for event in month.events if event["code"] in bad] == []
