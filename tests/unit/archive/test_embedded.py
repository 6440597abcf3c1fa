"""What is particular to the archive in one file: damage, formats, the queue, and looking it over."""

import os
import sqlite3
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from wattledger.archive import (
    ArchiveBusyError,
    ArchiveDamagedError,
    ArchiveError,
    ArchiveTooNewError,
    EmbeddedArchive,
    EmbeddedReader,
    Frame,
    Point,
    check,
)
from wattledger.archive.embedded.calls import MOST_WAITING
from wattledger.archive.embedded.latest import latest

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
STEP = timedelta(minutes=5)
EVER = (datetime(1970, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC))


def frame(slot: datetime, value: int, *, series: tuple[int, ...] = (1, 2)) -> Frame:
    return Frame(slot, 300, 0.0, series, (0,) * len(series), (value,) * len(series))


def values(reader: EmbeddedReader | EmbeddedArchive, series: int = 1) -> list[float]:
    return reader.read([series], *EVER)[series].values.tolist()


def change_file(folder: Path, statement: str, *parameters: object) -> None:
    """Change hot.db as no code of ours would."""
    with closing(sqlite3.connect(folder / "hot.db", isolation_level=None)) as connection:
        connection.execute(statement, parameters)


@contextmanager
def standing_still(folder: Path) -> Iterator[None]:
    """Make every commit wait, as a card does that is busy with itself: another connection holds the file's lock."""
    with closing(sqlite3.connect(folder / "hot.db", isolation_level=None)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        yield
        connection.execute("ROLLBACK")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    with EmbeddedArchive.open(tmp_path / "archive", durable=False) as archive:
        archive.record([frame(NOON, 1), frame(NOON + STEP, 2)]).result()
    return tmp_path / "archive"


class TestConnections:
    def test_commits_are_durable_unless_somebody_asks_otherwise(self, tmp_path: Path) -> None:
        with EmbeddedArchive.open(tmp_path) as archive:
            connection = archive._store._connection
            asked = ["synchronous", "journal_mode", "page_size", "wal_autocheckpoint", "cache_size", "secure_delete"]

            found = {name: connection.execute(f"PRAGMA {name}").fetchone()[0] for name in asked}

        assert found == {
            "synchronous": 2,
            "journal_mode": "wal",
            "page_size": 2048,
            "wal_autocheckpoint": 2000,
            "cache_size": -8000,
            "secure_delete": 0,
        }

    def test_a_reader_cannot_write(self, folder: Path) -> None:
        with EmbeddedReader.open(folder)._snapshot() as snapshot:
            assert snapshot is not None
            with pytest.raises(sqlite3.OperationalError, match="readonly"):
                snapshot.connection.execute("DELETE FROM late")

    def test_a_reading_call_sees_one_state_however_many_questions_it_asks(self, folder: Path) -> None:
        reader, everything = EmbeddedReader.open(folder), (0, int(EVER[1].timestamp()))
        with EmbeddedArchive.open(folder) as archive, reader._snapshot() as snapshot:
            assert snapshot is not None
            before = snapshot.readings([1], start=everything[0], end=everything[1])[1].values.tolist()

            archive.record([frame(NOON + 2 * STEP, 3)]).result()
            archive.correct(1, [Point(NOON, None)], decimals=0).result()

            assert snapshot.readings([1], start=everything[0], end=everything[1])[1].values.tolist() == before == [1, 2]
            assert latest(snapshot, [1])[1].slot == NOON + STEP
            assert values(reader) == [2, 3]


class TestOneWriter:
    def test_a_second_writer_is_refused_until_the_first_has_closed(self, folder: Path) -> None:
        with EmbeddedArchive.open(folder), pytest.raises(ArchiveError, match="another writer"):
            EmbeddedArchive.open(folder)

        EmbeddedArchive.open(folder).close()

    def test_a_folder_that_cannot_be_is_told(self, tmp_path: Path) -> None:
        (tmp_path / "file").write_text("")

        with pytest.raises(ArchiveError, match="file"):
            EmbeddedArchive.open(tmp_path / "file" / "archive")

    def test_closing_waits_for_what_was_given(self, folder: Path) -> None:
        archive = EmbeddedArchive.open(folder, durable=False)
        futures = [archive.record([frame(NOON + number * STEP, number)]) for number in range(100)]

        archive.close()
        archive.close()

        assert all(future.done() for future in futures)
        assert len(values(EmbeddedReader.open(folder))) == 100

    def test_a_closed_archive_fails_what_is_given(self, folder: Path) -> None:
        archive = EmbeddedArchive.open(folder)
        archive.close()

        with pytest.raises(ArchiveError, match="closed"):
            archive.record([frame(NOON, 1)]).result()

    def test_after_a_fork_only_reading_goes_on(self, folder: Path) -> None:
        with EmbeddedArchive.open(folder) as archive:
            child = os.fork()
            if child == 0:
                works = values(archive) == [1, 2]
                try:
                    archive.record([frame(NOON, 9)])
                except ArchiveError:
                    archive.close()
                    os._exit(0 if works else 1)
                os._exit(2)
            _, status = os.waitpid(child, 0)

            assert os.waitstatus_to_exitcode(status) == 0
            assert archive.record([frame(NOON + 2 * STEP, 3)]).result() == 1


class TestQueue:
    def test_calls_return_while_the_card_stands_still(self, folder: Path) -> None:
        with EmbeddedArchive.open(folder) as archive:
            with standing_still(folder):
                futures = [archive.record([frame(NOON + number * STEP, number)]) for number in range(2, 50)]
                futures.append(archive.correct(1, [Point(NOON, 7.0)], decimals=0))
                futures.append(archive.backfill(1, [Point(NOON - STEP, 6.0)], decimals=0))

                assert not any(future.done() for future in futures)
                assert values(archive) == [1, 2]  # readers do not wait

            assert [future.result() for future in futures] == [1] * 50

    def test_record_calls_that_wait_together_share_a_commit(self, folder: Path) -> None:
        with EmbeddedArchive.open(folder) as archive:
            cursor = archive.changes(0).cursor
            with standing_still(folder):
                futures = [
                    archive.record([frame(NOON + 2 * STEP, 5, series=(10 * device, 10 * device + 1))])
                    for device in range(1, 101)
                ]
            assert [future.result() for future in futures] == [1] * 100

            commits = archive.changes(cursor).changes

        # the thread may have taken the first calls before the rest was given
        assert len(commits) <= 2
        assert max(len(commit.series) for commit in commits) >= 100

    def test_what_is_too_much_fails_and_may_be_given_again(self, folder: Path) -> None:
        with EmbeddedArchive.open(folder, durable=False) as archive:
            with standing_still(folder):
                futures = [archive.record([frame(NOON + n * STEP, n)]) for n in range(2, 2 * MOST_WAITING + 2)]
                refused = [number for number, future in enumerate(futures) if future.done()]

                assert len(refused) >= MOST_WAITING - 256 - 1
                assert refused == list(range(refused[0], 2 * MOST_WAITING))
                with pytest.raises(ArchiveBusyError, match="again"):
                    futures[-1].result()

            assert all(future.result() == 1 for future in futures[: refused[0]])
            assert archive.record([frame(NOON + (2 * MOST_WAITING + 1) * STEP, 0)]).result() == 1

    def test_many_threads_may_give_at_once(self, folder: Path) -> None:
        with EmbeddedArchive.open(folder, durable=False) as archive:

            def give(device: int) -> None:
                for number in range(20):
                    archive.record([frame(NOON + number * STEP, number, series=(device,))]).result()

            threads = [threading.Thread(target=give, args=(device,)) for device in range(10, 15)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()

            assert [values(archive, device) for device in range(10, 15)] == [list(range(20))] * 5

    def test_a_fault_in_one_call_does_not_end_recording(self, folder: Path) -> None:
        with EmbeddedArchive.open(folder) as archive:
            broken = archive._submit(lambda writing: writing.layouts_at(int(NOON.timestamp()))[0])  # type: ignore[index]

            with pytest.raises(TypeError):
                broken.result()
            assert archive.record([frame(NOON + 2 * STEP, 3)]).result() == 1

    def test_a_failed_transaction_leaves_nothing_behind(self, folder: Path) -> None:
        def fails(writing):
            writing.layout((77, 78), (0, 0), 300)
            raise LookupError

        with EmbeddedArchive.open(folder) as archive:
            archive.record([frame(NOON + 2 * STEP, 3)]).result()
            with pytest.raises(LookupError):
                archive._submit(fails).result()
            archive.record([frame(NOON, 5, series=(77, 78))]).result()

            assert values(archive, 77) == [5]
        assert check(folder) == []


class TestDamage:
    def scribble(self, folder: Path) -> None:
        content = bytearray((folder / "hot.db").read_bytes())
        content[4096 + 100 : 5 * 4096] = b"\xa5" * (4 * 4096 - 100)
        (folder / "hot.db").write_bytes(content)

    def truncate(self, folder: Path) -> None:
        os.truncate(folder / "hot.db", 3 * 4096 + 17)

    def garble(self, folder: Path) -> None:
        (folder / "hot.db").write_bytes(b"\x00\xffno database at all" * 1000)

    def foreign(self, folder: Path) -> None:
        (folder / "hot.db").unlink()
        change_file(folder, "CREATE TABLE somebody_else (x)")

    @pytest.mark.parametrize("damage", [scribble, truncate, garble, foreign])
    def test_a_damaged_file_is_set_aside_and_recording_goes_on(
        self, folder: Path, damage: Callable[[object, Path], None]
    ) -> None:
        reader = EmbeddedReader.open(folder)
        before = reader.changes(0)
        damage(self, folder)
        bytes_before = (folder / "hot.db").read_bytes()

        with EmbeddedArchive.open(folder) as archive:
            (aside,) = archive.set_aside
            assert aside.parent == folder
            assert aside.name.startswith("hot.db.damaged-")
            assert aside.read_bytes() == bytes_before
            assert archive.record([frame(NOON, 5, series=(8, 9))]).result() == 1
            assert values(reader, 8) == [5]
            assert values(reader, 1) == []
            assert reader.changes(0).epoch != before.epoch

        with EmbeddedArchive.open(folder) as archive:
            assert archive.set_aside == ()

    def test_a_sound_file_is_not_set_aside(self, folder: Path) -> None:
        with EmbeddedArchive.open(folder) as archive:
            assert archive.set_aside == ()
            assert values(archive) == [1, 2]

    def test_the_log_goes_with_its_file(self, folder: Path, tmp_path: Path) -> None:
        after_power_cut = tmp_path / "copy"
        with EmbeddedArchive.open(folder) as archive:
            archive.record([frame(NOON + 2 * STEP, 3)]).result()
            subprocess.run(["cp", "-r", folder, after_power_cut], check=True)  # with the log not yet folded back
        self.garble(after_power_cut)

        with EmbeddedArchive.open(after_power_cut) as archive:
            (aside,) = archive.set_aside
            assert Path(f"{aside}-wal").stat().st_size > 0
            assert values(archive) == []

    @pytest.mark.parametrize("leftover", [b"", None])
    def test_a_file_cut_off_at_its_making_is_made_again(self, tmp_path: Path, leftover: bytes | None) -> None:
        if leftover is None:
            change_file(tmp_path, "PRAGMA journal_mode = WAL")
        else:
            (tmp_path / "hot.db").write_bytes(leftover)

        assert values(EmbeddedReader.open(tmp_path)) == []
        with EmbeddedArchive.open(tmp_path) as archive:
            assert archive.set_aside == ()
            assert archive.record([frame(NOON, 1)]).result() == 1

    def test_a_reader_of_a_damaged_file_says_so_and_reads_again_when_it_is_well(self, folder: Path) -> None:
        reader = EmbeddedReader.open(folder)
        sound = (folder / "hot.db").read_bytes()
        self.garble(folder)

        with pytest.raises(ArchiveDamagedError, match=r"hot\.db"):
            reader.read([1], *EVER)
        (folder / "hot.db").write_bytes(sound)

        assert values(reader) == [1, 2]

    def test_a_damaged_frame_is_missing_and_hides_no_other(
        self, folder: Path, caplog: pytest.LogCaptureFixture
    ) -> None:
        change_file(folder, "UPDATE frame_20260302 SET blob = zeroblob(40) WHERE slot = ?", int(NOON.timestamp()))

        with EmbeddedArchive.open(folder) as archive:
            assert values(archive) == [2]
            assert "frame_20260302: 1 damaged frames" in caplog.text
            assert archive.latest([1])[1].value == 2

            assert archive.record([frame(NOON, 8)]).result() == 1  # a good reading may take its place
            assert values(archive) == [8, 2]


class TestCheck:
    def test_a_sound_archive_has_no_findings_beside_its_writer(self, folder: Path) -> None:
        with EmbeddedArchive.open(folder) as archive:
            archive.record([frame(NOON + 2 * STEP, 3)]).result()

            assert check(folder) == []

    def test_nothing_is_nothing_wrong(self, tmp_path: Path) -> None:
        assert check(tmp_path / "nowhere") == []

    @pytest.mark.parametrize(
        ("statement", "told"),
        [
            ("UPDATE frame_20260302 SET blob = substr(blob, 1, 9)", "check sum"),
            ("UPDATE frame_20260302 SET layout = 7", "not there"),
            ("UPDATE frame_20260302 SET slot = slot + 86400", "another day"),
            ("UPDATE layout SET decimals = '[0]'", "decimals"),
            ("UPDATE layout SET series = '[1, 1]'", "twice"),
            ("UPDATE layout SET series = 'x'", "cannot be read"),
            ("UPDATE meta SET value = 99 WHERE key = 'min_reader'", "update"),
        ],
    )
    def test_what_is_wrong_is_told(self, folder: Path, statement: str, told: str) -> None:
        change_file(folder, statement)

        assert any(told in finding.text for finding in check(folder)), check(folder)

    def test_a_reading_that_is_there_twice_is_told(self, folder: Path) -> None:
        change_file(folder, "INSERT INTO layout SELECT 2, series, decimals, 600 FROM layout")
        change_file(folder, "INSERT INTO frame_20260302 SELECT slot, 2, 0, blob FROM frame_20260302")

        assert [finding.text for finding in check(folder)] == [
            "series 1-2 are in an earlier frame of this slot, too"
        ] * 2

    def test_damaged_pages_are_told(self, folder: Path) -> None:
        TestDamage().scribble(folder)

        assert check(folder) != []


class TestFormats:
    def test_a_later_release_s_archive_is_left_alone(self, folder: Path) -> None:
        change_file(folder, "UPDATE meta SET value = 99 WHERE key = 'min_reader'")

        with pytest.raises(ArchiveTooNewError, match="update"):
            EmbeddedArchive.open(folder)
        with pytest.raises(ArchiveTooNewError, match="update"):
            EmbeddedReader.open(folder).latest([1])
        assert [path.name for path in folder.iterdir() if "damaged" in path.name] == []

    def test_a_later_format_that_older_releases_understand_is_used(self, folder: Path) -> None:
        change_file(folder, "UPDATE meta SET value = 99 WHERE key = 'format'")

        with EmbeddedArchive.open(folder) as archive:
            assert archive.record([frame(NOON + 2 * STEP, 3)]).result() == 1
        assert values(EmbeddedReader.open(folder)) == [1, 2, 3]
