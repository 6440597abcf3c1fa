"""`wattledger archive import`: takes in what `archive export` wrote, into the series that it belongs to.

The file is looked through whole before anything of it is taken, since it may come from anybody and may be cut off.
Taking it in again does no harm: what was interrupted is simply called once more and goes on where it ended.
"""

from __future__ import annotations

import base64
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from django.db import DatabaseError

from wattledger.apps.building.models import Site
from wattledger.apps.measurements.actions import note_origin
from wattledger.archive import ArchiveError, Chunk, ChunkContents, EmbeddedArchive, contents_of
from wattledger.archive.exchange_file import ExchangeReader, Origin, reading_exchange
from wattledger.engine.api import (
    EngineClient,
    EngineError,
    EngineUnreachableError,
    GivenChunk,
    GivenChunks,
)
from wattledger.journal import Code, Journal, Param
from wattledger.plant import DataFolder
from wattledger.services.errors import CommandRefusedError, ExitCode, FolderInUseError, ServiceError
from wattledger.services.folder_lock import locked
from wattledger.services.local_tokens import LOCAL, SOURCE
from wattledger.services.progress import Progress
from wattledger.services.series_mapping import Placed, placed
from wattledger.web.terminal import gettext as _

Take = Callable[[Chunk], int]  # gives how many readings came

FUTURE_LIMIT = timedelta(minutes=5)  # as the engine has it
ENGINE_BACK_S = 60.0  # an engine that died is started anew within seconds
LOOK_EVERY_S = 0.5


@dataclass(frozen=True, slots=True)
class Held:
    """What the export holds of one series."""

    count: int
    first: datetime
    last: datetime

    def __or__(self, other: ChunkContents) -> Held:
        return Held(self.count + other.count, min(self.first, other.first), max(self.last, other.last))


def import_archive(folder: DataFolder, path: Path, *, words: Sequence[str], dry_run: bool) -> ExitCode:
    """Tell where the readings come from and where they go, then take them in unless it is a `dry_run`.

    Raises CommandRefusedError, and has taken nothing then, for a file that is damaged, comes from the future, or of
    which nothing has a place here; ServiceError when it was interrupted.
    """
    try:
        with reading_exchange(path) as file:
            held = _looked_through(file)
            server = Site.objects.get().server
            places = placed(file.origin, words, server=server)
            _tell(file.origin, places, held, is_own=file.origin.server == server)
            if dry_run:
                return ExitCode.OK
            if not any(place.series for place in places if place.foreign.number in held):
                text = _("Nothing was imported: say with --map to which series or devices of here the readings belong.")
                raise CommandRefusedError(text)
            _keep_origins(file.origin, places, held)  # first: no reading is ever here of which nobody knows whence
            count = _take_in(folder, file, places)
    except OSError as error:
        text = _("The file {file} cannot be read: {reason}")
        raise CommandRefusedError(text.format(file=path, reason=error.strerror or error)) from error
    except DatabaseError as error:
        raise ServiceError(_("The configuration cannot be used: {reason}").format(reason=error)) from error
    with Journal(folder.journal) as journal:
        params: dict[str, Param] = {"count": count, "file": path.name, "server": str(file.origin.server)}
        journal.note(Code.READINGS_IMPORTED, params=params, source=SOURCE, actor=LOCAL)
    print(_("{count} readings were new and are recorded now.").format(count=count))
    return ExitCode.OK


def _looked_through(file: ExchangeReader) -> dict[int, Held]:
    """What the export holds, by series, once every byte was looked at."""
    held: dict[int, Held] = {}
    try:
        with Progress(_("check")) as progress:
            for chunk, share in file.chunks():
                found = contents_of(chunk)
                known = held.get(chunk.series, Held(0, found.first, found.last))
                held[chunk.series] = known | found
                progress.is_at(share)
    except (ArchiveError, ValueError) as error:
        raise _refused(error) from error
    latest = datetime.now(UTC) + FUTURE_LIMIT
    if any(each.last > latest for each in held.values()):
        text = _("it has readings of {time}, which is the future by the clock of this computer")
        raise _refused(text.format(time=max(each.last for each in held.values()).isoformat()))
    return held


def _refused(reason: object) -> CommandRefusedError:
    return CommandRefusedError(_("The file is not imported, nothing of it was taken: {reason}").format(reason=reason))


def _tell(origin: Origin, places: Sequence[Placed], held: dict[int, Held], *, is_own: bool) -> None:
    whose = _("this server") if is_own else _("another server")
    text = _("Export of {whose} ({server}), archive {epoch}, of {time}")
    print(text.format(whose=whose, server=origin.server, epoch=origin.epoch, time=f"{origin.exported:%Y-%m-%d %H:%M}Z"))
    for place in places:
        foreign = place.foreign
        what = held.get(foreign.number)
        if what is None:
            continue
        goes = f"s{place.series.pk} {place.series.circuit.name}" if place.series else f"– {place.reason}"
        print(
            f"s{foreign.number} {foreign.device}, {foreign.channel}, {foreign.point} {foreign.aggregate}:"
            f" {what.count}, {what.first:%Y-%m-%d}..{what.last:%Y-%m-%d} → {goes}",
            flush=True,
        )


def _take_in(folder: DataFolder, file: ExchangeReader, places: Sequence[Placed]) -> int:
    series = {place.foreign.number: place.series.pk for place in places if place.series is not None}
    count = 0
    try:
        with _taking(folder) as take, Progress(_("import")) as progress:
            for chunk, share in file.chunks():
                if chunk.series in series:
                    count += take(replace(chunk, series=series[chunk.series]))
                progress.is_at(share)
    except (ArchiveError, ValueError, EngineError) as error:
        text = _("The import was interrupted: {reason}. Call it again: it goes on where it ended.")
        raise ServiceError(text.format(reason=error)) from error
    return count


@contextmanager
def _taking(folder: DataFolder) -> Iterator[Take]:
    """Through the engine of a server that runs, otherwise straight into the archive, which nobody else opens then."""
    with ExitStack() as stack:
        try:
            stack.enter_context(locked(folder))
        except FolderInUseError:
            yield _through_engine(EngineClient(folder.engine_socket))
            return
        archive = stack.enter_context(EmbeddedArchive.open(folder.archive))
        _tell_set_aside(folder, archive)
        yield lambda chunk: archive.import_chunks([chunk], keep_words=True).result()


def _through_engine(engine: EngineClient) -> Take:
    def take(chunk: Chunk) -> int:
        given = GivenChunks((GivenChunk(chunk.series, base64.b64encode(chunk.blob).decode()),), LOCAL)
        until = time.monotonic() + ENGINE_BACK_S
        while True:
            try:
                return engine.import_chunks(given).count
            except EngineUnreachableError:
                if time.monotonic() >= until:
                    raise
                time.sleep(LOOK_EVERY_S)

    return take


def _tell_set_aside(folder: DataFolder, archive: EmbeddedArchive) -> None:
    if archive.set_aside:
        with Journal(folder.journal) as journal:
            for file in archive.set_aside:
                journal.note(Code.ARCHIVE_SET_ASIDE, params={"file": file.name}, source=SOURCE)


def _keep_origins(origin: Origin, places: Sequence[Placed], held: dict[int, Held]) -> None:
    for place in places:
        what = held.get(place.foreign.number)
        if place.series is None or what is None or place.series.uuid == place.foreign.uuid:
            continue
        note_origin(place.series, place.foreign, origin, first=what.first, last=what.last)
