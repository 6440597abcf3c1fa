"""Readings as JSON and CSV, from a real archive, without an engine."""

from __future__ import annotations

import asyncio
import csv
import io
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wattledger.apps.measurements.csv import ROWS_A_CHUNK, csv_of
from wattledger.archive import EmbeddedArchive, Point
from wattledger.measure import Quality
from wattledger.plant import DataFolder

START = datetime(2026, 11, 1, tzinfo=UTC)
STEP = timedelta(minutes=5)
HALF_YEAR = 26  # weeks


@pytest.fixture
def power(api: Any, meter: dict[str, Any]) -> str:
    """The series of the meter's active power."""
    rows = api.get(f"/series?device={meter['id']}")["items"]
    return next(row["id"] for row in rows if (row["point"], row["how"]) == ("active_power.total", "last"))


@pytest.fixture
def record(folder: DataFolder) -> Callable[..., None]:
    """Puts readings into the archive, as the engine does."""

    def put(series: str, values: list[float | None], *, start: datetime = START, step: timedelta = STEP) -> None:
        archive = EmbeddedArchive.open(folder.archive)
        points = [Point(start + number * step, value) for number, value in enumerate(values) if value is not None]
        archive.backfill(int(series[1:]), points, decimals=1).result()
        archive.close()

    return put


def test_readings_are_named_by_device_and_point(
    api: Any, meter: dict[str, Any], power: str, record: Callable[..., None]
) -> None:
    record(power, [100.0, None, 120.5])

    address = f"/readings?device={meter['id']}&point=active_power.total"
    answer = api.get(f"{address}&start=2026-11-01T00:00:00Z&end=2026-11-01T01:00:00%2B00:00")

    assert answer == {
        "series": power,
        "point": "active_power.total",
        "how": "last",
        "unit": "W",
        "step_s": 300,
        "rows": [["2026-11-01T00:00:00Z", 100.0, "late"], ["2026-11-01T00:10:00Z", 120.5, "late"]],
        "next": None,
    }
    assert api.get(f"{address}&how=mean&start=2026-11-01T00:00:00Z")["rows"] == []


def test_the_end_of_a_range_is_not_in_it(api: Any, power: str, record: Callable[..., None]) -> None:
    record(power, [1.0, 2.0, 3.0])

    rows = api.get(f"/readings?series={power}&start=2026-11-01T00:05:00Z&end=2026-11-01T00:10:00Z")["rows"]

    assert [row[1] for row in rows] == [2.0]


def test_a_limited_answer_says_where_to_go_on(api: Any, power: str, record: Callable[..., None]) -> None:
    record(power, [float(number) for number in range(25)])

    values, start, pages = [], "2026-11-01T00:00:00Z", 0
    while start is not None:
        piece = api.get(f"/readings?series={power}&start={start}&end=2026-12-01T00:00:00Z&limit=10")
        values += [row[1] for row in piece["rows"]]
        start, pages = piece["next"], pages + 1

    assert values == [float(number) for number in range(25)]
    assert pages == 3


def test_a_range_over_many_months_is_whole(api: Any, power: str, record: Callable[..., None]) -> None:
    record(power, [float(number) for number in range(HALF_YEAR)], step=timedelta(days=7), start=START - STEP)

    rows = api.get(f"/readings?series={power}&start=2026-10-01T00:00:00Z&end=2027-12-01T00:00:00Z")["rows"]

    assert [row[1] for row in rows] == [float(number) for number in range(HALF_YEAR)]


def test_several_series_are_a_list_in_the_order_asked_for(
    api: Any, meter: dict[str, Any], power: str, record: Callable[..., None]
) -> None:
    others = [row["id"] for row in api.get(f"/series?device={meter['id']}")["items"] if row["id"] != power]
    record(power, [7.0])

    answer = api.get(f"/readings?series={others[0]}&series={power}&start=2026-11-01T00:00:00Z")["series"]

    assert [one["series"] for one in answer] == [others[0], power]
    assert [one["rows"] for one in answer] == [[], [["2026-11-01T00:00:00Z", 7.0, "late"]]]


