"""How long after its slot each layout's device was asked, gathered while a file is made."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from wattledger.archive.embedded.chunk import encode_chunk
from wattledger.archive.embedded.frames import Row
from wattledger.archive.embedded.scaled import NO_READINGS, Scaled, joined, laid_over, scaled_of
from wattledger.archive.embedded.sealed import SealedWriter, Section
from wattledger.archive.embedded.segments import OF_READINGS, SealedReadings

DECIMALS = 3  # offsets are kept as readings, in milliseconds
REMEMBERED = 8  # layouts; the series of one come together


class LayoutOffsets(dict[int, Scaled]):
    """The offsets by layout; whoever finds one in it finds it in the file."""

    def __init__(self, file: SealedWriter, sources: Sequence[SealedReadings]) -> None:
        super().__init__()
        self._file = file
        self._sources = sources
        self._written: set[int] = set()

    def add_frames(self, layout: int, rows: Sequence[Row]) -> None:
        """Those of frames, whose series come next."""
        slots = np.array([row[0] for row in rows], dtype=np.int64)
        offsets_ms = np.array([row[2] for row in rows], dtype=np.int64)
        self._keep(layout, laid_over(self._sealed(layout), scaled_of(slots, offsets_ms, decimals=DECIMALS)))

    def __contains__(self, layout: object) -> bool:
        if not isinstance(layout, int):
            return False
        if not super().__contains__(layout):
            self._keep(layout, self._sealed(layout))
        if not self[layout].values.any():
            return False
        if layout not in self._written:
            self._file.add(Section.OFFSETS, layout, encode_chunk(self[layout]))
            self._written.add(layout)
        return True

    def _sealed(self, layout: int) -> Scaled:
        found = NO_READINGS
        for span in OF_READINGS:
            files = [source for source in self._sources if source.name.period.span is span]
            parts = [source.offsets[layout] for source in files if layout in source.offsets]
            found = laid_over(found, joined(parts))
        return found

    def _keep(self, layout: int, offsets: Scaled) -> None:
        while len(self) >= REMEMBERED:
            del self[next(iter(self))]
        self[layout] = offsets
