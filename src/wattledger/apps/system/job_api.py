"""Jobs in the API: work that takes longer than a request."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from django.http import HttpRequest
from ninja import Router
from pydantic import JsonValue

from wattledger.apps.accounts.gate import requires
from wattledger.apps.accounts.idempotency import repeatable
from wattledger.apps.accounts.rights import Right
from wattledger.apps.devices.scan_answers import scan_result
from wattledger.apps.rest.ids import Kind, number_in_path
from wattledger.apps.rest.jobs import JobAnswer, job_answer
from wattledger.apps.rest.pages import Cursor, Limit, position
from wattledger.apps.rest.problems import ProblemError
from wattledger.apps.rest.server import journal
from wattledger.apps.system.schemas import JobPage
from wattledger.engine.api import SCAN_JOB
from wattledger.journal import Job, Json, UnknownJobError

router = Router(tags=["system"])

# What the result of a job becomes where it names things by the numbers of the database.
RESULTS: Mapping[str, Callable[[Json], JsonValue]] = {SCAN_JOB: scan_result}


@router.get("/jobs", response=JobPage)
@requires(Right.OPERATE)
def list_jobs(request: HttpRequest, limit: Limit = 100, cursor: Cursor = None) -> JobPage:
    """The jobs, newest first."""
    found = journal().jobs.list(limit=limit + 1, after=position(cursor) or None)
    behind = str(found[limit - 1].id) if len(found) > limit else None
    return JobPage(items=[_answer(job) for job in found[:limit]], next=behind)


@router.get("/jobs/{job_id}", response=JobAnswer)
@requires(Right.OPERATE)
def show_job(request: HttpRequest, job_id: str) -> JobAnswer:
    """One job."""
    return _answer(_job(job_id))


@router.post("/jobs/{job_id}/cancel", response=JobAnswer)
@requires(Right.CONFIGURE)
@repeatable()
def cancel_job(request: HttpRequest, job_id: str) -> JobAnswer:
    """Stop a job: one that waits at once, one that runs within a few seconds. What is settled already stays so."""
    journal().jobs.cancel(_job(job_id).id)
    return _answer(_job(job_id))


def _job(job_id: str) -> Job:
    try:
        return journal().jobs.get(number_in_path(Kind.JOB, job_id))
    except UnknownJobError:
        raise ProblemError("not_found") from None


def _answer(job: Job) -> JobAnswer:
    present = RESULTS.get(job.kind)
    as_it_is: JsonValue = job.result
    return job_answer(job, result=as_it_is if present is None or job.result is None else present(job.result))
