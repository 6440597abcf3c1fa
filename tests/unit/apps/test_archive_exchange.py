"""Readings that go into a file and come back: to their own series by themselves, to others by somebody's word only."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from wattledger.apps.building.models import Site
from wattledger.apps.devices.models import Series
from wattledger.archive import EmbeddedArchive, EmbeddedReader, Point
from wattledger.archive.exchange_file import Origin, reading_exchange, writing_exchange
from wattledger.journal import Journal
from wattledger.plant import DataFolder
from wattledger.services.archive_exporting import Chosen, export_archive
from wattledger.services.archive_importing import import_archive
from wattledger.services.errors import CommandRefusedError

START = datetime(2026, 1, 31, 12, tzinfo=UTC)
STEP = timedelta(minutes=5)
EVER = (datetime(1970, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC))
OTHER = UUID(int=99)


def series_of(device: dict[str, Any], point: str, how: str = "last") -> Series:
    quantity, _, rest = point.partition(".")
    direction, _, phase = rest.rpartition(".")
    rows = Series.objects.filter(circuit__device=int(device["id"][1:]), quantity=quantity, aggregate=how)
    return rows.get(direction=direction, phase=phase)


def fill(folder: DataFolder, series: Series, count: int = 500, *, start: datetime = START) -> None:
    with EmbeddedArchive.open(folder.archive, durable=False) as archive:
        points = [Point(start + number * STEP, float(number)) for number in range(count)]
        archive.backfill(series.pk, points, decimals=series.decimals).result()


def kept(folder: DataFolder, series: Series) -> list[float]:
    with EmbeddedReader.open(folder.archive) as reader:
        return [float(value) for value in reader.read([series.pk], *EVER)[series.pk].values]


def empty(folder: DataFolder) -> None:
    """The card is lost and replaced: the readings are gone, the configuration was in a backup."""
    for path in sorted(folder.archive.rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()


def said_by_another(path: Path, change: Callable[[Origin], Origin]) -> Path:
    """The same export as if another server had written it."""
    other = path.with_name("other.wattx")
    with reading_exchange(path) as file, writing_exchange(other, change(file.origin)) as writer:
        for chunk, _ in file.chunks():
            writer.add(chunk)
    return other


@pytest.fixture
def power(meter: dict[str, Any]) -> Series:
    return series_of(meter, "active_power.total")


@pytest.fixture
def energy(meter: dict[str, Any]) -> Series:
    return series_of(meter, "active_energy.import.total")


@pytest.fixture
def exported(folder: DataFolder, power: Series, energy: Series, tmp_path: Path) -> Path:
    """All of two series, over the turn of a month."""
    fill(folder, power)
    fill(folder, energy, 10)
    export_archive(folder, tmp_path / "all.wattx", Chosen())
    return tmp_path / "all.wattx"


@pytest.fixture
def foreign(exported: Path) -> Path:
    """The same numbers of series, but another server's."""

    def change(origin: Origin) -> Origin:
        series = tuple(replace(each, uuid=UUID(int=each.number), device="Theirs") for each in origin.series)
        return replace(origin, server=OTHER, series=series)

    return said_by_another(exported, change)


def test_an_export_brings_a_lost_archive_back_and_again_does_no_harm(
    folder: DataFolder, exported: Path, power: Series, energy: Series, capsys: pytest.CaptureFixture[str]
) -> None:
    empty(folder)

    import_archive(folder, exported, words=[], dry_run=False)
    import_archive(folder, exported, words=[], dry_run=False)

    assert kept(folder, power) == [float(number) for number in range(500)]
    assert len(kept(folder, energy)) == 10
    out = capsys.readouterr().out
    assert f"s{power.pk} Main, 1, active_power.total last: 500, 2026-01-31..2026-02-02 → s{power.pk} Main" in out
    assert "510 readings were new" in out
    assert "\n0 readings were new" in out
    with Journal(folder.journal) as journal:
        counts = [event.params["count"] for event in journal.events(codes=["readings_imported"]).events]
    assert counts == [0, 510]


def test_series_and_time_can_be_chosen(folder: DataFolder, power: Series, energy: Series, tmp_path: Path) -> None:
    fill(folder, power)
    fill(folder, energy)
    chosen = Chosen([f"s{power.pk}"], start=START + 10 * STEP, end=START + 15 * STEP)
    export_archive(folder, tmp_path / "some", chosen)
    empty(folder)

    import_archive(folder, tmp_path / "some", words=[], dry_run=False)

    assert kept(folder, power) == [10, 11, 12, 13, 14]
    assert kept(folder, energy) == []


def test_what_a_person_said_since_stands(folder: DataFolder, exported: Path, power: Series) -> None:
    with EmbeddedArchive.open(folder.archive, durable=False) as archive:
        archive.correct(power.pk, [Point(START, 77.0), Point(START + STEP, None)], decimals=0).result()

    import_archive(folder, exported, words=[], dry_run=False)

    assert kept(folder, power)[:2] == [77.0, 2.0]


