"""A process that is killed while it records loses nothing that it had acknowledged."""

import json
import subprocess
import sys
from pathlib import Path

KILLS = 15  # the long run is in tests/soak


def test_no_acknowledged_reading_is_lost_when_the_process_is_killed(tmp_path: Path) -> None:
    program = Path(__file__).with_name("kills.py")

    done = subprocess.run(
        [sys.executable, program, "--folder", tmp_path / "archive", "--kills", str(KILLS)],
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode in (0, 1), done.stderr
    verdict = json.loads(done.stdout)
    assert verdict["kills"] == KILLS
    assert verdict["acknowledged"] > KILLS
    assert verdict["corrections"] > 0
    assert verdict["in_mid_sealing"] > 0
    assert (verdict["lost"], verdict["wrong"], verdict["damaged"]) == ([], [], [])