def test_a_step_draws_readings_together(api: Any, power: str, record: Callable[..., None]) -> None:
    record(power, [float(number) for number in range(30)])

    answers = {
        how: api.get(
            f"/readings?series={power}&step=3600&how={how}&start=2026-11-01T00:00:00Z&end=2026-11-03T00:00:00Z"
        )
        for how in ("last", "mean", "min", "max")
    }

    assert {how: [row[1] for row in answer["rows"]] for how, answer in answers.items()} == {
        "last": [11, 23, 29],
        "mean": [5.5, 17.5, 26.5],
        "min": [0, 12, 24],
        "max": [11, 23, 29],
    }
    assert answers["mean"]["rows"][1] == ["2026-11-01T01:00:00Z", 17.5, "late"]
    assert (answers["max"]["how"], answers["max"]["step_s"]) == ("max", 3600)


def test_a_step_of_a_day_is_a_local_day(api: Any, power: str, record: Callable[..., None]) -> None:
    version = api.get("/site")["version"]
    api.patch("/site", {"zone": "Europe/Paris", "version": version})
    hour = timedelta(hours=1)
    record(power, [float(n) for n in range(24 + 25 + 24)], start=datetime(2026, 10, 23, 22, tzinfo=UTC), step=hour)

    query = f"series={power}&start=2026-10-23T00:00:00Z&end=2026-10-28T00:00:00Z"
    days = api.get(f"/readings?{query}&step=86400&how=max")["rows"]
    halves = api.get(f"/readings?{query}&step=43200&how=min")["rows"]

    assert [row[:2] for row in days] == [
        ["2026-10-23T22:00:00Z", 23],
        ["2026-10-24T22:00:00Z", 48],
        ["2026-10-25T23:00:00Z", 72],
    ]
    # the day of 25 hours has a piece of one hour at its end
    assert [row[1] for row in halves] == [0, 12, 24, 36, 48, 49, 61]


def test_steps_come_in_pages_and_over_empty_years(api: Any, power: str, record: Callable[..., None]) -> None:
    record(power, [1.0, 2.0], start=datetime(1999, 12, 31, tzinfo=UTC))
    record(power, [float(number) for number in range(50)], step=timedelta(hours=6))

    values, start = [], "1970-01-01T00:00:00Z"
    while start is not None:
        page = api.get(f"/readings?series={power}&start={start}&end=2027-01-01T00:00:00Z&step=21600&limit=7")
        values += [row[1] for row in page["rows"]]
        start = page["next"]

    assert values == [2.0, *map(float, range(50))]


def test_how_may_be_worked_out_where_it_is_not_recorded(
    api: Any, meter: dict[str, Any], record: Callable[..., None]
) -> None:
    series = api.get(f"/series?device={meter['id']}")["items"]
    frequency = next(row["id"] for row in series if row["point"] == "frequency")
    record(frequency, [50.0, 49.9, 50.2])

    answer = api.get(
        f"/readings?device={meter['id']}&point=frequency&how=min&step=3600&start=2026-11-01T00:00:00Z"
        "&end=2026-11-02T00:00:00Z"
    )

    assert (answer["series"], answer["how"], answer["rows"][0][1]) == (frequency, "min", 49.9)


def test_the_reach_of_the_card_is_told_for_present_and_planned_intervals(
    api: Any, meter: dict[str, Any], power: str, record: Callable[..., None]
) -> None:
    record(power, [1.0])
    series = api.get(f"/series?device={meter['id']}")["items"]
    energies = sum(row["point"].startswith("active_energy") for row in series)

    now, planned = api.get("/storage"), api.get("/storage?interval=energy:60&interval=power:60")

    assert (now["oldest"], now["series"]) == ("2026-11-01T00:00:00Z", len(series))
    assert energies * 288 < now["readings_per_day"] <= len(series) * 288
    assert planned["readings_per_day"] < now["readings_per_day"]
    assert planned["written_per_day"] < now["written_per_day"]
    for each in (now, planned):
        assert each["history_days"] == pytest.approx(min(each["most_bytes"] / each["bytes_per_day"], 36_525), rel=0.01)
        assert each["history_is_longer"] is (each["history_days"] == 36_525)
    assert 0 < now["bytes"] < now["most_bytes"]


