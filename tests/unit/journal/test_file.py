"""The file: damaged, foreign, newer, shared between processes and carried through a fork."""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest

from wattledger.journal import (
    Code,
    Journal,
    JournalDamagedError,
    JournalError,
    JournalTooNewError,
    check,
    fold,
    prepare,
)

LOGIN = {"user": "anna"}


def fill(path: Path, count: int = 200) -> None:
    with Journal(path) as journal:
        for _ in range(count):
            journal.note(Code.LOGIN_REFUSED, params=LOGIN, source="web")
    with closing(sqlite3.connect(path)) as plain:
        plain.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def in_a_fork(work: Callable[[], object]) -> int:
    pid = os.fork()
    if pid == 0:
        code = 1
        try:
            work()
            code = 0
        finally:
            os._exit(code)
    _, status = os.waitpid(pid, 0)
    return os.waitstatus_to_exitcode(status)


ROUNDS, OPENERS = 40, 4  # without the lock of who makes it one round in thirty fails


def test_those_who_open_a_new_journal_at_once_all_find_the_same_one(tmp_path: Path) -> None:
    paths = [tmp_path / f"{number}.sqlite3" for number in range(ROUNDS)]
    together = threading.Barrier(OPENERS)

    def open_each(_: int) -> None:
        for path in paths:
            together.wait()
            try:
                with Journal(path) as one:
                    one.events()
            except JournalError:
                together.abort()
                raise

    with ThreadPoolExecutor(OPENERS) as pool:
        list(pool.map(open_each, range(OPENERS)))

    assert list(tmp_path.glob("*.damaged-*")) == []


def test_a_sound_file_is_left_alone(path: Path) -> None:
    assert prepare(path, source="parent") is None
    fill(path)

    assert prepare(path, source="parent") is None
    check(path)


@pytest.mark.parametrize("where", [0, 4096 + 100])
def test_a_damaged_file_is_set_aside_and_the_new_one_says_so(path: Path, where: int) -> None:
    fill(path)
    with path.open("r+b") as file:
        file.seek(where)
        file.write(b"\xa5" * 4096)
    with pytest.raises(JournalError):
        check(path)

    aside = prepare(path, source="parent")

    assert aside is not None
    assert aside.exists()
    with Journal(path) as journal:
        (event,) = journal.events().events
    assert (event.code, event.params) == ("journal_set_aside", {"file": aside.name})


def test_another_database_is_not_taken_for_a_journal(path: Path) -> None:
    with closing(sqlite3.connect(path)) as plain:
        plain.execute("CREATE TABLE something (id)")

    with Journal(path) as journal:
        with pytest.raises(JournalDamagedError):
            journal.events()

        assert [event.code for event in journal.events().events] == ["journal_set_aside"]


def test_a_file_that_needs_a_later_release_is_not_touched(path: Path) -> None:
    fill(path, 1)
    with closing(sqlite3.connect(path)) as plain:
        plain.execute("UPDATE meta SET value = '99' WHERE name = 'min_reader'")
        plain.commit()
    before = path.read_bytes()

    with pytest.raises(JournalTooNewError):
        prepare(path, source="parent")
    assert path.read_bytes() == before


def test_a_later_file_that_this_release_may_still_read_is_read(path: Path) -> None:
    fill(path, 1)
    with closing(sqlite3.connect(path)) as plain:
        plain.execute("UPDATE meta SET value = '2' WHERE name = 'format'")
        plain.execute("PRAGMA user_version = 2")
        plain.commit()

    with Journal(path) as journal:
        assert len(journal.events().events) == 1


def test_the_check_changes_nothing_and_finds_a_missing_file(path: Path) -> None:
    with pytest.raises(JournalError):
        check(path)
    assert not path.exists()


def test_several_processes_tell_at_the_same_time_and_nothing_is_lost(path: Path) -> None:
    def tell() -> None:
        with Journal(path) as journal:
            for _ in range(50):
                journal.note(Code.LOGIN_REFUSED, params=LOGIN, source="web")
                journal.begin(Code.ARCHIVE_FULL, "archive", source="engine")

    pids = []
    for _ in range(4):
        pid = os.fork()
        if pid == 0:
            code = 1
            try:
                tell()
                code = 0
            finally:
                os._exit(code)
        pids.append(pid)
    codes = [os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) for pid in pids]

    assert codes == [0, 0, 0, 0]
    with Journal(path) as journal:
        events = fold(journal.entries_after(0, limit=10_000))
    assert sum(event.code == "login_refused" for event in events) == 200
    assert [event.count for event in events if event.code == "archive_full"] == [200]


def test_a_journal_carried_through_a_fork_opens_a_connection_of_its_own(path: Path) -> None:
    with Journal(path) as journal:
        journal.note(Code.LOGIN_REFUSED, params=LOGIN, source="web")
        connection = journal._store._connection

        def child() -> None:
            journal.note(Code.LOGIN_REFUSED, params=LOGIN, source="web")
            assert journal._store._connection is not connection

        assert in_a_fork(child) == 0
        journal.note(Code.LOGIN_REFUSED, params=LOGIN, source="web")
        assert len(journal.events().events) == 3


def test_what_waits_in_memory_is_not_written_twice_after_a_fork(path: Path) -> None:
    with Journal(path) as journal:
        for _ in range(5):
            journal.begin(Code.ARCHIVE_FULL, "archive", source="engine")
        assert in_a_fork(lambda: journal.flush(at_once=True)) == 0
        journal.flush(at_once=True)

        assert [event.count for event in journal.events().events] == [5]
