"""What the worker does by itself: snapshots, trimming, the certificate, and an eye on the free space."""

from __future__ import annotations

import logging
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Sequence
from datetime import UTC, datetime, time, timedelta

from wattledger.journal import Code, Journal
from wattledger.plant import DataFolder
from wattledger.services.schedule import Daily, Every, Task
from wattledger.services.snapshots import DAILY, SnapshotError, take_snapshot

log = logging.getLogger(__name__)

SOURCE = "worker"
LOW_PERCENT = 10.0  # of the file system that holds the data folder
ENOUGH_PERCENT = 12.0  # two more, so that a log that grows and turns over does not make it flap
RENEWAL_S = 60.0


def tasks(folder: DataFolder, journal: Journal) -> Sequence[Task]:
    """What is done on schedule."""
    return (
        Task("trim", Every(timedelta(hours=6)), lambda: trim(journal)),
        # Between the midnights of Europe and America, when nobody configures and no slot of an hour is near.
        Task("snapshot", Daily(time(2, 37)), lambda: daily_snapshot(folder, journal)),
        Task("certificate", Daily(time(2, 47)), lambda: renew_certificate(folder, journal)),
    )


def daily_snapshot(folder: DataFolder, journal: Journal) -> str:
    """Copy configuration and journal; gives the name of the copy. A failure is a standing event and raises."""
    try:
        kept = take_snapshot(
            [folder.configuration, folder.journal], folder.snapshots, kind=DAILY, now=datetime.now(UTC)
        )
    except SnapshotError as error:
        journal.begin(Code.SNAPSHOT_FAILED, DAILY, params={"reason": str(error)}, source=SOURCE)
        raise
    journal.end(Code.SNAPSHOT_FAILED, DAILY, source=SOURCE)
    return kept.name


def trim(journal: Journal) -> None:
    """Keep events, messages and jobs within their bounds."""
    log.info("trimmed: %d entries, %d messages, %d jobs", journal.trim(), journal.outbox.trim(), journal.jobs.trim())


def renew_certificate(folder: DataFolder, journal: Journal) -> None:
    """Renew the server's own certificate when it is about to expire, and have the web started afresh with it.

    In a process of its own: the libraries for it would stay in the worker's memory for one use in two years.
    """
    command = [sys.executable, "-m", "wattledger.services.certificate", str(folder.root)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=RENEWAL_S, check=True)
    fingerprint = done.stdout.strip()
    if fingerprint:
        journal.note(Code.CERTIFICATE_CREATED, params={"fingerprint": fingerprint}, source=SOURCE)
        os.kill(os.getppid(), signal.SIGHUP)


def watch_storage(folder: DataFolder, journal: Journal) -> None:
    """Begin or end the event of low space; between the two limits it stays as it is. Raises OSError."""
    usage = shutil.disk_usage(folder.root)
    free_percent = 100 * usage.free / usage.total
    if free_percent < LOW_PERCENT:
        params = {"free_percent": round(free_percent, 1)}
        journal.begin(Code.STORAGE_LOW, "data", params=params, source=SOURCE)
    elif free_percent >= ENOUGH_PERCENT:
        journal.end(Code.STORAGE_LOW, "data", source=SOURCE)
