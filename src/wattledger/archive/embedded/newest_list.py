"""Making the list of the newest readings while a file is made, of what the list before says and what the file has."""

from __future__ import annotations

from collections.abc import Collection, Generator, Iterator
from contextlib import ExitStack

from wattledger.archive.embedded.newest import Newest, encode_newest, merged, newest_cell
from wattledger.archive.embedded.periods import Period
from wattledger.archive.embedded.scaled import Cell, Scaled
from wattledger.archive.embedded.sealed import NEWEST, SealedName, SealedWriter, Section
from wattledger.archive.embedded.segments import together
from wattledger.archive.embedded.snapshot import Snapshot


class NewestList:
    """The list as it will be when a file has taken the place of `instead_of`.

    `period` is the time of its readings; None: it has none.
    """

    def __init__(self, snapshot: Snapshot, period: Period | None, *, instead_of: Collection[SealedName]) -> None:
        self._snapshot = snapshot
        self._period = period
        self._replaced = instead_of
        self._own: dict[int, Cell] = {}

    def add(self, series: int, readings: Scaled) -> None:
        """What the file has of a series."""
        cell = newest_cell(readings)
        if cell is not None:
            self._own[series] = cell

    def put_into(self, file: SealedWriter) -> Iterator[bool]:
        """Put the list into a file, in steps. Raises SealedGoneError."""
        known = self._snapshot.sealed.newest()
        if known is None:
            known = yield from self._looked_for()
        newest = merged(known, self._own, period=self._period, forgotten=self._snapshot.forgotten)
        yield True
        if newest:
            file.add(Section.DAYS, NEWEST, encode_newest(newest))

    def _looked_for(self) -> Generator[bool, None, Newest]:
        """What the files that stay have, where nobody has listed it: the last is lost, or of an earlier release."""
        found: dict[int, Cell] = {}
        for names in self._snapshot.sealed.backwards():
            with ExitStack() as stack:
                staying = [name for name in names if name not in self._replaced]
                opened = [self._snapshot.sealed.open(name, stack) for name in staying]
                files = [file for file in opened if file is not None]
                for series in {
                    each for file in files for each in file.file.keys(Section.CHUNKS).tolist()
                } - found.keys():
                    cell = newest_cell(together(files, series))
                    if cell is not None:
                        found[series] = cell
                    yield True
        return found
