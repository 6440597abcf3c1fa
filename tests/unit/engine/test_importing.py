"""What other archives exported comes in through the engine, and what a plant says is to be gone goes."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest
from tests.unit.engine.conftest import HandClock

from wattledger.archive import EmbeddedArchive, Frame, Point
from wattledger.engine.api import EngineRefusedError, GivenChunk, GivenChunks
from wattledger.engine.forgetting import Forgetting
from wattledger.engine.importing import Importing
from wattledger.plant import Plant

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
STEP = timedelta(minutes=5)
EVER = (datetime(1970, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC))


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[EmbeddedArchive]:
    with EmbeddedArchive.open(tmp_path / "archive", durable=False) as opened:
        yield opened


@pytest.fixture
def sent(tmp_path: Path) -> GivenChunks:
    """A day of another archive's series 1, for series 7 of this one."""
    with EmbeddedArchive.open(tmp_path / "other", durable=False) as other:
        other.record([Frame(NOON + number * STEP, 300, 0.5, (1,), (0,), (number,)) for number in range(288)]).result()
        chunks = [chunk for piece in other.export_series([1], *EVER) for chunk in piece]
    return GivenChunks(tuple(GivenChunk(7, base64.b64encode(each.blob).decode()) for each in chunks), "local")


async def test_what_is_missing_comes_and_what_a_person_said_here_stands(
    archive: EmbeddedArchive, sent: GivenChunks
) -> None:
    archive.record([Frame(NOON + STEP, 300, 0.0, (7,), (0,), (1,))]).result()
    archive.correct(7, [Point(NOON, 99.0), Point(NOON + STEP, None)], decimals=0).result()
    importing = Importing(archive, HandClock())

    first, again = await importing.take_in(sent), await importing.take_in(sent)

    values = archive.read([7], *EVER)[7].values.tolist()
    assert (first.count, again.count) == (286, 0)
    assert values == [99.0, *range(2, 288)]


async def test_readings_of_the_future_are_refused(archive: EmbeddedArchive, sent: GivenChunks) -> None:
    with pytest.raises(EngineRefusedError) as refused:
        await Importing(archive, HandClock(wall=NOON)).take_in(sent)

    assert refused.value.code == "future"
    assert len(archive.read([7], *EVER)[7]) == 0


@pytest.mark.parametrize("blob", ["", "not base64!", base64.b64encode(b"nonsense").decode()])
async def test_what_is_no_chunk_is_refused_with_all_that_came_with_it(
    archive: EmbeddedArchive, sent: GivenChunks, blob: str
) -> None:
    with pytest.raises(EngineRefusedError) as refused:
        await Importing(archive, HandClock()).take_in(GivenChunks((*sent.chunks, GivenChunk(8, blob)), "local"))

    assert refused.value.code == "bad_chunk"
    assert len(archive.read([7], *EVER)[7]) == 0


async def test_what_the_plant_says_is_to_be_gone_goes_and_what_cannot_go_now_goes_later(
    archive: EmbeddedArchive, tmp_path: Path
) -> None:
    archive.record([Frame(NOON, 300, 0.0, (1, 2), (0, 0), (10, 20))]).result()
    plant = Plant(revision=1, server=UUID(int=1), zone="UTC", forgotten=(2,))
    forgetting = Forgetting(archive)

    await forgetting.settle(plant)

    assert [len(columns) for columns in archive.read([1, 2], *EVER).values()] == [1, 0]
    archive.close()
    later = Plant(revision=2, server=UUID(int=1), zone="UTC", forgotten=(1, 2))
    await forgetting.settle(later)  # a closed archive is a failing one
    with EmbeddedArchive.open(tmp_path / "archive", durable=False) as again:
        assert len(again.read([1], *EVER)[1]) == 1
        await Forgetting(again).settle(later)
        assert len(again.read([1], *EVER)[1]) == 0
