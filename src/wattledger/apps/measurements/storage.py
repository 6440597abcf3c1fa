"""How far the card reaches: what the readings take, now and with other intervals."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping

from wattledger.apps.devices.models import Series
from wattledger.apps.devices.queries import point_of
from wattledger.apps.devices.recording import intervals
from wattledger.apps.measurements.queries import archive_reader
from wattledger.apps.rest.problems import bad_field
from wattledger.archive import Forecast, Recording, Usage, forecast
from wattledger.measure import INTERVALS_MIN, Kind


def storage(planned: Mapping[Kind, int]) -> tuple[Usage, Forecast, int]:
    """What the archive takes, what comes of recording with the planned minutes (else the present), and the series."""
    recorded = Series.objects.filter(recorded=True, circuit__device__retired=None).select_related("circuit")
    minutes = {**intervals(), **planned}
    together: dict[tuple[int, int, bool], int] = defaultdict(int)  # device, minutes, energies → series
    for series in recorded:
        kind = point_of(series).measures.kind
        together[series.circuit.device_id, minutes[kind], kind is Kind.ENERGY] += 1
    with archive_reader() as reader:
        usage = reader.usage()
    recording = [Recording(series=count, frames=1, interval_s=every * 60) for (_, every, _), count in together.items()]
    return usage, forecast(usage, recording), sum(together.values())


def planned_intervals(texts: list[str]) -> dict[Kind, int]:
    """`energy:15` as a kind and minutes; raises FieldError."""
    planned = {}
    for place, text in enumerate(texts):
        name, _, minutes = text.partition(":")
        if name not in set(Kind):
            raise bad_field(f"interval.{place}", "not_one_of", choice=", ".join(Kind))
        if minutes not in map(str, INTERVALS_MIN):
            raise bad_field(f"interval.{place}", "not_one_of", choice=", ".join(map(str, INTERVALS_MIN)))
        planned[Kind(name)] = int(minutes)
    return planned
