"""The log's file: bounded, made again when it was removed, and never a reason to fail."""

from __future__ import annotations

import logging
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from wattledger.services.logs import BoundedFileHandler


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "data" / "logs" / "wattledger.log"


@pytest.fixture
def log(path: Path) -> Iterator[logging.Logger]:
    handler = BoundedFileHandler(path, most_bytes=100, kept=2)
    logger = logging.getLogger(str(path))
    logger.propagate = False
    logger.addHandler(handler)
    yield logger
    logger.removeHandler(handler)
    handler.close()


@pytest.mark.parametrize("above", [0, 1], ids=["logs", "data"])
def test_a_removed_folder_is_made_again_with_the_next_line(log: logging.Logger, path: Path, above: int) -> None:
    log.error("before")

    shutil.rmtree(path.parents[above])
    log.error("after")

    assert path.read_text() == "after\n"
    assert path.parent.stat().st_mode & 0o777 == 0o700


def test_lines_go_to_stderr_while_there_can_be_no_file(
    log: logging.Logger, path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.rmtree(path.parent)
    path.parent.write_text("in the way")
    log.error("engine %s", "died")
    path.parent.unlink()
    log.error("again")

    assert capsys.readouterr().err == "engine died\n"
    assert path.read_text() == "again\n"


def test_a_full_file_is_turned_over_and_the_oldest_goes(log: logging.Logger, path: Path) -> None:
    for number in range(5):
        log.error("%d%s", number, "." * 110)

    assert sorted(file.name for file in path.parent.glob("*.log*")) == [
        "wattledger.log",
        "wattledger.log.1",
        "wattledger.log.2",
    ]
    assert path.read_text().startswith("4")
