"""Errors of this package.

MeasureError
├── PointNameError   a name that the vocabulary does not hold
├── UnitError        a unit that is unknown or does not fit its quantity
└── IntervalError    a recording interval that is not offered
"""


class MeasureError(ValueError):
    """A quantity, unit, name or interval that this product does not know."""


class PointNameError(MeasureError):
    """A point name that cannot be composed from the vocabulary."""


class UnitError(MeasureError):
    """A unit that is unknown, or measures something else than its quantity."""


class IntervalError(MeasureError):
    """A recording interval that is not one of those offered."""
