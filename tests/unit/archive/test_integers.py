"""Sets of integers, compared with numpy's own, and what the archive must not import while it works."""

import subprocess
import sys
from pathlib import Path

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from wattledger.archive.embedded.integers import among, distinct

NUMBERS = st.lists(st.integers(-(2**63), 2**63 - 1) | st.integers(0, 5), max_size=30).map(
    lambda numbers: np.array(numbers, dtype=np.int64)
)

RECORD_AND_SEAL = """
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo
from wattledger.archive import EmbeddedArchive, Frame

slot = datetime(2026, 3, 2, 12, tzinfo=UTC)
loaded = set(sys.modules)
with EmbeddedArchive.open(Path(sys.argv[1]), durable=False) as archive:
    archive.record([Frame(slot, 300, 0.2, (1, 2), (0, 1), (7, 8))]).result()
    for days in (2, 40):
        while archive.tend(now=slot + timedelta(days=days), zone=ZoneInfo("Europe/Paris")).result().more:
            pass
print(*(name for name in set(sys.modules) - loaded if name.startswith("numpy")))
"""


@given(numbers=NUMBERS)
def test_numbers_that_are_distinct_come_once_and_rising(numbers: np.ndarray) -> None:
    assert distinct(numbers).tolist() == np.unique(numbers).tolist()


@given(numbers=NUMBERS, others=NUMBERS)
def test_numbers_among_others_are_found(numbers: np.ndarray, others: np.ndarray) -> None:
    assert among(numbers, distinct(others)).tolist() == np.isin(numbers, others).tolist()


def test_recording_and_sealing_import_nothing_more_of_numpy(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", RECORD_AND_SEAL, str(tmp_path)], capture_output=True, text=True, check=True
    )

    assert done.stdout.strip() == ""
    assert {path.name[:7] for path in (tmp_path / "sealed").iterdir()} >= {"2026-03"}
