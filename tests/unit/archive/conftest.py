"""The archives that have to keep what the interface promises: each later one is one more entry in `BACKENDS`."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol
from zoneinfo import ZoneInfo

import pytest

from wattledger.archive import Archive, ArchiveReader, EmbeddedArchive, EmbeddedReader, Rhythm

AFTER_ALL = datetime(2101, 1, 1, tzinfo=UTC)
ZONE = ZoneInfo("Europe/Paris")


class Backend(Protocol):
    """One place that keeps readings; opened again it still has them."""

    def __init__(self, folder: Path) -> None: ...

    def open(self) -> Archive: ...

    def open_reader(self) -> ArchiveReader: ...


class EmbeddedBackend:
    def __init__(self, folder: Path) -> None:
        self.folder = folder / "archive"

    def open(self) -> Archive:
        return EmbeddedArchive.open(self.folder, durable=False)

    def open_reader(self) -> ArchiveReader:
        return EmbeddedReader.open(self.folder)


class SealingArchive(EmbeddedArchive):
    """Seals all that it has, and draws it together, as soon as it is stored: nobody must notice."""

    def record(self, frames):
        return self._sealed(super().record(frames))

    def backfill(self, series, points, *, decimals):
        return self._sealed(super().backfill(series, points, decimals=decimals))

    def correct(self, series, points, *, decimals):
        return self._sealed(super().correct(series, points, decimals=decimals))

    def release(self, frames):
        return self._sealed(super().release(frames))

    def _sealed(self, future):
        while self.tend(now=AFTER_ALL, zone=ZONE).result().more:
            pass
        return future


AT_ONCE = Rhythm(enough_late=1, most_single=1, fold_imports_after_s=0, late_look_every_s=0, fold_again_after_s=0)


class SealingBackend(EmbeddedBackend):
    def open(self) -> Archive:
        return SealingArchive.open(
            self.folder,
            durable=False,
            rhythm=AT_ONCE,
        )


BACKENDS: dict[str, type[Backend]] = {"embedded": EmbeddedBackend, "sealed": SealingBackend}


@pytest.fixture(params=BACKENDS)
def backend(request: pytest.FixtureRequest, tmp_path: Path) -> Backend:
    return BACKENDS[request.param](tmp_path)


@pytest.fixture
def archive(backend: Backend) -> Iterator[Archive]:
    with backend.open() as opened:
        yield opened
