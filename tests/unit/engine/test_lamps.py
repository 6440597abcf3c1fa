"""The lamp of the field bus shows what an electrician should look at."""

from __future__ import annotations

import pytest

from wattledger.engine.api import DeviceCondition
from wattledger.engine.lamps import fieldbus_lamp
from wattledger.fieldbus import Lamp

W, A, S, U, R = (
    DeviceCondition.WAITING,
    DeviceCondition.ANSWERING,
    DeviceCondition.SILENT,
    DeviceCondition.UNREACHABLE,
    DeviceCondition.REFUSING,
)


@pytest.mark.parametrize(
    ("conditions", "lamp"),
    [
        ([], Lamp.OFF),
        ([W, W], Lamp.OFF),
        ([A, W], Lamp.GREEN_BLINKING),
        ([A, A, R], Lamp.GREEN_BLINKING),
        ([S, S], Lamp.RED),
        ([S, W], Lamp.RED),
        ([A, S], Lamp.RED_BLINKING),
        ([R, S], Lamp.RED_BLINKING),
        ([U, U], Lamp.RED),
        ([A, U], Lamp.RED),  # the port of another line is gone
    ],
)
def test_the_lamp_shows_the_worst_that_wants_looking_at(conditions: list[DeviceCondition], lamp: Lamp) -> None:
    assert fieldbus_lamp(conditions) is lamp
