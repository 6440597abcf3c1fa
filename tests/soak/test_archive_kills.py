"""The kill test of tests/wire/archive, long enough to strike every moment of a commit and a checkpoint."""

import json
import os
import subprocess
import sys
from pathlib import Path

KILLS = int(os.environ.get("SOAK_KILLS", "1000"))
PROGRAM = Path(__file__).parents[1] / "wire" / "archive" / "kills.py"


def test_a_thousand_kills_lose_no_acknowledged_reading(tmp_path: Path) -> None:
    seed = int.from_bytes(os.urandom(4))

    done = subprocess.run(
        [sys.executable, PROGRAM, "--folder", tmp_path / "archive", "--kills", str(KILLS), "--seed", str(seed)],
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode in (0, 1), done.stderr
    verdict = json.loads(done.stdout)
    assert verdict["kills"] == KILLS
    assert verdict["in_mid_tick"] > 0, "no kill fell within a tick: the test proved nothing"
    assert verdict["in_mid_sealing"] > 0, "no kill fell within the making of a file"
    assert verdict["corrections"] > 0
    assert verdict["imports"] > 0
    assert (verdict["lost"], verdict["wrong"], verdict["damaged"]) == ([], [], []), f"seed {seed}"
