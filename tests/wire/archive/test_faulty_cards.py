"""Whatever is written meets a card that is full, read-only, broken or slow, loses nothing, and is done afterwards."""

import errno
import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from wattledger.archive import EmbeddedReader, check

EVER = (datetime(1970, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC))
HERE = Path(__file__).parent
ACTS = ("tick", "seal", "compaction", "import", "fold")


@pytest.fixture(scope="module")
def faulty_card(tmp_path_factory: pytest.TempPathFactory) -> Path:
    library = tmp_path_factory.mktemp("card") / "faulty_card.so"
    command = ["gcc", "-O2", "-Wall", "-shared", "-fPIC", "-o", library, HERE / "faulty_card.c", "-ldl"]
    subprocess.run(command, check=True)
    return library


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        pytest.param(f"{errno.ENOSPC} 0", "ArchiveFullError", id="full"),
        pytest.param(f"{errno.EROFS} 0", "ArchiveError", id="read-only"),
        pytest.param(f"{errno.EIO} 0", "ArchiveError", id="broken"),
        pytest.param("0 200", "done", id="a fifth of a second a sync"),
    ],
)
def test_a_card_with_a_fault_costs_no_reading_and_is_gone_on_with(
    tmp_path: Path, faulty_card: Path, fault: str, said: str
) -> None:
    fault_file = tmp_path / "fault"

    acted = subprocess.run(
        [sys.executable, HERE / "acts_on_a_faulty_card.py", tmp_path / "archive", fault_file, fault],
        env={**os.environ, "LD_PRELOAD": str(faulty_card), "CARD_FAULT": str(fault_file)},
        capture_output=True,
        text=True,
        check=False,
    )

    assert acted.returncode == 0, acted.stderr
    assert acted.stdout.splitlines() == [f"{act} {said} True True" for act in ACTS]
    assert check(tmp_path / "archive") == []
    with EmbeddedReader.open(tmp_path / "archive") as reader:
        assert [len(columns) for columns in reader.read([1, 2], *EVER).values()] == [51 + 50, 51]