def test_devices_that_are_only_planned_are_reckoned_like_those_that_are(api: Any, meter: dict[str, Any]) -> None:
    now, planned = api.get("/storage"), api.get("/storage?add=hager-ecr:ECR380D:30")

    assert planned["series"] == 31 * now["series"]
    assert planned["written_per_day"] == pytest.approx(31 * now["written_per_day"], rel=0.001)
    assert planned["bytes_per_day"] == pytest.approx(31 * now["bytes_per_day"], rel=0.001)
    assert api.get("/storage?add=hager-ecr:ECR380D:0")["series"] == now["series"]


@pytest.mark.parametrize(
    ("add", "code"),
    [
        ("hager-ecr", "not_valid"),
        ("hager-ecr:ECR380D:-1", "not_valid"),
        ("hager-ecr:ECR380D:10001", "too_big"),
        ("hager-ecr:ECR999:1", "unknown_product"),
        ("nobody:ECR380D:1", "unknown_profile"),
    ],
)
def test_devices_that_cannot_be_planned_are_refused(api: Any, bus: str, add: str, code: str) -> None:
    problem = api("GET", f"/storage?add={add}").json()

    assert (problem["field"], problem["code"]) == ("add.0", code)


@pytest.mark.parametrize("interval", ["energy", "energy:7", "love:5"])
def test_intervals_that_cannot_be_planned_are_refused(api: Any, interval: str) -> None:
    response = api("GET", f"/storage?interval={interval}")

    assert response.status_code == 422
    assert response.json()["errors"][0]["field"] == "interval.0"


@pytest.mark.parametrize(
    ("query", "field", "code"),
    [
        ("", "device", "required"),
        ("device=d1", "point", "required"),
        ("device=d9&point=frequency", "device", "unknown"),
        ("device=x&point=frequency", "device", "unknown"),
        ("device=d1&point=love", "point", "not_recorded"),
        ("device=d1&point=frequency&channel=2", "channel", "unknown_channel"),
        ("device=d1&point=frequency&how=mean", "how", "not_one_of"),
        ("device=d1&point=frequency&how=sum", "how", "not_one_of"),
        ("device=d1&point=active_energy.import.total&how=consumption", "how", "not_available_yet"),
        ("series=s1&step=7000", "step", "not_one_of"),
        ("series=s1&step=1e3", "step", "not_integer"),
        ("series=s1&series=s999", "series.1", "unknown"),
        ("series=d1", "series.0", "unknown"),
        ("series=s1&device=d1", "series", "contradiction"),
        ("&".join(["series=s1"] * 51), "series", "too_many"),
        ("series=s1&start=2026-11-02T00:00:00Z&end=2026-11-02T00:00:00Z", "end", "end_before_start"),
        ("series=s1&start=1969-12-31T23:59:59Z", "start", "not_time"),
        ("series=s1&limit=0", "limit", "too_small"),
        ("series=s1&from=1", "from", "unknown_parameter"),
    ],
)
def test_a_question_that_cannot_be_answered_names_its_fault(
    api: Any, meter: dict[str, Any], query: str, field: str, code: str
) -> None:
    response = api("GET", f"/readings?{query}")

    assert response.status_code == 422, response.content
    assert (response.json()["field"], response.json()["code"]) == (field, code)


def test_the_recorded_step_may_be_asked_for(api: Any, power: str) -> None:
    assert api.get(f"/readings?series={power}&step=300")["step_s"] == 300


async def _body(response: Any) -> bytes:
    return b"".join([chunk async for chunk in response.streaming_content])


def csv_body(api: Any, path: str) -> str:
    response = api("GET", path, Accept="text/csv")
    assert response.status_code == 200, response.content
    assert response.headers["Content-Type"].startswith("text/csv")
    return asyncio.run(_body(response)).decode()


