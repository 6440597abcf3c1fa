"""What the server's own inputs see of the hotel: the outdoor temperature and the door of the cold room."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from wattledger.demo.hotel.flows import Flows
from wattledger.demo.hotel.loads import Moment, between
from wattledger.demo.hotel.noise import Floats, Noise
from wattledger.demo.hotel.view import Shown
from wattledger.measure import PointName

OPEN_EVERY_MIN = 9


class SurroundingsView:
    """The two as a device that is always there."""

    def __init__(self, seed: int) -> None:
        self._seed = seed

    def show(self, flows: Flows, names: Iterable[PointName]) -> Shown:
        """What it shows at the minutes of `flows`."""
        moment = flows.moment
        known = {"outdoor_temperature": moment.sky.outdoor_c, "input_state": door_open(moment, self._seed)}
        values = {name: known[name.quantity] for name in names if name.quantity in known}
        return Shown(flows.minutes, np.ones(len(flows.minutes), dtype=np.bool_), values)


def door_open(moment: Moment, seed: int) -> Floats:
    """1 while the door of the cold room stands open: now and then while the kitchen works."""
    duty = 0.18 * between(moment.hour, 6.5, 22.5)
    return Noise(seed).named("cold room door").switching(moment.minutes, duty, period_min=OPEN_EVERY_MIN)
