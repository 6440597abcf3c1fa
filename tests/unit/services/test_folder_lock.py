"""The lock of a data folder, as those see it who work beside a server."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from wattledger.plant import DataFolder
from wattledger.services import folder_lock
from wattledger.services.errors import FolderInUseError
from wattledger.services.folder_lock import locked, tell_prepared, wait_while_starting

WITHIN_S = 30.0


@pytest.fixture
def short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(folder_lock, "PREPARATION_S", 0.2)
    monkeypatch.setattr(folder_lock, "APPEARING_S", 0.1)


def waiting(folder: DataFolder) -> threading.Thread:
    thread = threading.Thread(target=wait_while_starting, args=(folder,), daemon=True)
    thread.start()
    return thread


def test_a_server_that_is_being_prepared_is_waited_for(folder: DataFolder) -> None:
    with locked(folder) as lock:
        folder.configuration.touch()
        folder.secret_key.touch()
        thread = waiting(folder)
        thread.join(0.3)
        still_waits = thread.is_alive()

        tell_prepared(lock)
        thread.join(WITHIN_S)

    assert still_waits
    assert not thread.is_alive()


def test_a_server_that_appears_after_the_command_is_waited_for(folder: DataFolder) -> None:
    thread = waiting(folder)
    with locked(folder) as lock:
        thread.join(folder_lock.APPEARING_S + 0.2)
        still_waits = thread.is_alive()

        tell_prepared(lock)
        thread.join(WITHIN_S)

    assert still_waits
    assert not thread.is_alive()


def test_a_server_that_gives_up_its_start_is_not_waited_for_any_longer(
    folder: DataFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(folder_lock, "PREPARATION_S", WITHIN_S * 10)
    monkeypatch.setattr(folder_lock, "APPEARING_S", 0.0)
    with locked(folder):
        thread = waiting(folder)
    thread.join(WITHIN_S)

    assert not thread.is_alive()


@pytest.mark.usefixtures("short_waits")
def test_the_wait_ends_when_nothing_starts_or_the_start_takes_too_long(folder: DataFolder, tmp_path: Path) -> None:
    wait_while_starting(DataFolder(tmp_path / "missing"))
    with locked(folder):
        wait_while_starting(folder)

    assert not (tmp_path / "missing").exists()


def test_what_an_earlier_server_said_is_not_taken_for_the_word_of_the_next(folder: DataFolder) -> None:
    with locked(folder) as lock:
        tell_prepared(lock)
    with locked(folder):
        assert b"prepared" not in folder.lock.read_bytes()


def test_the_refusal_names_the_pid_alone(folder: DataFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(folder_lock, "LAST_BREATH_S", 0.0)
    with locked(folder) as lock:
        tell_prepared(lock)
        with pytest.raises(FolderInUseError) as refused, locked(folder):
            pass

    assert "prepared" not in str(refused.value)
    assert "\n" not in str(refused.value)
