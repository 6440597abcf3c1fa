"""Live values and readings in the API."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from itertools import chain
from typing import Annotated

from asgiref.sync import sync_to_async
from django.db import connection
from django.http import HttpRequest, StreamingHttpResponse
from ninja import Query, Router

from wattledger.apps.accounts.gate import credential_of, requires, user_of
from wattledger.apps.accounts.idempotency import repeatable
from wattledger.apps.accounts.rights import Right
from wattledger.apps.building.queries import site_zone
from wattledger.apps.devices.models import Series
from wattledger.apps.devices.queries import find_device, find_series, point_of
from wattledger.apps.measurements.actions import import_readings
from wattledger.apps.measurements.csv import csv_of
from wattledger.apps.measurements.queries import (
    Range,
    Row,
    chosen_range,
    first_rows,
    read_rows,
    series_named,
    steps_s,
)
from wattledger.apps.measurements.schemas import (
    GivenRows,
    How,
    Imported,
    LiveRow,
    ReadingsAnswer,
    SeveralReadings,
    StorageAnswer,
    live_row,
)
from wattledger.apps.measurements.steps import STEPS_S, Steps, stepped_rows
from wattledger.apps.measurements.storage import planned_devices, planned_intervals, storage
from wattledger.apps.measurements.stream import live_events, may_still, promised_place
from wattledger.apps.rest.ids import Kind, number_in_field, number_in_path, public_id
from wattledger.apps.rest.problems import bad_field
from wattledger.apps.rest.server import engine
from wattledger.apps.rest.values import Answer, Time
from wattledger.archive import MOST_HISTORY_DAYS
from wattledger.measure import Aggregate

router = Router(tags=["measurements"])

MOST_SERIES = 50
MOST_ROWS = 100_000
TEXT = {"schema": {"type": "string"}}
EVENT_STREAM = {"responses": {200: {"content": {"text/event-stream": TEXT}}}}
ALSO_CSV = {"responses": {200: {"content": {"text/csv": TEXT}}}}
Ids = Annotated[list[str], Query(max_length=MOST_SERIES)]


class ReadingsQuery(Answer):
    """Which readings: by `series`, or by `device`, `point` and, where it has several circuits, `channel`.

    Without `end` until now, without `start` the 24 hours before the end. `limit` is per series and for JSON only.
    `step` in seconds draws the readings together, from each local midnight on; without it they come as recorded. `how`
    names the value of a step, and without one which of the recorded series of a point; for `series` it is their own.
    """

    series: Ids = []  # noqa: RUF012 - pydantic copies it
    device: str | None = None
    channel: Annotated[int, Query(ge=1, le=1000)] | None = None
    point: Annotated[str, Query(max_length=100)] | None = None
    start: Time | None = None
    end: Time | None = None
    step: Annotated[int, Query(ge=1, le=31_622_400)] | None = None
    how: How | None = None
    limit: Annotated[int, Query(ge=1, le=MOST_ROWS)] = 10_000


@router.get("/devices/{device_id}/live", response=list[LiveRow])
@requires(Right.OPERATE)
def live_values(request: HttpRequest, device_id: str) -> list[LiveRow]:
    """The newest value of every point of a device."""
    device = find_device(number_in_path(Kind.DEVICE, device_id))
    return [live_row(value) for value in engine().live(device.pk)]


@router.get("/live/stream", response={200: None}, openapi_extra=EVENT_STREAM)
@requires(Right.OPERATE)
def live_stream(request: HttpRequest, device: Ids = []) -> StreamingHttpResponse:  # noqa: B006 - ninja reads, nobody writes
    """Live values as server-sent events: all present ones at first, then those that change; of all devices or of some.

    Events without a name carry a list as the live values of a device. `engine` tells whether values come at all. `end`
    tells that nothing follows: the token is no longer valid. Where too many streams are open the answer is 429.
    """
    devices = frozenset(number_in_field(Kind.DEVICE, text, field="device") for text in device)
    credential = credential_of(request)
    connection.close()  # the stream may last for days
    events = live_events(devices, may=lambda: may_still(credential, Right.OPERATE), place=promised_place())
    response = StreamingHttpResponse(events, content_type="text/event-stream")
    response["X-Accel-Buffering"] = "no"
    return response


@router.get("/readings", response=ReadingsAnswer | SeveralReadings, openapi_extra=ALSO_CSV)
@requires(Right.OPERATE)
def readings(
    request: HttpRequest, query: Query[ReadingsQuery]
) -> ReadingsAnswer | SeveralReadings | StreamingHttpResponse:
    """Recorded values: of one series, or of several (then as a list); as CSV where `Accept: text/csv` asks for it.

    CSV has one line per slot, and value and quality of each series side by side.
    """
    wanted = chosen_range(query.start, query.end)
    asked = [_asked(series, query, recorded_s) for series, recorded_s in _recorded(query)]
    if request.get_preferred_type(["application/json", "text/csv"]) == "text/csv":
        return _as_csv(asked, wanted)
    answers = [_readings(each, wanted, most=query.limit) for each in asked]
    return answers[0] if len(answers) == 1 else SeveralReadings(series=answers)


@router.get("/storage", response=StorageAnswer)
@requires(Right.OPERATE)
def show_storage(request: HttpRequest, interval: Ids = [], add: Ids = []) -> StorageAnswer:  # noqa: B006 - ninja reads, nobody writes
    """What the readings take on the card and how many days fit, now or with what is only planned.

    `interval=energy:15` plans an interval, `add=hager-ecr:ECR380D:30` thirty further devices that record what their
    profile proposes.
    """
    usage, coming, series = storage(planned_intervals(interval), planned_devices(add))
    return StorageAnswer(
        bytes=usage.taken_bytes,
        most_bytes=usage.most_bytes,
        oldest=usage.oldest,
        series=series,
        readings_per_day=round(coming.readings_a_day),
        bytes_per_day=round(coming.bytes_a_day),
        written_per_day=round(coming.written_a_day),
        history_days=None if coming.history_days is None else round(coming.history_days),
        history_is_longer=coming.history_days == MOST_HISTORY_DAYS,
    )


@router.post("/readings", response=Imported)
@requires(Right.CONFIGURE)
@repeatable()
def give_readings(request: HttpRequest, given: GivenRows) -> Imported:
    """Add past readings; slots that have a reading keep it, so the same may be sent again. Marked `late`."""
    series = _one_series(
        series=given.series, device=given.device, channel=given.channel, point=given.point, how=given.how
    )
    stored = import_readings(series, given.rows, by=user_of(request))
    return Imported(given=len(given.rows), stored=stored)


@dataclass(frozen=True, slots=True)
class Asked:
    """One series, how often it is recorded, and the steps to which it is drawn together (None: as recorded)."""

    series: Series
    recorded_s: int
    steps: Steps | None

    @property
    def how(self) -> Aggregate:
        return Aggregate(self.series.aggregate) if self.steps is None else self.steps.how

    def rows(self, wanted: Range) -> Iterator[Row]:
        if self.steps is None:
            return read_rows(self.series.pk, wanted)
        return stepped_rows(self.series.pk, wanted, self.steps)


def _recorded(query: ReadingsQuery) -> list[tuple[Series, int]]:
    """The series that are asked for, each with its present interval in seconds."""
    chosen = _series(query)
    return list(zip(chosen, steps_s(chosen), strict=True))


def _asked(series: Series, query: ReadingsQuery, recorded_s: int) -> Asked:
    if query.step is None or query.step == recorded_s:
        return Asked(series, recorded_s, None)
    if query.step not in STEPS_S:
        raise bad_field("step", "not_one_of", choice=", ".join(map(str, STEPS_S)))
    how = Aggregate(query.how.value) if query.how else Aggregate(series.aggregate)
    return Asked(series, recorded_s, Steps(query.step, how, site_zone()))


def _series(query: ReadingsQuery) -> list[Series]:
    if query.how is How.CONSUMPTION:
        raise bad_field("how", "not_available_yet")
    if query.series:
        if query.device is not None or query.point is not None or query.channel is not None:
            raise bad_field("series", "contradiction", other="device")
        return series_named(
            [number_in_field(Kind.SERIES, text, field=f"series.{place}") for place, text in enumerate(query.series)]
        )
    return [
        _one_series(
            series=None,
            device=query.device,
            channel=query.channel,
            point=query.point,
            how=Aggregate((query.how or How.LAST).value),
            otherwise=None if query.step is None else Aggregate.LAST,
        )
    ]


def _one_series(
    *,
    series: str | None,
    device: str | None,
    channel: int | None,
    point: str | None,
    how: Aggregate,
    otherwise: Aggregate | None = None,
) -> Series:
    if series is not None:
        if device is not None or point is not None or channel is not None:
            raise bad_field("series", "contradiction", other="device")
        return series_named([number_in_field(Kind.SERIES, series, field="series")])[0]
    if device is None:
        raise bad_field("device", "required")
    if point is None:
        raise bad_field("point", "required")
    number = number_in_field(Kind.DEVICE, device, field="device")
    return find_series(number, channel=channel, point=point, aggregate=how, otherwise=otherwise)


def _readings(asked: Asked, wanted: Range, *, most: int) -> ReadingsAnswer:
    piece = first_rows(asked.rows(wanted), most=most)
    point = point_of(asked.series)
    return ReadingsAnswer(
        series=public_id(Kind.SERIES, asked.series.pk),
        point=str(point),
        how=asked.how,
        unit=point.measures.unit,
        step_s=asked.recorded_s if asked.steps is None else asked.steps.step_s,
        rows=[(slot, value, quality.name.lower()) for slot, value, quality in piece.rows],
        next=piece.next,
    )


def _as_csv(asked: list[Asked], wanted: Range) -> StreamingHttpResponse:
    columns = [(_title(each), each.rows(wanted)) for each in asked]
    connection.close()  # before the stream starts: it may be slow
    lines = csv_of(columns)
    first = next(lines)  # what cannot be read is a problem now, later it could only be a broken file
    response = StreamingHttpResponse(
        _in_a_thread(chain([first], lines)), content_type="text/csv; charset=utf-8; header=present"
    )
    response["Content-Disposition"] = 'attachment; filename="readings.csv"'
    return response


async def _in_a_thread(chunks: Iterator[bytes]) -> AsyncIterator[bytes]:
    """The chunks, each made in a thread, so that the reading does not hold up other requests."""

    def following() -> bytes:
        return next(chunks, b"")

    take = sync_to_async(following, thread_sensitive=False)
    while chunk := await take():
        yield chunk


def _title(asked: Asked) -> str:
    point = point_of(asked.series)
    how = "" if asked.how is Aggregate.LAST else f" {asked.how}"
    return f"{asked.series.circuit.name} {point}{how} [{point.measures.unit}]"
