"""Jobs as the API shows them."""

from __future__ import annotations

from pydantic import JsonValue

from wattledger.apps.rest.ids import Kind, public_id
from wattledger.apps.rest.values import Answer, UtcTime
from wattledger.journal import Job, JobState


class JobAnswer(Answer):
    """`progress` goes from 0 to 1; `error` is English and says why it failed.

    `cancel_requested`: somebody wants it to stop; a job that runs does so within a few seconds.
    """

    id: str
    kind: str
    state: JobState
    progress: float
    cancel_requested: bool
    result: JsonValue
    error: str
    submitted: UtcTime
    started: UtcTime | None
    finished: UtcTime | None


def job_answer(job: Job, *, result: JsonValue) -> JobAnswer:
    """A job, with its result as the API gives it."""
    return JobAnswer(
        id=public_id(Kind.JOB, job.id),
        kind=job.kind,
        state=job.state,
        progress=job.progress,
        cancel_requested=job.cancel_requested,
        result=result,
        error=job.error,
        submitted=job.submitted,
        started=job.started,
        finished=job.finished,
    )
