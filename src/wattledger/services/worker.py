"""The worker as a child: jobs, scheduled tasks, the outbox, and an eye on the free space."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, time
from functools import partial

from django.db import connection

from wattledger.apps.devices.expiry import tell_expiry
from wattledger.engine.api import SCAN_JOB, EngineClient
from wattledger.journal import Journal, JournalError
from wattledger.plant import DataFolder
from wattledger.services import upkeep
from wattledger.services.channels import Channel, LogChannel, pump
from wattledger.services.child import Child, keep_beating, run_loop
from wattledger.services.job_work import JobFunction, work_off_jobs
from wattledger.services.scanning import scan
from wattledger.services.schedule import Daily, Task
from wattledger.services.scheduler import Scheduler
from wattledger.services.upkeep import SOURCE

log = logging.getLogger(__name__)

PUMP_EVERY_S = 2.0
STORAGE_EVERY_S = 60.0
LAST_JOB_S = 5.0  # a job that stops within this time goes back into the row; another is taken back at the next start


def main(child: Child) -> int:
    """Work until SIGTERM."""
    with Journal(child.folder.journal) as journal:
        functions = job_functions(child.folder, journal)
        return run_loop(partial(_work, child, journal, functions, [LogChannel()]))


def job_functions(folder: DataFolder, journal: Journal) -> Mapping[str, JobFunction]:
    """What each kind of job does."""
    return {
        "snapshot": lambda _run: upkeep.daily_snapshot(folder, journal),
        SCAN_JOB: partial(scan, engine=EngineClient(folder.engine_socket)),
    }


def scheduled_tasks(folder: DataFolder, journal: Journal) -> Sequence[Task]:
    """What is done by the clock: upkeep, and what the configuration asks for."""
    expiry = Task("client certificates", Daily(time(2, 57)), partial(_tell_expiry, journal))
    return (*upkeep.tasks(folder, journal), expiry)


def _tell_expiry(journal: Journal) -> None:
    try:
        tell_expiry(journal, now=datetime.now(UTC), source=SOURCE)
    finally:
        connection.close()  # the next run is in another thread


async def _work(
    child: Child,
    journal: Journal,
    functions: Mapping[str, JobFunction],
    channels: Sequence[Channel],
    stop: asyncio.Event,
) -> None:
    is_ending = threading.Event()
    # A daemon, because a job that does not stop must not keep the process: it is taken back at the next start.
    jobs = threading.Thread(target=work_off_jobs, args=(journal, functions, is_ending), name="jobs", daemon=True)
    jobs.start()
    async with asyncio.TaskGroup() as tasks:
        background = [
            tasks.create_task(Scheduler(scheduled_tasks(child.folder, journal), journal.runs).keep_running()),
            tasks.create_task(_again_and_again(partial(_pump_all, journal, channels), PUMP_EVERY_S)),
            tasks.create_task(_again_and_again(partial(upkeep.watch_storage, child.folder, journal), STORAGE_EVERY_S)),
        ]
        await keep_beating(child, stop)
        is_ending.set()
        for task in background:
            task.cancel()
    await asyncio.to_thread(jobs.join, LAST_JOB_S)


def _pump_all(journal: Journal, channels: Sequence[Channel]) -> None:
    journal.flush()
    for channel in channels:
        pump(journal, channel)


async def _again_and_again(work: Callable[[], None], every_s: float) -> None:
    """Do it in a thread, pause, do it again, until cancelled; tells when it begins to fail and when it works again."""
    is_failing = False
    while True:
        try:
            await asyncio.to_thread(work)
        except (JournalError, OSError) as error:
            if not is_failing:
                log.error("%s", error)
            is_failing = True
        else:
            is_failing = False
        await asyncio.sleep(every_s)
