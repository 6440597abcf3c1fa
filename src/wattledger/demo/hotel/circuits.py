"""The tree of the hotel's circuits: which hangs on which board, on which phases, and what its load is like."""

from __future__ import annotations

from dataclasses import dataclass

from wattledger.demo.hotel import loads
from wattledger.demo.hotel.loads import Law


@dataclass(frozen=True, slots=True)
class Shape:
    """How a load takes its current: what makes U, I, Q, S, the power factor and the harmonics of its power."""

    tangent: float  # Q / P of the fundamental
    idle_var: float = 0.0  # magnetising power that stays
    distortion: float = 0.04  # THD of the current
    split: tuple[float, float, float] = (1 / 3, 1 / 3, 1 / 3)  # shares of the phases


@dataclass(frozen=True, slots=True)
class Circuit:
    """One circuit. A `law` of its own, or the sum of its `parts` with the loss of the cable that feeds them.

    `loss` is the share that is lost at the rated power; copper losses rise with the square of the load. What a circuit
    `generates` counts negative: power drawn from the feeder is positive.
    """

    key: str
    shape: Shape
    law: Law | None = None
    parts: tuple[str, ...] = ()
    generates: bool = False
    rated_w: float = 20_000.0
    loss: float = 0.0


ROOMS = Shape(0.18, 60, 0.11, (0.30, 0.36, 0.34))
MOTORS = Shape(0.62, 180, 0.05)
DRIVES = Shape(0.22, 120, 0.24)
HEATERS = Shape(0.03, 20, 0.015, (0.35, 0.33, 0.32))
ELECTRONICS = Shape(-0.12, 0, 0.30, (0.0, 1.0, 0.0))
LAMPS = Shape(-0.20, 0, 0.18, (1.0, 0.0, 0.0))
SUM = Shape(0.0)  # what is summed brings its own

_ALL = (
    *(
        Circuit(f"rooms-{floor}", Shape(0.18, 60, 0.11, split), loads.rooms)
        for floor, split in ((1, (1, 0, 0)), (2, (0, 1, 0)), (3, (0, 0, 1)))
    ),
    Circuit("kitchen-hot", HEATERS, loads.kitchen_hot, rated_w=40_000),
    Circuit("kitchen-cold", MOTORS, loads.kitchen_cold, rated_w=6_000),
    Circuit("kitchen-sockets", ROOMS, loads.sockets),
    Circuit("kitchen", SUM, parts=("kitchen-hot", "kitchen-cold", "kitchen-sockets"), rated_w=45_000, loss=0.012),
    Circuit("laundry", MOTORS, loads.laundry),
    Circuit("hot-water", MOTORS, loads.hot_water, rated_w=8_000),
    Circuit("air-handling", DRIVES, loads.air_handling, rated_w=8_000),
    Circuit("chiller", MOTORS, loads.chiller, rated_w=15_000),
    Circuit("boiler-room", DRIVES, loads.boiler_room, rated_w=2_000),
    Circuit(
        "technical",
        SUM,
        parts=("laundry", "hot-water", "air-handling", "chiller", "boiler-room"),
        rated_w=50_000,
        loss=0.015,
    ),
    Circuit("lighting", LAMPS, loads.lighting, rated_w=4_000),
    Circuit("car-chargers", Shape(0.02, 30, 0.05), loads.car_chargers, rated_w=30_000),
    Circuit("spa", HEATERS, loads.spa, rated_w=12_000),
    Circuit("pool", MOTORS, loads.pool, rated_w=5_000),
    Circuit("garden", Shape(0.25, 30, 0.06, (0.0, 0.0, 1.0)), loads.garden, rated_w=3_000),
    Circuit("conference", ROOMS, loads.conference, rated_w=12_000),
    Circuit("lift", DRIVES, loads.lift, rated_w=6_000),
    Circuit("computers", ELECTRONICS, loads.computers, rated_w=3_000),
    Circuit("offices", Shape(-0.05, 0, 0.16, (0.2, 0.3, 0.5)), loads.offices, rated_w=6_000),
    Circuit("unmetered", ROOMS, loads.unmetered),
    Circuit("solar", Shape(0.02, 0, 0.03), loads.solar, generates=True, rated_w=30_000),
    Circuit(
        "incomer",
        SUM,
        parts=(
            "rooms-1",
            "rooms-2",
            "rooms-3",
            "kitchen",
            "technical",
            "lighting",
            "car-chargers",
            "spa",
            "pool",
            "garden",
            "conference",
            "lift",
            "computers",
            "offices",
            "unmetered",
            "solar",
        ),
        rated_w=125_000,
        loss=0.006,
    ),
)

CIRCUITS: dict[str, Circuit] = {circuit.key: circuit for circuit in _ALL}
