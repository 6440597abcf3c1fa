"""A real parent with tiny children; started by the tests as a process of its own.

Arguments: the data folder, then for each child `name=behaviour`. Short limits, so that nobody waits long.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from pathlib import Path

from wattledger.journal import Journal, Json
from wattledger.plant import DataFolder
from wattledger.services.child import Child, keep_beating, run_loop
from wattledger.services.errors import ServiceError
from wattledger.services.folder_lock import locked
from wattledger.services.job_work import JobRun, work_off_jobs
from wattledger.services.logs import log_to
from wattledger.services.parent import keep_running
from wattledger.services.running import tell
from wattledger.services.upkeep import renew_certificate
from wattledger.services.watched import ChildKind, Limits

LIMITS = Limits(heartbeat_s=2.5, start_s=2.5, stop_s=1.0, first_restart_s=0.05, most_restart_s=0.4, steady_s=60)


def good(child: Child) -> int:
    """Beats until it is told to stop."""
    return run_loop(lambda stop: keep_beating(child, stop))


def stubborn(child: Child) -> int:
    """Beats and does not listen."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    while True:
        child.beat()
        time.sleep(0.1)


def mute(_child: Child) -> int:
    """Never says that it is ready."""
    while True:
        time.sleep(1)


def failing(child: Child) -> int:
    """Dies of an exception, as soon as it has said that it is ready."""
    child.beat()
    raise RuntimeError("nothing works")


def working(child: Child) -> int:
    """Does jobs: one that writes its pid, and hangs when it is tried for the first time."""

    def job(run: JobRun) -> Json:
        with (child.folder.root / "tries").open("a") as tries:
            tries.write(f"{os.getpid()}\n")
        while run.job.attempts == 1:
            time.sleep(1)
        return run.job.attempts

    arguments = (Journal(child.folder.journal), {"hang": job}, threading.Event())
    threading.Thread(target=work_off_jobs, args=arguments, daemon=True).start()
    return good(child)


def renewing(child: Child) -> int:
    """Renews the certificate, as the worker does once a day."""
    with Journal(child.folder.journal) as journal:
        renew_certificate(child.folder, journal)
    return good(child)


def main() -> int:
    folder = DataFolder(Path(sys.argv[1]))
    kinds = []
    for argument in sys.argv[2:]:
        name, _, behaviour = argument.partition("=")
        kinds.append(ChildKind(name, globals()[behaviour], renewed=name == "web"))
    try:
        with locked(folder):
            log_to(folder)
            return keep_running(kinds, folder=folder, limits=LIMITS, on_ready=lambda: print("ready", flush=True))  # noqa: T201
    except ServiceError as error:
        return tell(error)


if __name__ == "__main__":
    sys.exit(main())
