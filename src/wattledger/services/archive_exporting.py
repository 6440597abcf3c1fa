"""`wattledger archive export`: readings into a file that another server, or this one later, takes in."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from django.db import DatabaseError

from wattledger.apps.building.models import Site
from wattledger.apps.devices.models import Series
from wattledger.apps.devices.queries import point_of
from wattledger.archive import ArchiveError, ArchiveReader, EmbeddedReader, contents_of
from wattledger.archive.exchange_file import Origin, OriginSeries, writing_exchange
from wattledger.plant import DataFolder
from wattledger.services.errors import CommandRefusedError, ExitCode, ServiceError
from wattledger.services.progress import Progress
from wattledger.services.series_mapping import SERIES_ID
from wattledger.web.terminal import gettext as _


@dataclass(frozen=True, slots=True)
class Chosen:
    """Which readings: series by their ids, all series of devices by their names; of none of both, all there are.

    `start` and `end` None: from the first reading, to the last.
    """

    series: Sequence[str] = ()
    devices: Sequence[str] = ()
    start: datetime | None = None
    end: datetime | None = None


def export_archive(folder: DataFolder, path: Path, chosen: Chosen) -> ExitCode:
    """Write the file, beside a running server or without one. Raises ServiceError, and leaves no file then."""
    try:
        rows, server = _rows(chosen), Site.objects.get().server
    except DatabaseError as error:
        raise ServiceError(_("The configuration cannot be read: {reason}").format(reason=error)) from error
    try:
        with EmbeddedReader.open(folder.archive) as reader:
            start, end = _period(reader, [row.pk for row in rows], chosen)
            series = tuple(_described(row) for row in rows)
            origin = Origin(server, reader.changes(0, limit=1).epoch, datetime.now(UTC), start, end, series)
            count = _write(reader, path, origin)
    except ArchiveError as error:
        raise ServiceError(_("The archive cannot be read: {reason}").format(reason=error)) from error
    except FileExistsError as error:
        raise CommandRefusedError(_("The file {file} exists already.").format(file=path)) from error
    except OSError as error:
        text = _("The file {file} cannot be written: {reason}")
        raise ServiceError(text.format(file=path, reason=error.strerror or error)) from error
    text = _("{count} readings of {series} series are in {file}.")
    print(text.format(count=count, series=len(rows), file=path))
    return ExitCode.OK


def _rows(chosen: Chosen) -> list[Series]:
    known = list(Series.objects.select_related("circuit__device").order_by("pk"))
    if not chosen.series and not chosen.devices:
        return known
    ids = {f"s{row.pk}" for row in known}
    names = {row.circuit.device.name for row in known}
    for wanted, present, text in (
        (chosen.series, ids, _("There is no series {name}.")),
        (chosen.devices, names, _("There is no device {name} of which anything is recorded.")),
    ):
        for name in wanted:
            if name not in present or (present is ids and not SERIES_ID.fullmatch(name)):
                raise CommandRefusedError(text.format(name=name))
    return [row for row in known if f"s{row.pk}" in chosen.series or row.circuit.device.name in chosen.devices]


def _period(reader: ArchiveReader, series: list[int], chosen: Chosen) -> tuple[datetime, datetime]:
    oldest = reader.usage().oldest
    newest = max((reading.slot for reading in reader.latest(series).values()), default=None)
    if oldest is None or newest is None:
        raise CommandRefusedError(_("There are no readings that could be exported."))
    start, end = chosen.start or oldest, chosen.end or newest + timedelta(seconds=1)
    if start >= end:
        raise CommandRefusedError(_("There are no readings that could be exported."))
    return start, min(end, newest + timedelta(seconds=1))


def _described(row: Series) -> OriginSeries:
    circuit = row.circuit
    return OriginSeries(row.pk, row.uuid, circuit.device.name, circuit.channel, str(point_of(row)), row.aggregate)


def _write(reader: ArchiveReader, path: Path, origin: Origin) -> int:
    series, count = [each.number for each in origin.series], 0
    with writing_exchange(path, origin) as writer, Progress(_("export")) as progress:
        for start, end in _months(origin.start, origin.end):
            for piece in reader.export_series(series, start, end):
                for chunk in piece:
                    writer.add(chunk)
                    count += contents_of(chunk).count
            progress.is_at((end - origin.start) / (origin.end - origin.start))
    return count


def _months(start: datetime, end: datetime) -> Iterator[tuple[datetime, datetime]]:
    while start < end:
        behind = (start.replace(day=1, hour=0, minute=0, second=0, microsecond=0) + timedelta(days=32)).replace(day=1)
        yield start, min(behind, end)
        start = behind
