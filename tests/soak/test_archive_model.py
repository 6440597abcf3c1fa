"""The state machine of tests/unit/archive, long enough to meet what is rare."""

import os
import subprocess
import sys
from pathlib import Path

EXAMPLES = os.environ.get("SOAK_EXAMPLES", "2000")
MODEL = Path(__file__).parents[1] / "unit" / "archive" / "test_model.py"


def test_whatever_is_done_to_an_archive_it_holds_what_a_dictionary_would() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "pytest", MODEL],
        env={**os.environ, "SOAK_EXAMPLES": EXAMPLES},
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stdout
