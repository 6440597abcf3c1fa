"""The engine tends the archive, by a clock that it trusts."""

from collections.abc import AsyncIterator
from contextlib import aclosing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from wattledger.archive import EmbeddedArchive, Frame
from wattledger.engine.events import EngineEvents
from wattledger.engine.upkeep import Upkeep
from wattledger.journal import Journal

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
EVER = (datetime(1970, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC))
PARIS = ZoneInfo("Europe/Paris")


class Site:
    """An archive with one day in it, and when and where the engine thinks it is."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.now: datetime | None = NOON + timedelta(days=2)
        self.zone: ZoneInfo | None = PARIS
        self.archive = EmbeddedArchive.open(folder / "archive", durable=False)
        self.archive.record([Frame(NOON, 300, 0.0, (1,), (0,), (7,))]).result()
        self.events = EngineEvents(Journal(folder / "journal.sqlite3"))
        self.upkeep = Upkeep(self.archive, now=lambda: self.now, zone=lambda: self.zone, events=self.events)

    @property
    def sealed(self) -> list[str]:
        return sorted(path.name for path in (self.folder / "archive" / "sealed").glob("*"))

    async def tend(self) -> None:
        while await self.upkeep.piece():
            pass

    def told(self) -> dict[str, bool]:
        """The events by code, and whether they stand."""
        self.events.close()
        with Journal(self.folder / "journal.sqlite3") as journal:
            return {event.code: event.ended is None for event in journal.events().events}

    async def aclose(self) -> None:
        self.archive.close()


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[Site]:
    async with aclosing(Site(tmp_path)) as made:
        yield made


async def test_a_day_that_is_over_is_sealed(site: Site) -> None:
    await site.tend()

    assert site.sealed == ["2026-03-02.g1"]
    assert site.archive.read([1], *EVER)[1].values.tolist() == [7]


@pytest.mark.parametrize("doubt", ["now", "zone"])
async def test_nothing_is_sealed_while_the_clock_or_the_site_is_in_doubt(site: Site, doubt: str) -> None:
    setattr(site, doubt, None)

    await site.tend()

    assert site.sealed == []


async def test_what_cannot_be_sealed_is_told_until_it_can(site: Site) -> None:
    place = site.folder / "archive" / "sealed"
    place.write_text("a file where the folder should be")
    for _ in range(3):
        await site.tend()
    place.unlink()

    await site.tend()

    assert site.sealed == ["2026-03-02.g1"]
    assert site.told() == {"archive_upkeep_failed": False}
