"""Fails when the tree breaks a rule of the house that no linter knows: size of files, names that say nothing."""

import subprocess
import sys
from pathlib import Path

MOST_LINES = 500
EMPTY_NAMES = {"utils", "util", "helpers", "helper", "common", "core", "misc", "manager", "managers"}


def tracked() -> list[Path]:
    """The files that git knows or would take."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"], capture_output=True, text=True, check=True
    )
    return [path for line in listed.stdout.splitlines() if (path := Path(line)).is_file()]


def faults(path: Path) -> list[str]:
    """What is wrong with one file."""
    found = []
    if path.suffix in {".py", ".ts"} and "migrations" not in path.parts:
        lines = len(path.read_text(encoding="utf-8").splitlines())
        if lines > MOST_LINES:
            found.append(f"{path}: {lines} lines; find the second idea in it (at most {MOST_LINES})")
    if path.suffix == ".py" and path.stem in EMPTY_NAMES:
        found.append(f"{path}: the name says nothing; name what it promises")
    return found


def main() -> int:
    found = [fault for path in tracked() for fault in faults(path)]
    print("\n".join(found) or "tree: every file within its size and named for what it does")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
