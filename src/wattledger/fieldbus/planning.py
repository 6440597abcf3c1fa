"""Which requests read the due points with the least time on the bus; pure.

A read stays within one block of the profile and within what one request may ask. Registers between two due points are
read along as filler when that is cheaper than one more request, and the block allows it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from wattledger.catalog import MappedBlock, MappedPoint
from wattledger.catalog.registers import MOST_REGISTERS


@dataclass(frozen=True, slots=True)
class Read:
    """One request and the points that lie whole in its answer."""

    function: int
    address: int
    count: int
    points: tuple[MappedPoint, ...]

    @property
    def end(self) -> int:
        """The first address behind the read."""
        return self.address + self.count

    @property
    def fillers(self) -> int:
        """How many of its registers nobody asked for."""
        spans = (span for point in self.points for span in point.spans)
        return self.count - len({at for start, end in spans for at in range(start, end)})

    def __hash__(self) -> int:
        return hash((self.function, self.address, self.count))  # what follows from a read is looked up at each poll


@dataclass(frozen=True, slots=True)
class _Cell:
    """Registers that belong together: those of one point, or of several that share or interlace them."""

    start: int
    end: int
    points: tuple[MappedPoint, ...]


def plan_reads(
    points: Iterable[MappedPoint], *, blocks: Sequence[MappedBlock], max_registers: int, request_cost: int
) -> tuple[Read, ...]:
    """The cheapest reads that hold every point, in the order of their addresses.

    `request_cost` is what one request costs beside its registers, in registers. Raises ValueError for a point that
    lies in no block or does not fit into one request.
    """
    by_block: dict[MappedBlock, list[MappedPoint]] = {}
    for point in points:
        by_block.setdefault(_block_of(point, blocks), []).append(point)
    return tuple(
        read
        for block in sorted(by_block, key=lambda block: (block.function, block.start))
        for read in _plan_block(
            block.function, cells_of(by_block[block], most=max_registers), max_registers, request_cost
        )
    )


def cells_of(points: Iterable[MappedPoint], *, most: int = MOST_REGISTERS) -> list[_Cell]:
    """The points by the registers they take, in order; points that overlap share a cell of at most `most` registers.

    Where points with one scale register reach further than that together, it is read with each of their cells.
    """
    cells: list[_Cell] = []
    for point in sorted(points, key=lambda point: (point.address, point.end)):
        last = cells[-1] if cells else None
        if last is not None and point.address < last.end and point.end - last.start <= most:
            cells[-1] = _Cell(last.start, max(last.end, point.end), (*last.points, point))
        else:
            cells.append(_Cell(point.address, point.end, (point,)))
    return cells


def read_of(function: int, cells: Sequence[_Cell]) -> Read:
    """One read from the first to the last of these cells."""
    points = tuple(point for cell in cells for point in cell.points)
    return Read(function, cells[0].start, cells[-1].end - cells[0].start, points)


def runs_of(cells: Sequence[_Cell]) -> Iterator[list[_Cell]]:
    """The cells in runs without a register between them."""
    position = 0
    offsets: list[int] = []
    for cell in cells:
        offsets.append(cell.start - position)
        position += cell.end - cell.start
    for _, run in groupby(zip(offsets, cells, strict=True), key=lambda pair: pair[0]):
        yield [cell for _, cell in run]


def _block_of(point: MappedPoint, blocks: Sequence[MappedBlock]) -> MappedBlock:
    for block in blocks:
        if block.function == point.function and block.start <= point.address and point.end <= block.end:
            return block
    raise ValueError(f"point '{point.name}' (0x{point.address:04X}) lies in no block")


def _plan_block(function: int, cells: list[_Cell], max_registers: int, request_cost: int) -> list[Read]:
    """The cheapest partition of the cells: `best[n]` is the least cost of the first n, `cuts[n]` its last read's start.

    The cells are few and a read is bounded, so the exact answer costs less than a good guess would save.
    """
    best: list[float] = [0.0]
    cuts: list[int] = [0]
    for last, cell in enumerate(cells):
        choices = [
            (best[first] + request_cost + cell.end - cells[first].start, first)
            for first in range(last + 1)
            if cell.end - cells[first].start <= max_registers
        ]
        if not choices:
            raise ValueError(f"point '{cell.points[0].name}' takes more than {max_registers} registers")
        cost, first = min(choices)
        best.append(cost)
        cuts.append(first)
    reads: list[Read] = []
    end = len(cells)
    while end:
        reads.append(read_of(function, cells[cuts[end] : end]))
        end = cuts[end]
    return reads[::-1]
