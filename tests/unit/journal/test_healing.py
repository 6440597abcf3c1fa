"""A file that is damaged, emptied or removed while several have it open is replaced once, and all go on with it."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path

import pytest

from wattledger.journal import Code, Journal, JournalDamagedError, JournalError, check

LOGIN = {"user": "anna"}
FAILED = {"reason": "no rights"}
PROCESSES = 4


def overwrite(path: Path) -> None:
    with closing(sqlite3.connect(path)) as plain:
        plain.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    with path.open("r+b") as file:
        file.write(b"\xa5" * path.stat().st_size)


def empty(path: Path) -> None:
    os.truncate(path, 0)


def asides(path: Path) -> list[Path]:
    return list(path.parent.glob(f"{path.name}.damaged-*Z"))


def codes(journal: Journal) -> list[str]:
    return sorted(event.code for event in journal.events().events)


@pytest.mark.parametrize("damage", [overwrite, empty])
def test_who_meets_the_damage_begins_a_new_file_and_the_others_notice(
    journal: Journal,
    another: Callable[[], Journal],
    path: Path,
    damage: Callable[[Path], None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("wattledger.journal.connection.BUSY_TIMEOUT_S", 0.05)  # an emptied file seems locked
    other = another()
    for one in (journal, other):
        one.note(Code.LOGIN_REFUSED, params=LOGIN, source="web")
    damage(path)

    newcomer = another()
    with pytest.raises(JournalDamagedError):
        newcomer.events()
    newcomer.note(Code.LOGIN_REFUSED, params=LOGIN, source="web")
    for one in (journal, other):
        one.note(Code.LOGIN_REFUSED, params=LOGIN, source="web")

    check(path)
    (aside,) = asides(path)
    for one in (journal, other, newcomer, another()):
        assert codes(one) == ["journal_set_aside", *["login_refused"] * 3]
    (event,) = journal.events(codes=["journal_set_aside"]).events
    assert event.params == {"file": aside.name}


def test_what_was_told_while_the_file_was_damaged_is_in_the_new_one_and_each_change_is_one_line(
    journal: Journal, path: Path, another: Callable[[], Journal], caplog: pytest.LogCaptureFixture
) -> None:
    journal.note(Code.LOGIN_REFUSED, params=LOGIN, source="web")
    journal.close()
    overwrite(path)

    one = another()
    for _ in range(3):
        one.note(Code.LOGIN_REFUSED, params=LOGIN, source="web")

    assert codes(one) == ["journal_set_aside", *["login_refused"] * 3]
    assert [record.getMessage().count("\n") for record in caplog.records] == [0, 0, 0]
    assert [
        word in record.getMessage()
        for word, record in zip(("set aside", "wait in memory", "written again"), caplog.records, strict=True)
    ] == [True] * 3


def test_a_condition_that_stands_is_told_again_in_the_new_file(
    journal: Journal, path: Path, another: Callable[[], Journal]
) -> None:
    journal.begin(Code.ARCHIVE_FAILED, "archive", params=FAILED, source="engine")
    overwrite(path)
    with pytest.raises(JournalDamagedError):
        another().events()

    journal.flush()

    (event,) = journal.events(codes=["archive_failed"]).events
    assert (event.is_standing, event.params) == (True, FAILED)


def test_processes_that_meet_the_damage_at_the_same_time_set_it_aside_once(path: Path) -> None:
    with Journal(path) as journal:
        journal.note(Code.LOGIN_REFUSED, params=LOGIN, source="web")
    overwrite(path)
    ready, go = os.pipe()

    def tell() -> None:
        os.close(go)
        os.read(ready, 1)  # ends for all of them at once
        with Journal(path) as one, suppress(JournalError):
            one.events()
        with Journal(path) as one:
            for _ in range(10):
                one.note(Code.LOGIN_REFUSED, params=LOGIN, source="web")

    pids = [in_the_background(tell) for _ in range(PROCESSES)]
    os.close(ready)
    os.close(go)

    assert [os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) for pid in pids] == [0] * PROCESSES
    assert len(asides(path)) == 1
    check(path)
    with Journal(path) as journal:
        assert codes(journal) == ["journal_set_aside", *["login_refused"] * 10 * PROCESSES]


ROUNDS = 12


def test_processes_that_had_it_open_when_it_was_damaged_set_it_aside_once_and_say_so(tmp_path: Path) -> None:
    for number in range(ROUNDS):
        path = tmp_path / f"{number}.sqlite3"
        with Journal(path) as journal:
            journal.note(Code.LOGIN_REFUSED, params=LOGIN, source="web")
        opened, has_opened = os.pipe()
        ready, go = os.pipe()

        def meet(path: Path = path, has_opened: int = has_opened, ready: int = ready, go: int = go) -> None:
            os.close(go)
            with Journal(path) as one:
                one.note(Code.LOGIN_REFUSED, params=LOGIN, source="web")
                os.write(has_opened, b"!")
                os.read(ready, 1)  # ends for all of them at once
                with suppress(JournalError):
                    one.events()

        pids = [in_the_background(meet) for _ in range(PROCESSES)]
        for _ in range(PROCESSES):
            os.read(opened, 1)
        overwrite(path)
        for end in (opened, has_opened, ready, go):
            os.close(end)

        assert [os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) for pid in pids] == [0] * PROCESSES
        with Journal(path) as journal:
            assert codes(journal) == ["journal_set_aside"]
        assert len(asides(path)) == 1


def test_a_removed_file_is_made_anew_by_who_still_had_it_open(journal: Journal, path: Path) -> None:
    journal.note(Code.LOGIN_REFUSED, params=LOGIN, source="web")
    for found in path.parent.glob(f"{path.name}*"):
        found.unlink()

    journal.note(Code.LOGIN_REFUSED, params=LOGIN, source="web")

    check(path)
    assert codes(journal) == ["login_refused"]


def test_damaged_files_do_not_pile_up_and_the_largest_stay(
    journal: Journal, path: Path, another: Callable[[], Journal]
) -> None:
    for _ in range(500):
        journal.note(Code.LOGIN_REFUSED, params=LOGIN, source="web")
    journal.close()
    for _ in range(8):
        overwrite(path)
        one = another()
        with pytest.raises(JournalDamagedError):
            one.events()
        one.close()

    kept = sorted(asides(path))
    assert len(kept) == 5
    assert kept[0].stat().st_size > 2 * kept[1].stat().st_size


def in_the_background(work: Callable[[], object]) -> int:
    pid = os.fork()
    if pid == 0:
        code = 1
        try:
            work()
            code = 0
        finally:
            os._exit(code)
    return pid
