"""How a device is asked, in numbers and in words."""

from __future__ import annotations

from collections.abc import Iterable

from django.utils.translation import ngettext

from wattledger.apps.devices.schemas import PlanAnswer, PlannedPoint, PlannedRequestAnswer, PlannedRequests
from wattledger.apps.rest.ids import Kind, public_id
from wattledger.engine.api import PlannedRequest, ReadPlan


def plan_answer(device_id: int, plan: ReadPlan) -> PlanAnswer:
    """The plan of a device, its texts in the language of the request."""
    return PlanAnswer(
        device=public_id(Kind.DEVICE, device_id),
        every=_requests(plan.every),
        recorded=_requests(plan.recorded),
        not_asked=[PlannedPoint(channel=one.channel, point=one.point) for one in plan.not_asked],
    )


def _requests(requests: Iterable[PlannedRequest]) -> PlannedRequests:
    items = [
        PlannedRequestAnswer(
            function=one.function,
            address=one.address,
            count=one.count,
            points=one.points,
            fillers=one.fillers,
            expected_ms=round(1000 * one.expected_s, 1),
        )
        for one in requests
    ]
    expected_ms, fillers = round(sum(one.expected_ms for one in items)), sum(one.fillers for one in items)
    return PlannedRequests(
        requests=items,
        points=sum(one.points for one in items),
        fillers=fillers,
        expected_ms=expected_ms,
        text=_text(len(items), expected_ms=expected_ms, fillers=fillers),
    )


def _text(requests: int, *, expected_ms: int, fillers: int) -> str:
    """`7 requests, 410 ms, 63 filler registers`."""
    parts = (
        ngettext("{count} request", "{count} requests", requests).format(count=requests),
        f"{expected_ms} ms",
        ngettext("{count} filler register", "{count} filler registers", fillers).format(count=fillers),
    )
    return ", ".join(parts)
