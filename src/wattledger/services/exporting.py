"""`wattledger export`: recorded readings as CSV, straight from the archive."""

from __future__ import annotations

import csv
import sys
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TextIO

from wattledger.apps.devices.errors import PlantUnreadableError
from wattledger.apps.devices.plant import load_plant
from wattledger.archive import ArchiveError, ArchiveReader, EmbeddedReader
from wattledger.measure import QUANTITIES, Aggregate, Quality
from wattledger.plant import DataFolder, Plant, Series
from wattledger.services.errors import CommandRefusedError, ExitCode, ServiceError
from wattledger.web.terminal import gettext as _

AT_ONCE = timedelta(days=31)  # read together: a year of minutes must not stand in memory


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which readings: one point of one channel of a device, start <= slot < end, UTC."""

    device: str
    point: str
    channel: int
    how: Aggregate | None  # None: the value at the slot, or whatever else is recorded
    start: datetime
    end: datetime


def export(folder: DataFolder, wanted: Wanted, *, out: TextIO = sys.stdout) -> ExitCode:
    """Write `time,<point> [<unit>],quality` lines. Raises CommandRefusedError for what is not, else ServiceError."""
    try:
        series = _series(load_plant(), wanted)
        with EmbeddedReader.open(folder.archive) as reader:
            _write(reader, series, wanted, out)
    except PlantUnreadableError as error:
        raise ServiceError(_("The configuration cannot be read: {reason}").format(reason=error)) from error
    except ArchiveError as error:
        raise ServiceError(_("The archive cannot be read: {reason}").format(reason=error)) from error
    return ExitCode.OK


def _series(plant: Plant, wanted: Wanted) -> Series:
    devices = [device for device in plant.devices if device.name == wanted.device]
    if not devices:
        names = ", ".join(sorted(device.name for device in plant.devices)) or _("none")
        text = _("There is no device {name}. Those that exist: {names}")
        raise CommandRefusedError(text.format(name=wanted.device, names=names))
    circuits = {
        circuit.id
        for circuit in plant.circuits
        if circuit.device == devices[0].id and circuit.channel == wanted.channel
    }
    of_device = [series for series in plant.series if series.circuit in circuits]
    fitting = [
        series for series in of_device if str(series.point) == wanted.point and wanted.how in (None, series.aggregate)
    ]
    if not fitting:
        points = ", ".join(sorted({str(series.point) for series in of_device})) or _("none")
        text = _("{name} has no recorded point {point} like that. Its points: {points}")
        raise CommandRefusedError(text.format(name=wanted.device, point=wanted.point, points=points))
    return min(fitting, key=lambda series: series.aggregate is not Aggregate.LAST)


def _write(reader: ArchiveReader, series: Series, wanted: Wanted, out: TextIO) -> None:
    lines = csv.writer(out, lineterminator="\n")
    lines.writerow(["time", f"{series.point} [{QUANTITIES[series.quantity].unit}]", "quality"])
    start = wanted.start
    while start < wanted.end:
        end = min(start + AT_ONCE, wanted.end)
        columns = reader.read([series.id], start, end)[series.id]
        for slot, value, quality in zip(columns.slots, columns.values, columns.qualities, strict=True):
            time = datetime.fromtimestamp(int(slot), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
            lines.writerow([time, f"{value:.{max(series.decimals, 0)}f}", Quality(int(quality)).name.lower()])
        start = end
