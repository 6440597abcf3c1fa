"""Run measurements one after the other and set the figures that they report into one table.

    python bench/table.py [SCRIPT ...]

Exit code 1 when a figure is not kept, or a script failed or reported none.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from figures import MARK, SEPARATOR

HEAD = ["figure", "limit", "measured", "verdict"]


def rows_of(script: Path) -> list[list[str]]:
    """The figures of one script; what it prints is passed on."""
    print(f"== {script}", flush=True)
    rows = []
    with subprocess.Popen([sys.executable, str(script)], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        for line in process.stdout:
            print(line, end="", flush=True)
            if line.startswith(MARK):
                rows.append(line.removeprefix(MARK).strip().split(SEPARATOR))
    all_kept = bool(rows) and all(row[-1] == "kept" for row in rows)
    if not rows or (process.returncode and all_kept):
        rows.append([script.name, "", "", "FAILED"])
    return rows


def main() -> int:
    rows = [row for script in sys.argv[1:] for row in rows_of(Path(script))]
    widths = [max(map(len, column)) for column in zip(HEAD, *rows, strict=True)]
    print()
    for row in [HEAD, *rows]:
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
    return int(any(row[-1] != "kept" for row in rows))


if __name__ == "__main__":
    sys.exit(main())
