"""The least time in which one product can be read whole over a serial line: the bound for `rtu_cycle`.

Knows nothing of our catalog and planner: it reads the profile's YAML by itself and searches all ways to divide the
cells of each block (registers that belong to one point, or to several that overlap) into requests. A request reads one
range, so requests that hold every cell can always be shortened until they are runs of neighbours that do not overlap:
the ways to be searched are those to cut the row of cells. The time is that of the standard (MODBUS over Serial Line
V1.02, 2.5.1.1): 3.5 characters of silence, 8 of request, the turnaround, 5 of answer and 2 for each register.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import combinations, pairwise
from pathlib import Path
from typing import Any

import yaml

WORDS = {"u16": 1, "s16": 1, "bits": 1, "u32": 2, "s32": 2, "f32": 2, "u64": 4, "s64": 4}
SILENCE_CHARACTERS, REQUEST_CHARACTERS, ANSWER_CHARACTERS, CHARACTERS_A_REGISTER = 3.5, 8, 5, 2
MOST_CELLS_TRIED_OUT = 16  # 2^15 ways; beyond, only the search that shares what it knows of the rest of the row

Cells = tuple[tuple[int, int], ...]  # [start, end) of each, in order


@dataclass(frozen=True, slots=True)
class Wire:
    """How fast the line is and how long its devices think."""

    character_s: float
    turnaround_s: float

    def request_s(self, registers: int) -> float:
        """From the end of the answer before to the end of this one's."""
        characters = SILENCE_CHARACTERS + REQUEST_CHARACTERS + ANSWER_CHARACTERS + CHARACTERS_A_REGISTER * registers
        return characters * self.character_s + self.turnaround_s


@dataclass(frozen=True, slots=True)
class Point:
    """One point as the YAML has it."""

    name: str
    address: int
    type: str
    scale: float
    unit: str

    @property
    def end(self) -> int:
        return self.address + WORDS[self.type]


@dataclass(frozen=True, slots=True)
class Product:
    """What the YAML says of one product."""

    points: tuple[Point, ...]
    blocks: tuple[tuple[int, int], ...]
    max_registers: int


def product(path: Path, ref: str) -> Product:
    """The product called `ref` in a profile without repeated channels for it."""
    profile = yaml.safe_load(path.read_text(encoding="utf-8"))
    [variant] = [one["variant"] for one in profile["products"] if one["ref"] == ref]
    assert not [repeat for repeat in profile.get("repeats", []) if variant in repeat.get("variants", [variant])]
    rows = [row for row in profile["points"] if variant in row.get("variants", [variant])]
    blocks = [row for row in profile["blocks"] if variant in row.get("variants", [variant])]
    return Product(
        points=tuple(point for row in rows for point in _points(row)),
        blocks=tuple((row["start"], row["start"] + row["words"]) for row in blocks),
        max_registers=profile["limits"]["max_registers"],
    )


def least_s(wanted: Product, wire: Wire) -> float:
    """The least time for all points, each block by itself; blocks are never read across."""
    total_s = 0.0
    for block in wanted.blocks:
        cells = _cells(wanted, block)
        found_s = _search_s(cells, wanted.max_registers, wire)
        tried = cells[:MOST_CELLS_TRIED_OUT]
        assert _tried_out_s(tried, wanted.max_registers, wire) == _search_s(tried, wanted.max_registers, wire)
        total_s += found_s
    return total_s


def _points(row: dict[str, Any]) -> Iterator[Point]:
    tariffs = row.get("tariffs")
    for number in range(tariffs["count"] if tariffs else 1):
        name = f"{row['name']}.t{number + 1}" if tariffs else row["name"]
        address = row["addr"] + (number * tariffs["stride"] if tariffs else 0)
        yield Point(name, address, row["type"], float(row.get("scale", 1)), row.get("unit", "1"))


def _cells(wanted: Product, block: tuple[int, int]) -> Cells:
    cells: list[tuple[int, int]] = []
    inside = [point for point in wanted.points if block[0] <= point.address and point.end <= block[1]]
    for point in sorted(inside, key=lambda point: point.address):
        if cells and point.address < cells[-1][1]:
            cells[-1] = cells[-1][0], max(cells[-1][1], point.end)
        else:
            cells.append((point.address, point.end))
    return tuple(cells)


def _search_s(cells: Cells, max_registers: int, wire: Wire) -> float:
    """Every way to cut the row, where what follows a cut is searched once, whatever stands before it."""

    @cache
    def rest_s(first: int) -> float:
        if first == len(cells):
            return 0.0
        ends = [n for n in range(first + 1, len(cells) + 1) if cells[n - 1][1] - cells[first][0] <= max_registers]
        return min(wire.request_s(cells[end - 1][1] - cells[first][0]) + rest_s(end) for end in ends)

    return round(rest_s(0), 9)


def _tried_out_s(cells: Cells, max_registers: int, wire: Wire) -> float:
    """Every way to cut the row, one by one."""
    ways = (way for count in range(len(cells)) for way in combinations(range(1, len(cells)), count))
    times = (_way_s(cells, (0, *way, len(cells)), max_registers, wire) for way in ways)
    return round(min(time_s for time_s in times if time_s is not None), 9)


def _way_s(cells: Cells, edges: Sequence[int], max_registers: int, wire: Wire) -> float | None:
    reads = [cells[end - 1][1] - cells[first][0] for first, end in pairwise(edges)]
    return sum(map(wire.request_s, reads)) if max(reads) <= max_registers else None
