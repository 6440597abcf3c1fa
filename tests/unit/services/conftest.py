"""A data folder with a journal."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from wattledger.journal import Journal
from wattledger.plant import DataFolder


@pytest.fixture
def folder(tmp_path: Path) -> DataFolder:
    return DataFolder(tmp_path)


@pytest.fixture
def journal(folder: DataFolder) -> Iterator[Journal]:
    with Journal(folder.journal) as journal:
        yield journal
