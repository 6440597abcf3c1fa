"""Jobs being done."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from wattledger.journal import Code, JobState, Journal, Json
from wattledger.services import job_work
from wattledger.services.job_work import JobFunction, JobRun, work_off_jobs


@contextmanager
def working(journal: Journal, functions: dict[str, JobFunction]) -> Iterator[None]:
    stop = threading.Event()
    thread = threading.Thread(target=work_off_jobs, args=(journal, functions, stop))
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


@pytest.fixture(autouse=True)
def _without_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(job_work, "LOOK_EVERY_S", 0.01)


def state_of(journal: Journal, number: int) -> Callable[[], JobState]:
    return lambda: journal.jobs.get(number).state


def until(state: Callable[[], JobState], *wanted: JobState) -> JobState:
    deadline = threading.Event()
    for _ in range(1500):
        if state() in wanted:
            return state()
        deadline.wait(0.01)
    raise AssertionError(f"still {state()}")


def test_a_job_is_done_and_its_result_kept(journal: Journal) -> None:
    def double(run: JobRun) -> Json:
        number = run.job.params["number"]
        assert isinstance(number, int)
        run.progress(0.5)
        return number * 2

    number = journal.jobs.submit("double", params={"number": 21})
    with working(journal, {"double": double}):
        until(state_of(journal, number), JobState.DONE)

    assert journal.jobs.get(number).result == 42


def test_a_job_that_fails_says_why_and_the_next_is_done(journal: Journal) -> None:
    def fail(_run: JobRun) -> Json:
        raise ValueError("no bus 7")

    bad, unknown, good = (journal.jobs.submit(kind) for kind in ("fail", "unknown", "good"))
    with working(journal, {"fail": fail, "good": lambda _run: None}):
        until(state_of(journal, good), JobState.DONE)

    assert (journal.jobs.get(bad).state, journal.jobs.get(bad).error) == (JobState.FAILED, "no bus 7")
    assert journal.jobs.get(unknown).state is JobState.FAILED
    reasons = [event.params["reason"] for event in journal.events(codes=[Code.JOB_FAILED]).events]
    assert "no bus 7" in reasons


def test_a_running_job_stops_when_it_is_cancelled(journal: Journal) -> None:
    def endless(run: JobRun) -> Json:
        while True:
            run.progress(0.1)

    number = journal.jobs.submit("endless")
    with working(journal, {"endless": endless}):
        until(state_of(journal, number), JobState.RUNNING)
        journal.jobs.cancel(number)
        until(state_of(journal, number), JobState.CANCELLED)


def test_a_job_goes_back_into_the_row_when_the_worker_stops(journal: Journal) -> None:
    def endless(run: JobRun) -> Json:
        while True:
            run.progress(0.1)

    number = journal.jobs.submit("endless")
    with working(journal, {"endless": endless}):
        until(state_of(journal, number), JobState.RUNNING)

    assert journal.jobs.get(number).state is JobState.WAITING
    assert journal.jobs.get(number).attempts == 0
