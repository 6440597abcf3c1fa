"""Does the jobs, one after the other, in a thread of the worker."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from wattledger.journal import Code, Job, JobsTakenError, Journal, JournalError, Json

log = logging.getLogger(__name__)

SOURCE = "worker"
LOOK_EVERY_S = 1.0
RETRY_S = 10.0  # after the journal could not be used, or another process still held the job lock


class JobCancelledError(Exception):
    """Somebody asked the job to stop."""


class WorkerStoppingError(Exception):
    """The worker ends; the job goes back to those that wait."""


@dataclass(frozen=True, slots=True)
class JobRun:
    """A job being done, as its function sees it."""

    job: Job
    journal: Journal
    stop: threading.Event

    def progress(self, share: float) -> None:
        """Say how far it is, 0 to 1, often enough that a cancel is answered within seconds.

        Raises JobCancelledError and WorkerStoppingError, which the function lets through.
        """
        if not self.journal.jobs.progress(self.job.id, share):
            raise JobCancelledError
        if self.stop.is_set():
            raise WorkerStoppingError


JobFunction = Callable[[JobRun], Json]


def work_off_jobs(journal: Journal, functions: Mapping[str, JobFunction], stop: threading.Event) -> None:
    """Do the jobs until `stop` is set; the one place that survives what nobody foresaw."""
    while not stop.is_set():
        try:
            with journal.jobs.worker():
                while not stop.wait(LOOK_EVERY_S):
                    _do_waiting(journal, functions, stop)
        except (JournalError, JobsTakenError) as error:
            log.error("jobs wait: %s", error)
            stop.wait(RETRY_S)


def _do_waiting(journal: Journal, functions: Mapping[str, JobFunction], stop: threading.Event) -> None:
    while not stop.is_set() and (job := journal.jobs.claim()) is not None:
        _do(JobRun(job, journal, stop), functions.get(job.kind))


def _do(run: JobRun, function: JobFunction | None) -> None:
    jobs, job = run.journal.jobs, run.job
    if function is None:
        _fail(run, f"this release has no jobs of kind {job.kind}")
        return
    try:
        result = function(run)
    except JobCancelledError:
        jobs.stopped(job.id)
    except WorkerStoppingError:
        jobs.put_back(job.id)
    except Exception as error:
        log.exception("job %d (%s) failed", job.id, job.kind)
        _fail(run, str(error) or type(error).__name__)
    else:
        jobs.finish(job.id, result=result)


def _fail(run: JobRun, reason: str) -> None:
    run.journal.jobs.fail(run.job.id, reason)
    params = {"job": f"{run.job.kind} {run.job.id}", "reason": reason}
    run.journal.note(Code.JOB_FAILED, params=params, source=SOURCE, actor=run.job.actor)
