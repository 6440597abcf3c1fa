"""Jobs: work that takes longer than a request, done one at a time by the worker, with progress and cancel."""

from __future__ import annotations

import fcntl
import json
import os
import sqlite3
import time
from collections.abc import Callable, Collection, Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import cast

from wattledger.journal.entries import from_us, to_us
from wattledger.journal.errors import JobPendingError, JobsTakenError, JobStateError, UnknownJobError
from wattledger.journal.store import Store

# A job that was running when the worker died is done again, but not one that seems to be what it dies of.
MOST_ATTEMPTS = 3
MOST_SETTLED = 500  # done, failed and cancelled jobs that are kept
LOCK_TRIES = 10  # who only looks holds the lock for microseconds
LOCK_PAUSE_S = 0.02

Json = str | int | float | bool | None | list["Json"] | dict[str, "Json"]


class JobState(StrEnum):
    """Where a job is; the last three are final."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class Job:
    """One job. `progress` goes from 0 to 1; `result` is what it gave when done; `error` says why it failed."""

    id: int
    kind: str
    params: Mapping[str, Json]
    actor: str | None
    state: JobState
    progress: float
    result: Json
    error: str
    cancel_requested: bool
    attempts: int
    submitted: datetime
    started: datetime | None
    finished: datetime | None


class Jobs:
    """The table of jobs; anybody submits, asks and cancels, the holder of the lock works. All raise JournalError."""

    def __init__(self, store: Store, *, now: Callable[[], datetime]) -> None:
        self._store = store
        self._now = now
        self._is_worker = False

    def submit(
        self,
        kind: str,
        *,
        params: Mapping[str, Json] | None = None,
        actor: str | None = None,
        one_per: str | None = None,
    ) -> int:
        """Put a job in the row of those that wait; gives its id.

        `one_per` names a parameter: raises JobPendingError while a job of the kind waits or runs that has the same
        value of it.
        """
        with self._store.writing() as connection:
            if one_per is not None:
                _check_none_pending(connection, kind, one_per, (params or {})[one_per])
            cursor = connection.execute(
                "INSERT INTO job (kind, params, actor, state, submitted) VALUES (?, ?, ?, 'waiting', ?)",
                (kind, json.dumps(dict(params or {})), actor, to_us(self._now())),
            )
            return cast("int", cursor.lastrowid)

    def get(self, job: int) -> Job:
        """The job as it stands; raises UnknownJobError."""
        with self._store.reading() as connection:
            return _get(connection, job)

    def list(self, *, states: Collection[JobState] = (), limit: int = 50, after: int | None = None) -> tuple[Job, ...]:
        """Jobs, newest first, those before the job `after`; of all states when none is named."""
        chosen = [state.value for state in states or JobState]
        with self._store.reading() as connection:
            rows = connection.execute(
                f"SELECT * FROM job WHERE id < ? AND state IN ({', '.join('?' * len(chosen))})"  # noqa: S608 - marks
                " ORDER BY id DESC LIMIT ?",
                (after if after is not None else 2**63 - 1, *chosen, limit),
            )
            return tuple(_job(row) for row in rows)

    def cancel(self, job: int) -> JobState:
        """Cancel a job that waits, or ask one that runs to stop; gives the state it is in now."""
        with self._store.writing() as connection:
            if _get(connection, job).state is JobState.WAITING:
                self._settle(connection, job, JobState.CANCELLED)
            connection.execute("UPDATE job SET cancel_requested = 1 WHERE id = ? AND state = 'running'", (job,))
            return _get(connection, job).state

    def has_worker(self) -> bool:
        """Whether a process does the jobs just now."""
        try:
            lock = os.open(self._lock_path, os.O_RDONLY | os.O_CLOEXEC)
        except FileNotFoundError:
            return False
        try:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        finally:
            os.close(lock)
        return False

    @property
    def _lock_path(self) -> Path:
        return self._store.path.with_name(f"{self._store.path.name}-jobs.lock")

    @contextmanager
    def worker(self) -> Generator[None, None, None]:
        """Be the one who works; first take back what ran when the last one died.

        Raises JobsTakenError while another process is. However a process dies, the kernel frees the lock.
        """
        lock = os.open(self._lock_path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            if not _locked(lock):
                raise JobsTakenError("another process does the jobs of this server")
            self._take_back()
            self._is_worker = True
            yield
        finally:
            self._is_worker = False
            os.close(lock)

    def claim(self) -> Job | None:
        """The next job, running from now on; None when none waits. Only within `worker`."""
        if not self._is_worker:
            raise JobStateError("only the holder of the job lock claims jobs")
        waiting = "SELECT id FROM job WHERE state = 'waiting' ORDER BY id LIMIT 1"
        with self._store.reading() as connection:  # asked every second: others must not wait for a lock that often
            if connection.execute(waiting).fetchone() is None:
                return None
        with self._store.writing() as connection:
            row = connection.execute(waiting).fetchone()
            if row is None:
                return None
            connection.execute(
                "UPDATE job SET state = 'running', started = ?, progress = 0, attempts = attempts + 1 WHERE id = ?",
                (to_us(self._now()), row["id"]),
            )
            return _get(connection, row["id"])

    def progress(self, job: int, share: float) -> bool:
        """Say how far a running job is, 0 to 1; False when it was asked to stop."""
        with self._store.writing() as connection:
            _running(connection, job)
            connection.execute("UPDATE job SET progress = ? WHERE id = ?", (min(max(share, 0.0), 1.0), job))
            return not _get(connection, job).cancel_requested

    def finish(self, job: int, *, result: Json = None) -> None:
        """A running job is done."""
        with self._store.writing() as connection:
            _running(connection, job)
            connection.execute("UPDATE job SET progress = 1, result = ? WHERE id = ?", (json.dumps(result), job))
            self._settle(connection, job, JobState.DONE)

    def fail(self, job: int, error: str) -> None:
        """A running job failed; `error` says why in English."""
        with self._store.writing() as connection:
            _running(connection, job)
            self._settle(connection, job, JobState.FAILED, error)

    def stopped(self, job: int) -> None:
        """A running job stopped because it was asked to."""
        with self._store.writing() as connection:
            _running(connection, job)
            self._settle(connection, job, JobState.CANCELLED)

    def put_back(self, job: int) -> None:
        """A running job waits again, because the worker stops in good order; it does not count as an attempt."""
        with self._store.writing() as connection:
            _running(connection, job)
            connection.execute(
                "UPDATE job SET state = 'waiting', progress = 0, attempts = attempts - 1 WHERE id = ?", (job,)
            )

    def trim(self) -> int:
        """Forget the oldest settled jobs beyond MOST_SETTLED; gives how many."""
        with self._store.writing() as connection:
            return connection.execute(
                "DELETE FROM job WHERE state IN ('done', 'failed', 'cancelled') AND id <= ("
                " SELECT id FROM job WHERE state IN ('done', 'failed', 'cancelled') ORDER BY id DESC LIMIT 1 OFFSET ?)",
                (MOST_SETTLED,),
            ).rowcount

    def _take_back(self) -> None:
        with self._store.writing() as connection:
            for row in connection.execute("SELECT * FROM job WHERE state = 'running'").fetchall():
                job = _job(row)
                if job.cancel_requested:
                    self._settle(connection, job.id, JobState.CANCELLED)
                elif job.attempts >= MOST_ATTEMPTS:
                    self._settle(connection, job.id, JobState.FAILED, f"the worker died {job.attempts} times during it")
                else:
                    connection.execute("UPDATE job SET state = 'waiting', progress = 0 WHERE id = ?", (job.id,))

    def _settle(self, connection: sqlite3.Connection, job: int, state: JobState, error: str = "") -> None:
        connection.execute(
            "UPDATE job SET state = ?, error = ?, finished = ? WHERE id = ?",
            (state.value, error, to_us(self._now()), job),
        )


def _locked(lock: int) -> bool:
    """Take the lock, waiting out those who only look whether somebody has it."""
    for _ in range(LOCK_TRIES):
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            time.sleep(LOCK_PAUSE_S)
        else:
            return True
    return False


def _get(connection: sqlite3.Connection, job: int) -> Job:
    row = connection.execute("SELECT * FROM job WHERE id = ?", (job,)).fetchone()
    if row is None:
        raise UnknownJobError(f"no job {job}")
    return _job(row)


def _check_none_pending(connection: sqlite3.Connection, kind: str, name: str, value: Json) -> None:
    pending = connection.execute("SELECT * FROM job WHERE kind = ? AND state IN ('waiting', 'running')", (kind,))
    for job in map(_job, pending):
        if job.params.get(name) == value:
            raise JobPendingError(f"job {job.id} ({kind}) {job.state.value} for {name} {value}", job=job.id)


def _running(connection: sqlite3.Connection, job: int) -> None:
    state = _get(connection, job).state
    if state is not JobState.RUNNING:
        raise JobStateError(f"job {job} is not running but {state.value}")


def _job(row: sqlite3.Row) -> Job:
    return Job(
        id=row["id"],
        kind=row["kind"],
        params=cast("dict[str, Json]", json.loads(row["params"])),
        actor=row["actor"],
        state=JobState(row["state"]),
        progress=row["progress"],
        result=cast("Json", json.loads(row["result"])) if row["result"] is not None else None,
        error=row["error"],
        cancel_requested=bool(row["cancel_requested"]),
        attempts=row["attempts"],
        submitted=from_us(row["submitted"]),
        started=from_us(row["started"]) if row["started"] is not None else None,
        finished=from_us(row["finished"]) if row["finished"] is not None else None,
    )
