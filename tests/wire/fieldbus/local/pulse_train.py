"""A sub-meter: gives so many pulses on a file, as its contact would."""

from __future__ import annotations

import os
import sys
import time


def main(path: str, pulses: int, closed_s: float, open_s: float) -> None:
    file = os.open(path, os.O_WRONLY)
    for _ in range(pulses):
        os.pwrite(file, b"1", 0)
        time.sleep(closed_s)
        os.pwrite(file, b"0", 0)
        time.sleep(open_s)
    os.close(file)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), float(sys.argv[3]), float(sys.argv[4]))
