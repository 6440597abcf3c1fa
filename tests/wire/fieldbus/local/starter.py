"""Counts the pulses of digital input 1 of a board until it is killed."""

from __future__ import annotations

import sys
import time
from pathlib import Path

from wattledger.fieldbus import CountFiles, LocalInputs, Terminal, Wired, load_board

inputs = LocalInputs(load_board(Path(sys.argv[1])), CountFiles(Path(sys.argv[1]).with_name("counts")), boot="b")
inputs.wire({Terminal.DIGITAL_1: Wired(1, "PULSECOUNTER", counts_pulses=True)}, devices=frozenset({1}))
sys.stdout.write("watching\n")
sys.stdout.flush()
time.sleep(3600)
