"""Jobs and the one who does them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from wattledger.journal import (
    JobPendingError,
    JobsTakenError,
    JobState,
    JobStateError,
    Journal,
    JournalUnavailableError,
    UnknownJobError,
)
from wattledger.journal.jobs import MOST_ATTEMPTS


def test_a_job_goes_from_waiting_to_done_and_keeps_what_it_was_asked_and_gave(journal: Journal) -> None:
    number = journal.jobs.submit("scan", params={"from": 1, "to": 31}, actor="anna")
    with journal.jobs.worker():
        job = journal.jobs.claim()
        assert job is not None
        assert (job.id, job.params, job.actor, job.state) == (number, {"from": 1, "to": 31}, "anna", JobState.RUNNING)
        assert journal.jobs.progress(number, 0.5)
        assert journal.jobs.get(number).progress == 0.5
        journal.jobs.finish(number, result={"found": [1, 7]})

    done = journal.jobs.get(number)
    assert (done.state, done.progress, done.result) == (JobState.DONE, 1, {"found": [1, 7]})


def test_jobs_are_done_in_their_order(journal: Journal) -> None:
    numbers = [journal.jobs.submit("scan") for _ in range(3)]
    with journal.jobs.worker():
        claimed = [journal.jobs.claim() for _ in range(4)]

    assert [job.id if job else None for job in claimed] == [*numbers, None]


def test_only_one_process_works_and_the_next_takes_back_what_ran(
    journal: Journal, another: Callable[[], Journal]
) -> None:
    number = journal.jobs.submit("scan")
    successor = another()
    with journal.jobs.worker():
        journal.jobs.claim()
        with pytest.raises(JobsTakenError), successor.jobs.worker():
            pass

    assert not successor.jobs.has_worker()
    with successor.jobs.worker():
        assert journal.jobs.has_worker()
        assert successor.jobs.get(number).state is JobState.WAITING
        again = successor.jobs.claim()
        assert again is not None
        assert again.attempts == 2


def test_nobody_claims_without_the_lock(journal: Journal) -> None:
    journal.jobs.submit("scan")

    with pytest.raises(JobStateError):
        journal.jobs.claim()


def test_a_job_that_the_worker_dies_of_is_not_tried_for_ever(journal: Journal) -> None:
    number = journal.jobs.submit("scan")
    for _ in range(MOST_ATTEMPTS):
        with journal.jobs.worker():
            assert journal.jobs.claim() is not None
    with journal.jobs.worker():
        assert journal.jobs.claim() is None

    job = journal.jobs.get(number)
    assert job.state is JobState.FAILED
    assert "died 3 times" in job.error


def test_a_job_that_is_put_back_does_not_count_as_tried(journal: Journal) -> None:
    number = journal.jobs.submit("scan")
    for _ in range(MOST_ATTEMPTS + 1):
        with journal.jobs.worker():
            journal.jobs.claim()
            journal.jobs.put_back(number)

    assert journal.jobs.get(number).state is JobState.WAITING


def test_a_waiting_job_is_cancelled_at_once_and_a_running_one_is_asked(journal: Journal) -> None:
    waiting, running = journal.jobs.submit("scan"), journal.jobs.submit("scan")
    assert journal.jobs.cancel(waiting) is JobState.CANCELLED
    with journal.jobs.worker():
        journal.jobs.claim()
        assert journal.jobs.cancel(running) is JobState.RUNNING
        assert not journal.jobs.progress(running, 0.2)
        journal.jobs.stopped(running)

    assert journal.jobs.get(running).state is JobState.CANCELLED


def test_one_job_at_a_time_waits_or_runs_for_the_same_thing(journal: Journal) -> None:
    def submit(bus: int) -> int:
        return journal.jobs.submit("scan", params={"bus": bus}, one_per="bus")

    first, other = submit(1), submit(2)
    with pytest.raises(JobPendingError) as waiting:
        submit(1)
    with journal.jobs.worker():
        journal.jobs.claim()
        with pytest.raises(JobPendingError) as running:
            submit(1)
        journal.jobs.finish(first)
    journal.jobs.cancel(other)

    assert (waiting.value.job, running.value.job) == (first, first)
    assert [submit(1), submit(2)] == [other + 1, other + 2]
    assert journal.jobs.submit("scan", params={"bus": 1}) == other + 3  # who does not ask for it is not refused


def test_a_running_job_that_was_to_stop_is_not_taken_back(journal: Journal) -> None:
    number = journal.jobs.submit("scan")
    with journal.jobs.worker():
        journal.jobs.claim()
        journal.jobs.cancel(number)
    with journal.jobs.worker():
        assert journal.jobs.claim() is None

    assert journal.jobs.get(number).state is JobState.CANCELLED


def test_what_is_settled_stays_settled(journal: Journal) -> None:
    number = journal.jobs.submit("scan")
    with journal.jobs.worker():
        journal.jobs.claim()
        journal.jobs.fail(number, "no answer")
        with pytest.raises(JobStateError):
            journal.jobs.finish(number)

    assert journal.jobs.cancel(number) is JobState.FAILED
    assert journal.jobs.get(number).error == "no answer"


def test_the_list_of_jobs_is_newest_first_by_state_and_page(journal: Journal) -> None:
    numbers = [journal.jobs.submit("scan") for _ in range(4)]
    journal.jobs.cancel(numbers[0])

    waiting = journal.jobs.list(states=[JobState.WAITING], limit=2)
    assert [job.id for job in waiting] == [numbers[3], numbers[2]]
    assert [job.id for job in journal.jobs.list(after=waiting[-1].id)] == [numbers[1], numbers[0]]


def test_unknown_jobs_are_said_to_be_so(journal: Journal) -> None:
    with pytest.raises(UnknownJobError):
        journal.jobs.get(99)
    with pytest.raises(UnknownJobError):
        journal.jobs.cancel(99)


def test_only_so_many_settled_jobs_are_kept(journal: Journal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("wattledger.journal.jobs.MOST_SETTLED", 2)
    numbers = [journal.jobs.submit("scan") for _ in range(5)]
    for number in numbers[:4]:
        journal.jobs.cancel(number)

    assert journal.jobs.trim() == 2
    assert [job.id for job in journal.jobs.list()] == [numbers[4], numbers[3], numbers[2]]


def test_a_folder_that_is_not_there_is_told_as_such(path: Any) -> None:
    journal = Journal(path.parent / "missing" / "journal.sqlite3")

    with pytest.raises(JournalUnavailableError):
        journal.jobs.submit("scan")