def test_readings_of_another_server_are_never_taken_for_one_s_own(
    folder: DataFolder, foreign: Path, power: Series, energy: Series, capsys: pytest.CaptureFixture[str]
) -> None:
    empty(folder)

    with pytest.raises(CommandRefusedError, match="--map"):
        import_archive(folder, foreign, words=[], dry_run=False)

    assert (kept(folder, power), kept(folder, energy)) == ([], [])
    out = capsys.readouterr().out
    assert f"another server ({OTHER})" in out
    assert "nobody said whose it is" in out


@pytest.mark.parametrize("word", ["s{foreign}=s{here}", "s{foreign}=Main", "Theirs=Main"])
def test_foreign_readings_go_where_somebody_says_and_the_series_remembers_whence(
    api: Any, folder: DataFolder, foreign: Path, meter: dict[str, Any], power: Series, word: str
) -> None:
    empty(folder)
    mapped = word.format(foreign=power.pk, here=power.pk)

    import_archive(folder, foreign, words=[mapped], dry_run=False)

    assert kept(folder, power) == [float(number) for number in range(500)]
    rows = {row["id"]: row["origins"] for row in api.get(f"/series?device={meter['id']}")["items"]}
    (origin,) = rows[f"s{power.pk}"]
    assert (origin["server"], origin["device"], origin["point"]) == (str(OTHER), "Theirs", "active_power.total")
    assert (origin["first"], origin["last"]) == ("2026-01-31T12:00:00Z", "2026-02-02T05:35:00Z")
    assert sum(map(bool, rows.values())) == (2 if word == "Theirs=Main" else 1)


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["nonsense"], "THERE=HERE"),
        (["Nobody=Main"], "Theirs"),
        (["Theirs=Nobody"], "Main"),
        (["s{energy}=s{power}"], "differs"),
        (["s{power}=s{mean}"], "differs"),
        (["s{energy}=s{energy}", "s{other}=s{energy}"], "both"),
    ],
)
def test_what_does_not_belong_together_is_refused(
    folder: DataFolder, foreign: Path, meter: dict[str, Any], power: Series, energy: Series, words: list[str], says: str
) -> None:
    empty(folder)
    numbers = {
        "power": power.pk,
        "energy": energy.pk,
        "mean": series_of(meter, "active_power.total", "mean").pk,
        "other": series_of(meter, "active_energy.export.total").pk,
    }

    with pytest.raises(CommandRefusedError, match=says):
        import_archive(folder, foreign, words=[word.format(**numbers) for word in words], dry_run=False)

    assert kept(folder, power) == []


def test_a_dry_run_tells_and_takes_nothing(
    folder: DataFolder, foreign: Path, power: Series, capsys: pytest.CaptureFixture[str]
) -> None:
    empty(folder)

    import_archive(folder, foreign, words=["Theirs=Main"], dry_run=True)

    assert f"→ s{power.pk} Main" in capsys.readouterr().out
    assert kept(folder, power) == []


def test_what_was_deleted_for_ever_stays_so(
    api: Any, folder: DataFolder, exported: Path, power: Series, capsys: pytest.CaptureFixture[str]
) -> None:
    api("DELETE", f"/series/s{power.pk}/readings?confirm=s{power.pk}")

    import_archive(folder, exported, words=[], dry_run=False)

    assert "deleted for ever" in capsys.readouterr().out
    successor = Series.objects.get(circuit=power.circuit, quantity="active_power", phase="total", aggregate="last")
    assert kept(folder, successor) == []


def test_a_file_that_is_cut_off_is_refused_before_anything_of_it_is_taken(
    folder: DataFolder, exported: Path, power: Series
) -> None:
    empty(folder)
    exported.write_bytes(exported.read_bytes()[:-10])

    with pytest.raises(CommandRefusedError, match="nothing of it was taken"):
        import_archive(folder, exported, words=[], dry_run=False)

    assert kept(folder, power) == []


def test_readings_of_the_future_are_refused(folder: DataFolder, power: Series, tmp_path: Path) -> None:
    fill(folder, power, 3, start=datetime(2099, 1, 1, tzinfo=UTC))
    export_archive(folder, tmp_path / "future", Chosen())
    empty(folder)

    with pytest.raises(CommandRefusedError, match="future"):
        import_archive(folder, tmp_path / "future", words=[], dry_run=False)


@pytest.mark.parametrize(
    "chosen", [Chosen(["s99"]), Chosen(["x"]), Chosen(devices=["Nobody"]), Chosen(end=START - STEP)]
)
def test_what_is_not_there_is_not_exported(folder: DataFolder, power: Series, tmp_path: Path, chosen: Chosen) -> None:
    fill(folder, power, 3)

    with pytest.raises(CommandRefusedError):
        export_archive(folder, tmp_path / "x", chosen)

    assert not (tmp_path / "x").exists()


def test_no_file_is_overwritten(folder: DataFolder, exported: Path) -> None:
    with pytest.raises(CommandRefusedError, match="exists already"):
        export_archive(folder, exported, Chosen())


def test_the_export_names_this_server_and_its_archive(folder: DataFolder, exported: Path) -> None:
    with reading_exchange(exported) as file, EmbeddedReader.open(folder.archive) as reader:
        assert file.origin.server == Site.objects.get().server
        assert file.origin.epoch == reader.changes(0).epoch