def test_csv_has_a_line_per_slot_and_columns_per_series(
    api: Any, meter: dict[str, Any], power: str, record: Callable[..., None]
) -> None:
    series = api.get(f"/series?device={meter['id']}")["items"]
    other = next(row["id"] for row in series if row["point"] == "frequency")
    api.patch(f"/devices/{meter['id']}", {"circuits": [{"channel": 1, "name": 'Main, "old"'}]})
    record(power, [1.5, None, 3.0])
    record(other, [None, 50.0, 50.1])

    text = csv_body(api, f"/readings?series={power}&series={other}&start=2026-11-01T00:00:00Z")

    assert text.endswith("\r\n")
    assert list(csv.reader(io.StringIO(text))) == [
        [
            "time",
            'Main, "old" active_power.total [W]',
            'Main, "old" active_power.total [W] quality',
            'Main, "old" frequency [Hz]',
            'Main, "old" frequency [Hz] quality',
        ],
        ["2026-11-01T00:00:00Z", "1.5", "late", "", ""],
        ["2026-11-01T00:05:00Z", "", "", "50.0", "late"],
        ["2026-11-01T00:10:00Z", "3.0", "late", "50.1", "late"],
    ]


def test_csv_without_readings_has_its_titles(api: Any, power: str) -> None:
    assert csv_body(api, f"/readings?series={power}").count("\r\n") == 1


def test_csv_is_not_cut_by_a_limit(api: Any, power: str, record: Callable[..., None]) -> None:
    record(power, [float(number) for number in range(2 * ROWS_A_CHUNK + 1)])

    text = csv_body(api, f"/readings?series={power}&start=2026-11-01T00:00:00Z&end=2026-12-01T00:00:00Z&limit=1")

    assert text.count("\r\n") == 1 + 2 * ROWS_A_CHUNK + 1


def test_an_archive_that_cannot_be_read_is_a_problem_in_both_forms(
    api: Any, folder: DataFolder, power: str, record: Callable[..., None]
) -> None:
    record(power, [1.0])
    (folder.archive / "hot.db").write_bytes(b"no database" * 1000)

    for accept in ("application/json", "text/csv"):
        response = api("GET", f"/readings?series={power}", Accept=accept)
        assert (response.status_code, response.json()["code"]) == (503, "archive_unreadable"), accept


CELLS = st.lists(
    st.tuples(st.integers(0, 50), st.floats(allow_nan=False, allow_infinity=False), st.sampled_from(Quality)),
    max_size=20,
    unique_by=lambda cell: cell[0],
)


@given(st.lists(st.tuples(st.text(max_size=10), CELLS), min_size=1, max_size=3))
def test_every_reading_is_in_the_csv_once_and_exactly(columns: list[tuple[str, Any]]) -> None:
    given_columns = [
        (name, [(START + number * STEP, value, quality) for number, value, quality in sorted(cells)])
        for name, cells in columns
    ]

    lines = list(csv.reader(io.StringIO(b"".join(csv_of(given_columns)).decode(), newline="")))

    found = [
        [
            (datetime.fromisoformat(line[0]), float(line[1 + 2 * place]), Quality[line[2 + 2 * place].upper()])
            for line in lines[1:]
            if line[1 + 2 * place]
        ]
        for place in range(len(columns))
    ]
    assert found == [rows for _, rows in given_columns]
    assert [line[0] for line in lines[1:]] == sorted({line[0] for line in lines[1:]})


@pytest.mark.parametrize("name", ["=1+1", "+cmd", "@x", "-x", "\tx"])
def test_names_do_not_become_formulas_of_a_spreadsheet(name: str) -> None:
    titles = next(csv.reader(io.StringIO(b"".join(csv_of([(name, [])])).decode())))

    assert titles[1] == "'" + name


def test_a_range_of_centuries_is_answered_as_well(api: Any, power: str, record: Callable[..., None]) -> None:
    record(power, [1.0], start=datetime(1970, 1, 1, tzinfo=UTC))
    record(power, [2.0, 3.0], start=START, step=timedelta(days=400))

    rows = api.get(f"/readings?series={power}&start=1970-01-01T00:00:00Z&end=2199-12-31T00:00:00Z")["rows"]

    assert [row[1] for row in rows] == [1.0, 2.0, 3.0]
