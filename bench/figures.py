"""One figure, its limit and what was measured; `make bench` gathers them into one table."""

from __future__ import annotations

from dataclasses import dataclass

MARK = "figure: "
SEPARATOR = " | "


@dataclass(frozen=True, slots=True)
class Figure:
    """What a measurement is held to; `is_kept` tells whether it was."""

    name: str
    limit: str
    measured: str
    is_kept: bool

    def __str__(self) -> str:
        return SEPARATOR.join((self.name, self.limit, self.measured, "kept" if self.is_kept else "NOT KEPT"))


def reported(*figures: Figure) -> int:
    """Print the figures and give the script's exit code: 0 when all are kept."""
    for figure in figures:
        print(f"{MARK}{figure}", flush=True)
    return int(not all(figure.is_kept for figure in figures))
