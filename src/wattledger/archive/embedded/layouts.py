"""Layouts: which series, with which decimals and step, the values of a frame stand for.

A layout never changes and its id is never used again. Any change of what a device records makes a new one; the frames
of yesterday keep the meaning they were written with.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass

from wattledger.archive.errors import ArchiveDamagedError

HELD_STEP_S = 0  # of the layouts of held frames, which have no slots


@dataclass(frozen=True, slots=True)
class Layout:
    id: int
    series: tuple[int, ...]
    decimals: tuple[int, ...]
    step_s: int


class LayoutBook:
    """The layouts of one archive. Grows only; who holds a newer book than his snapshot sees nothing wrong."""

    def __init__(self) -> None:
        self._by_id: dict[int, Layout] = {}
        self._by_content: dict[tuple[tuple[int, ...], tuple[int, ...], int], Layout] = {}
        self._of_series: dict[int, tuple[int, ...]] = {}
        self._sharing: dict[tuple[int, ...], frozenset[int]] = {}

    def __getitem__(self, layout: int) -> Layout:
        return self._by_id[layout]

    def __iter__(self) -> Iterator[Layout]:
        return iter(self._by_id.values())

    def __contains__(self, layout: int) -> bool:
        return layout in self._by_id

    @property
    def highest(self) -> int:
        """The highest id; 0 when there is none."""
        return max(self._by_id, default=0)

    def find(self, series: tuple[int, ...], decimals: tuple[int, ...], step_s: int) -> Layout | None:
        return self._by_content.get((series, decimals, step_s))

    def of_series(self, series: int) -> tuple[int, ...]:
        """The ids of the layouts in which `series` stands."""
        return self._of_series.get(series, ())

    def sharing(self, series: tuple[int, ...]) -> frozenset[int]:
        """The ids of the layouts in which any of `series` stands."""
        known = self._sharing.get(series)
        if known is None:
            known = self._sharing[series] = frozenset(one for each in series for one in self.of_series(each))
        return known

    def add(self, layout: Layout) -> None:
        self._by_id[layout.id] = layout
        self._by_content[layout.series, layout.decimals, layout.step_s] = layout
        self._sharing.clear()
        if layout.step_s != HELD_STEP_S:
            for series in layout.series:
                self._of_series[series] = (*self.of_series(series), layout.id)

    def catch_up(self, connection: sqlite3.Connection) -> None:
        """Add what was written since."""
        rows = connection.execute("SELECT id, series, decimals, step_s FROM layout WHERE id > ?", (self.highest,))
        for number, series, decimals, step_s in rows.fetchall():
            self.add(Layout(number, _numbers(series, number), _numbers(decimals, number), step_s))


def _numbers(text: str, layout: int) -> tuple[int, ...]:
    try:
        return tuple(int(number) for number in json.loads(text))
    except (TypeError, ValueError) as error:
        raise ArchiveDamagedError(f"layout {layout} cannot be read") from error


def write_layout(connection: sqlite3.Connection, layout: Layout) -> None:
    row = (layout.id, json.dumps(layout.series), json.dumps(layout.decimals), layout.step_s)
    connection.execute("INSERT INTO layout (id, series, decimals, step_s) VALUES (?, ?, ?, ?)", row)
