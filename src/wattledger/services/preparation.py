"""What happens before the children start: certificate, journal, and the configuration brought to this release.

Runs in a short-lived child of its own, so that the parent opens no database and imports no cryptography.
"""

from __future__ import annotations

import logging
import os
import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from django.core.management import call_command
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor

from wattledger import journal as journals
from wattledger.journal import Code, Journal, JournalError, JournalUnavailableError
from wattledger.plant import DataFolder
from wattledger.services.channels import LogChannel
from wattledger.services.errors import ServiceError
from wattledger.services.folder_lock import unusable
from wattledger.services.snapshots import BEFORE_MIGRATION, SnapshotError, snapshots, take_snapshot

log = logging.getLogger(__name__)

SOURCE = "parent"
SERVER = "wattledger"  # the server as a whole, in its entries


def prepare(folder: DataFolder) -> None:
    """Make the data folder fit for this release. Raises ServiceError where the server cannot run on it.

    A configuration that cannot be read or brought up is no such case: the engine then records by the last plant that it
    applied, and says so.
    """
    from wattledger.services.certificate import ensure_certificate  # noqa: PLC0415 - 12 MB that the parent must not carry

    try:
        fingerprint = ensure_certificate(folder)
        journals.prepare(folder.journal, source=SOURCE)
        _bring_up_configuration(folder)
        with Journal(folder.journal) as journal:
            journal.outbox.open(LogChannel.name)  # so that the log tells of the first start too
            if fingerprint is not None:
                journal.note(Code.CERTIFICATE_CREATED, params={"fingerprint": fingerprint}, source=SOURCE)
            params = {"service": SERVER, "version": version("wattledger")}
            journal.note(Code.SERVICE_STARTED, params=params, source=SOURCE)
    except JournalUnavailableError as error:
        raise unusable(folder, OSError(str(error))) from error
    except JournalError as error:
        raise ServiceError(str(error)) from error
    except OSError as error:
        raise unusable(folder, error) from error


def say_goodbye(folder: DataFolder) -> None:
    """Tell the journal that the server was stopped in good order."""
    with Journal(folder.journal) as journal:
        journal.note(Code.SERVICE_STOPPED, params={"service": SERVER}, source=SOURCE)


def _bring_up_configuration(folder: DataFolder) -> None:
    database = folder.configuration
    is_new = not database.exists()
    try:
        if not is_new:
            _check(database)
        if not _is_pending():
            return
        if not is_new:
            _keep_before(folder, [database])
        _migrate(folder, is_new=is_new)
    except (sqlite3.Error, DatabaseError, SnapshotError) as error:
        if is_new:
            raise unusable(folder, OSError(str(error))) from error
        log.error("the configuration stays as it is: %s", error)
    finally:
        connection.close()


def _keep_before(folder: DataFolder, databases: list[Path]) -> None:
    kept = take_snapshot(databases, folder.snapshots, kind=BEFORE_MIGRATION, now=datetime.now(UTC))
    log.info("the configuration is brought to this release; as it was, it is kept in %s", kept)


def _migrate(folder: DataFolder, *, is_new: bool) -> None:
    try:
        call_command("migrate", interactive=False, verbosity=0)
    except Exception:  # a migration may raise anything, and the configuration must not stay half brought up
        connection.close()
        if not is_new:
            _put_back(folder)
        raise


def _put_back(folder: DataFolder) -> None:
    kept = snapshots(folder.snapshots, kind=BEFORE_MIGRATION)[0] / folder.configuration.name
    for companion in ("-wal", "-shm"):
        folder.configuration.with_name(folder.configuration.name + companion).unlink(missing_ok=True)
    draft = folder.configuration.with_name(f"{folder.configuration.name}.back")
    draft.write_bytes(kept.read_bytes())
    with draft.open("rb") as file:
        os.fsync(file.fileno())
    draft.replace(folder.configuration)
    log.error("bringing the configuration to this release failed; it was put back")


def _check(database: Path) -> None:
    """Raises sqlite3.Error when the file is not sound; read-only, so that nothing is made worse."""
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True, timeout=5)) as plain:
        found = [str(row[0]) for row in plain.execute("PRAGMA quick_check(5)")]
    if found != ["ok"]:
        raise sqlite3.DatabaseError(f"{database} is damaged: {'; '.join(found)}")


def _is_pending() -> bool:
    executor = MigrationExecutor(connection)
    return bool(executor.migration_plan(executor.loader.graph.leaf_nodes()))
