"""What is measured and when: quantities, units, point names, readings, slots and local days.

Promises that every name, unit, scaled integer and slot is made in one place and the same everywhere. Knows nothing of
devices, files or screens; display units and translations are the web's.
"""

from wattledger.measure.days import day_bounds, day_start, local_day, local_days
from wattledger.measure.errors import IntervalError, MeasureError, PointNameError, UnitError
from wattledger.measure.points import PointName
from wattledger.measure.quantities import (
    QUANTITIES,
    Aggregate,
    Direction,
    Kind,
    Nature,
    OrderKind,
    Phase,
    Quantity,
)
from wattledger.measure.readings import Quality, Reading, from_scaled, to_scaled
from wattledger.measure.slots import (
    INTERVALS_MIN,
    check_interval,
    is_slot,
    next_slot,
    slot_at_or_before,
    slots_between,
    slots_of_day,
    tolerance_s,
)
from wattledger.measure.units import UNITS, Unit, unit_named

__all__ = [
    "INTERVALS_MIN",
    "QUANTITIES",
    "UNITS",
    "Aggregate",
    "Direction",
    "IntervalError",
    "Kind",
    "MeasureError",
    "Nature",
    "OrderKind",
    "Phase",
    "PointName",
    "PointNameError",
    "Quality",
    "Quantity",
    "Reading",
    "Unit",
    "UnitError",
    "check_interval",
    "day_bounds",
    "day_start",
    "from_scaled",
    "is_slot",
    "local_day",
    "local_days",
    "next_slot",
    "slot_at_or_before",
    "slots_between",
    "slots_of_day",
    "to_scaled",
    "tolerance_s",
    "unit_named",
]
