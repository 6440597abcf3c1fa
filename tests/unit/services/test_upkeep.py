"""Free space, the log's size, the port, and waits."""

from __future__ import annotations

import logging
import shutil
import socket
from collections import namedtuple
from pathlib import Path

import pytest

from wattledger.fieldbus import Backoff
from wattledger.journal import Code, Journal
from wattledger.plant import DataFolder
from wattledger.services.errors import PortInUseError, ServiceError
from wattledger.services.logs import BoundedFileHandler
from wattledger.services.port import probe
from wattledger.services.upkeep import watch_storage

Usage = namedtuple("Usage", ["total", "used", "free"])


def test_low_space_is_one_event_that_ends_well_above_where_it_began(
    folder: DataFolder, journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    standing = []
    for free in (50, 9.9, 11, 12):
        monkeypatch.setattr(shutil, "disk_usage", lambda _path, free=free: Usage(100, 100 - free, free))
        watch_storage(folder, journal)
        standing.append(bool(journal.standing_keys(Code.STORAGE_LOW)))

    assert standing == [False, True, True, False]
    assert journal.events(codes=[Code.STORAGE_LOW]).events[0].params == {"free_percent": 9.9}


def test_the_log_keeps_its_size_and_the_newest_lines_while_two_write_it(tmp_path: Path) -> None:
    path = tmp_path / "wattledger.log"
    handlers = [BoundedFileHandler(path, most_bytes=1000, kept=2) for _ in range(2)]
    for number in range(500):
        line = logging.LogRecord("name", logging.INFO, "", 0, "line %04d", (number,), None)
        handlers[number % 2].emit(line)
    for handler in handlers:
        handler.close()

    files = sorted(tmp_path.glob("wattledger.log*"))
    assert [file.name for file in files] == ["wattledger.log", "wattledger.log.1", "wattledger.log.2"]
    assert all(file.stat().st_size <= 1010 for file in files)
    kept = [line for file in reversed(files) for line in file.read_text().splitlines()]
    assert kept == [f"line {number:04d}" for number in range(500 - len(kept), 500)]


def test_a_port_that_somebody_listens_at_is_refused_even_when_he_would_share_it() -> None:
    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        other.bind(("127.0.0.1", 0))
        other.listen()
        with pytest.raises(PortInUseError, match=str(other.getsockname()[1])):
            probe("127.0.0.1", other.getsockname()[1])
        port = other.getsockname()[1]

    probe("127.0.0.1", port)


def test_an_address_of_another_computer_is_refused() -> None:
    with pytest.raises(ServiceError, match=r"192\.0\.2\.1"):
        probe("192.0.2.1", 8888)


def test_waits_double_up_to_a_limit_and_begin_anew_after_success() -> None:
    backoff = Backoff(first_s=1, most_s=5)

    assert [backoff.next_s() for _ in range(5)] == [1, 2, 4, 5, 5]
    backoff.reset()
    assert backoff.next_s() == 1
