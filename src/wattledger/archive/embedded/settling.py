"""Seeing at the start that `hot.db` and the sealed files belong together, whatever happened to either of them.

A file that cannot be read is set aside. A file that `hot.db` cannot know of, since it was set back or begun anew, is
taken into the archive, where no other stands for its time. Nothing is deleted here.
"""

from __future__ import annotations

import logging
import os
import sqlite3
from datetime import UTC, datetime
from pathlib import Path

from wattledger.archive.embedded.feed import Span, append
from wattledger.archive.embedded.schema import FILES_FORMAT, need_reader, read_meta, write_meta
from wattledger.archive.embedded.sealed import FOLDER, SealedName, Section, opened, sealed_name
from wattledger.archive.embedded.segments import OF_READINGS, SealedSet, name_file, sealed_set, unname_file
from wattledger.archive.errors import ArchiveDamagedError

log = logging.getLogger(__name__)

ASKED_FOR_THE_TIME = 64  # series of the newest file, from which the newest slot is learnt


def settle(connection: sqlite3.Connection, folder: Path, *, begun_anew: bool) -> list[Path]:
    """Let `hot.db` name the files that there are, in one transaction; gives where damaged ones were put.

    `begun_anew`: there was no `hot.db`, or it was damaged. Otherwise a file that it does not name and that cannot be
    read is what a process left that died. Raises ArchiveTooNewError for a file of a later release.
    """
    there = _files(folder)
    unsound = {name for name in there if not _is_sound(name.path(folder))}
    connection.execute("BEGIN IMMEDIATE")
    try:
        damaged = unsound if begun_anew else unsound.intersection(sealed_set(connection, folder).names)
        aside = [keep_aside(name.path(folder)) for name in sorted(damaged)]
        for name in damaged:
            unname_file(connection, name)
        _adopt(connection, folder, [name for name in there if name not in unsound])
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise
    return aside


def keep_aside(path: Path) -> Path:
    """Give a damaged file a second name, under which nobody removes it."""
    aside = path.with_name(f"{path.name}.damaged-{datetime.now(UTC):%Y%m%dT%H%M%S.%fZ}")
    log.warning("%s is damaged and kept as %s", path, aside.name)
    os.link(path, aside)
    return aside


def _files(folder: Path) -> list[SealedName]:
    place = folder / FOLDER
    names = [sealed_name(path.name) for path in place.iterdir()] if place.is_dir() else []
    return sorted(name for name in names if name is not None)


def _is_sound(path: Path) -> bool:
    """Whether the index can be read; each blob is looked at when it is read."""
    try:
        with opened(path):
            return True
    except (ArchiveDamagedError, OSError):
        return False


def _adopt(connection: sqlite3.Connection, folder: Path, there: list[SealedName]) -> None:
    """Name the newest file of each period for which none is there."""
    known = int(str(read_meta(connection, "generation") or 0))  # an older file went out of the archive
    named = {name.period for name in sealed_set(connection, folder).names if name in there}
    newest = {name.period: name for name in there if name.generation > known and name.period not in named}
    for name in newest.values():
        log.warning("%s was not known and is taken into the archive", name)
        name_file(connection, name, size=name.path(folder).stat().st_size)
        _tell(connection, name, folder)
    if newest:
        write_meta(connection, "generation", max(name.generation for name in newest.values()))
        need_reader(connection, FILES_FORMAT)
        _learn_the_time(connection, sealed_set(connection, folder))


def _tell(connection: sqlite3.Connection, name: SealedName, folder: Path) -> None:
    """Tell those who follow the changes of what is in a file: with a `hot.db` begun anew they begin anew, too."""
    if name.period.span not in OF_READINGS:
        return
    with opened(name.path(folder)) as file:
        series = frozenset(int(each) for each in file.keys(Section.CHUNKS))
    if series:
        append(connection, [Span(name.period.start, name.period.end - 1, series=series)])


def _learn_the_time(connection: sqlite3.Connection, sealed: SealedSet) -> None:
    """Let the newest recorded slot be that of the files, where `hot.db` knows none."""
    if read_meta(connection, "highest_slot") is not None:
        return
    of_readings = [name for name in sealed.names if name.period.span in OF_READINGS]
    if not of_readings:
        return
    with sealed.opened(max(of_readings, key=lambda name: name.period.end)) as file:
        if file is not None:
            series = file.file.keys(Section.CHUNKS)[:ASKED_FOR_THE_TIME].tolist()
            slots = [int(readings.slots[-1]) for each in series if len(readings := file.readings(each))]
            if slots:
                write_meta(connection, "highest_slot", max(slots))
