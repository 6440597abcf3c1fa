"""`wattledger check`: looks through everything a server keeps, beside it and without changing anything."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from urllib.parse import quote

from wattledger import archive, journal
from wattledger.plant import DataFolder
from wattledger.services.errors import ExitCode
from wattledger.web.terminal import gettext as _


def check(folder: DataFolder) -> ExitCode:
    """Print each finding as a line; FAILED when there are any."""
    count = 0
    for finding in findings(folder):
        count += 1
        print(finding, flush=True)
    if count:
        return ExitCode.FAILED
    print(_("No findings: archive, events and configuration are sound."))
    return ExitCode.OK


def findings(folder: DataFolder) -> Iterator[str]:
    """What is wrong, one line each; what was never written is not wrong."""
    for finding in archive.check(folder.archive):
        yield _("Archive, {place}: {text}").format(place=finding.place, text=finding.text)
    if folder.journal.exists():
        try:
            journal.check(folder.journal)
        except journal.JournalError as error:
            yield _("Events: {text}").format(text=error)
    if folder.configuration.exists():
        for text in quick_check(folder.configuration):
            yield _("Configuration: {text}").format(text=text)


def quick_check(database: Path) -> list[str]:
    """What SQLite finds wrong with a file; nothing when it is sound."""
    try:
        uri = f"file:{quote(str(database.absolute()))}?mode=ro"
        with closing(sqlite3.connect(uri, uri=True, timeout=5)) as connection:
            found = [str(row[0]) for row in connection.execute("PRAGMA quick_check(20)")]
    except sqlite3.Error as error:
        return [f"{database}: {error}"]
    return [] if found == ["ok"] else [f"{database}: {line}" for line in found]
