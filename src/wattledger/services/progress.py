"""How far a command is, on stderr: a line that is written over on a terminal, one line each tenth elsewhere."""

from __future__ import annotations

import sys
from types import TracebackType
from typing import Self, TextIO


class Progress:
    """Tells each percent once."""

    def __init__(self, what: str, *, out: TextIO | None = None) -> None:
        self._what = what
        self._out = out or sys.stderr
        self._is_terminal = self._out.isatty()
        self._percent = 0

    def is_at(self, share: float) -> None:
        """So much is done, 0 to 1."""
        percent = int(100 * share)
        step = 1 if self._is_terminal else 10
        if percent // step > self._percent // step:
            self._percent = percent
            line = f"{self._what} {percent} %"
            print(f"\r{line}" if self._is_terminal else f"{line}\n", end="", file=self._out, flush=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._is_terminal and self._percent:
            print(file=self._out)
