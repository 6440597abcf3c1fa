"""A sub-meter at the server's own input, from its contact to the reading, through a killed engine."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

S0_S = 0.030  # the shortest pulse and pause of IEC 62053-31


class SubMeter:
    """Gives pulses without end while the context lasts."""

    def __init__(self, board: Any) -> None:
        self.pulses = 0
        self._board = board
        self._stop = threading.Event()

    @contextmanager
    def counting(self) -> Iterator[None]:
        thread = threading.Thread(target=self._give, name="sub-meter")
        thread.start()
        try:
            yield
        finally:
            self._stop.set()
            thread.join()

    def _give(self) -> None:
        while not self._stop.wait(S0_S):
            self._board.feed(on=True)
            self._stop.wait(S0_S)
            self._board.feed(on=False)
            self.pulses += 1


@pytest.fixture
def board(make_board: Callable[[str], Any]) -> Any:
    """The files of a board of variant H."""
    return make_board("H")


@pytest.fixture
def server(make_server: Callable[[], Any], board: Any, clock: Any) -> Any:
    """A server on the board, some ten seconds before a full minute."""
    made = make_server()
    made.start("--board", str(board.file), environment=clock.environment)
    return made


def test_an_index_that_was_recorded_never_goes_back_however_the_engine_ends(
    server: Any, board: Any, clock: Any
) -> None:
    api = server.api
    bus = api.post("buses", {"kind": "local-io", "name": "Inputs"})["id"]
    api.patch("intervals", {"intervals": {"fluid": 1}})
    wanted = {"name": "Water", "profile": "local-inputs", "product": "PULSECOUNTER", "bus": bus, "unit_id": 1}
    said = {"measures": "water_volume", "unit": "l", "amount": 1, "offset": 5000}
    device = api.post("devices", {**wanted, "input": said})["id"]
    server.until(lambda: server.live(device))

    meter = SubMeter(board)
    with meter.counting():
        server.until(lambda: server.live(device)["water_volume"]["value"] > 5.0)
        clock.step(59 - clock.now() % 60)  # to the last second before a slot
        recorded_m3 = server.until(lambda: highest(server.readings(device, "water_volume")))
        server.kill_child("engine")
    given = meter.pulses
    after_m3 = server.until(lambda: server.live(device))["water_volume"]["value"]

    assert 5.0 < recorded_m3 <= after_m3 <= 5.0 + given / 1000


def highest(readings: list[tuple[str, float, str]]) -> float | None:
    """The highest index that was recorded with pulses in it."""
    return max((value for _, value, _ in readings if value > 5.0), default=None)


def test_a_board_file_that_cannot_be_used_ends_the_start_with_one_line(make_server: Any, board: Any) -> None:
    board.file.write_text("variant = 'X'\n")
    server = make_server()

    refused = server.command("run", "--data", str(server.folder.root), "--board", str(board.file))

    assert refused.returncode == 1
    assert "board.toml: variant: " in refused.stderr
    assert refused.stderr.count("\n") == 1
