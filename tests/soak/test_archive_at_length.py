"""Tests of the archive that are drawn by lot, long enough to meet what is rare."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

TESTS = Path(__file__).parents[1]


@pytest.mark.parametrize(
    ("suite", "lots"),
    [
        ("unit/archive/test_model.py", {"SOAK_EXAMPLES": "2000"}),  # whatever is done, as a dictionary would have it
        ("wire/archive/test_power_cuts.py", {"SOAK_CUTS": "1500"}),
    ],
)
def test_at_length(suite: str, lots: dict[str, str]) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "pytest", TESTS / suite],
        env={**lots, **os.environ},
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stdout
