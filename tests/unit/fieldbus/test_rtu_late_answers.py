"""A late answer never becomes a value: the benchmark's simulation, with fewer requests."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

SIMULATION = Path(__file__).parents[3] / "bench" / "rtu_late_answers.py"


def simulate(*options: str) -> tuple[int, str]:
    """Exit code and report."""
    done = subprocess.run([sys.executable, str(SIMULATION), *options], capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


def test_no_late_answer_becomes_a_value() -> None:
    code, report = simulate("--requests", "20000", "--seed", "7")

    assert code == 0, report
    assert re.search(r"^20000 requests .*: 0 wrong values$", report, re.MULTILINE), report
    right = sum(int(count) for count in re.findall(r"\bright (\d+)", report))
    assert right > 16_000, report  # most are answered nevertheless


def test_the_judge_sees_wrong_values_where_nothing_is_remembered() -> None:
    code, report = simulate("--requests", "2000", "--control")

    assert code == 0, report
    assert re.search(r"^2000 requests .*: [1-9]\d* wrong values$", report, re.MULTILINE), report
