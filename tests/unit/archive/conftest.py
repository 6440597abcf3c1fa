"""The archives that have to keep what the interface promises: each later one is one more entry in `BACKENDS`."""

from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

import pytest

from wattledger.archive import Archive, ArchiveReader, EmbeddedArchive, EmbeddedReader


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


BACKENDS: dict[str, type[Backend]] = {"embedded": EmbeddedBackend}


@pytest.fixture(params=BACKENDS)
def backend(request: pytest.FixtureRequest, tmp_path: Path) -> Backend:
    return BACKENDS[request.param](tmp_path)


@pytest.fixture
def archive(backend: Backend) -> Iterator[Archive]:
    with backend.open() as opened:
        yield opened
