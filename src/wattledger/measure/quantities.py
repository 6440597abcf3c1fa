"""The vocabulary of what can be measured: quantities with their unit, resolution and allowed phases.

Units are those used inside the product: W, var, VA, Wh, varh, VAh, V, A, Hz, m³, °C, seconds; `units` converts from
what devices and people write. Signs: power drawn from the feeder is positive, power delivered to it negative; energies
are counted per direction and never negative.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum


class Phase(StrEnum):
    """Conductor or pair of conductors that a value belongs to (IEC 60445 names, lower case)."""

    L1 = "l1"
    L2 = "l2"
    L3 = "l3"
    N = "n"
    L1_N = "l1-n"
    L2_N = "l2-n"
    L3_N = "l3-n"
    L1_L2 = "l1-l2"
    L2_L3 = "l2-l3"
    L3_L1 = "l3-l1"
    L_N = "l-n"  # mean of the three phase-neutral values
    L_L = "l-l"  # mean of the three phase-phase values
    L = "l"  # mean of the three phases
    TOTAL = "total"


class Direction(StrEnum):
    """Which way energy flows; seen from the circuit: import is drawn from the feeder, export delivered to it."""

    IMPORT = "import"
    EXPORT = "export"
    NET = "net"  # import minus export, counted by the device itself
    SUM = "sum"  # import plus export, counted by the device itself
    Q1 = "q1"  # reactive energy by quadrant, IEC 62053-23 annex C
    Q2 = "q2"
    Q3 = "q3"
    Q4 = "q4"


class Aggregate(StrEnum):
    """What a series keeps of the values around its slot."""

    LAST = "last"  # the slot's own reading
    MEAN = "mean"  # over the live values since the previous slot
    MIN = "min"
    MAX = "max"


class Nature(StrEnum):
    """How a quantity behaves in time, and so how it may be summed up."""

    GAUGE = "gauge"
    COUNTER = "counter"
    STATE = "state"


class Kind(StrEnum):
    """The measurement kinds that share a recording interval."""

    ENERGY = "energy"
    POWER = "power"
    CURRENT = "current"
    VOLTAGE = "voltage"
    FREQUENCY = "frequency"
    POWER_FACTOR = "power_factor"
    DISTORTION = "distortion"
    FLUID = "fluid"
    TEMPERATURE = "temperature"
    ENVIRONMENT = "environment"
    STATE = "state"
    OTHER = "other"


class OrderKind(StrEnum):
    """What the order of a point counts: harmonics (`h5`) or the tariff registers of a meter (`t2`)."""

    HARMONIC = "h"
    TARIFF = "t"


MOST_HARMONIC = 63  # what class-A analysers resolve at most (IEC 61000-4-7 asks for 50)
MOST_TARIFF = 16

CONDUCTORS = frozenset({Phase.L1, Phase.L2, Phase.L3})
LINE_PAIRS = frozenset({Phase.L1_L2, Phase.L2_L3, Phase.L3_L1})
VOLTAGES = LINE_PAIRS | {Phase.L1_N, Phase.L2_N, Phase.L3_N, Phase.L_N, Phase.L_L, Phase.N}
CURRENTS = CONDUCTORS | {Phase.N, Phase.L}
POWERS = CONDUCTORS | {Phase.TOTAL}
NO_PHASE: frozenset[Phase] = frozenset()
NO_DIRECTION: frozenset[Direction] = frozenset()
ENERGY_FLOWS = frozenset({Direction.IMPORT, Direction.EXPORT, Direction.NET, Direction.SUM})
REACTIVE_FLOWS = frozenset(Direction)


@dataclass(frozen=True, slots=True)
class Quantity:
    """One physical quantity.

    `decimals` is the resolution with which it is recorded unless a profile refines it: a stored integer n stands for
    n / 10**decimals of `unit`. `phases` and `directions` are those a point name may carry; empty means none.
    `recorded` are the aggregates kept when somebody ticks the point.
    """

    name: str
    unit: str
    decimals: int
    nature: Nature
    kind: Kind
    phases: frozenset[Phase] = NO_PHASE
    directions: frozenset[Direction] = NO_DIRECTION
    order: OrderKind | None = None
    order_required: bool = False
    recorded: tuple[Aggregate, ...] = (Aggregate.LAST,)


_POWER_KEPT = (Aggregate.LAST, Aggregate.MEAN, Aggregate.MAX)


def _gauge(
    name: str,
    unit: str,
    decimals: int,
    kind: Kind,
    *,
    phases: frozenset[Phase] = NO_PHASE,
    order: OrderKind | None = None,
) -> Quantity:
    return Quantity(
        name, unit, decimals, Nature.GAUGE, kind, phases=phases, order=order, order_required=order is OrderKind.HARMONIC
    )


def _energy(name: str, unit: str, directions: frozenset[Direction]) -> Quantity:
    return Quantity(
        name, unit, 0, Nature.COUNTER, Kind.ENERGY, phases=POWERS, directions=directions, order=OrderKind.TARIFF
    )


def _volume(name: str) -> Quantity:
    return Quantity(name, "m³", 3, Nature.COUNTER, Kind.FLUID)


def _count(name: str, unit: str = "1") -> Quantity:
    return Quantity(name, unit, 0, Nature.COUNTER, Kind.OTHER)


def _state(name: str) -> Quantity:
    return Quantity(name, "1", 0, Nature.STATE, Kind.STATE)


_ELECTRICAL = (
    _gauge("voltage", "V", 1, Kind.VOLTAGE, phases=VOLTAGES),
    _gauge("current", "A", 3, Kind.CURRENT, phases=CURRENTS),
    replace(_gauge("active_power", "W", 0, Kind.POWER, phases=POWERS), recorded=_POWER_KEPT),
    replace(_gauge("reactive_power", "var", 0, Kind.POWER, phases=POWERS), recorded=_POWER_KEPT),
    replace(_gauge("apparent_power", "VA", 0, Kind.POWER, phases=POWERS), recorded=_POWER_KEPT),
    _gauge("frequency", "Hz", 2, Kind.FREQUENCY),
)

_SHAPE = (
    # power factor carries the sign of the active power (IEC 62053-23); the IEEE form is its own quantity
    _gauge("power_factor", "1", 3, Kind.POWER_FACTOR, phases=POWERS),
    _gauge("power_factor_ieee", "1", 3, Kind.POWER_FACTOR, phases=POWERS),
    _gauge("displacement_factor", "1", 3, Kind.POWER_FACTOR, phases=POWERS),  # cos φ of the fundamental
    _gauge("tangent_phi", "1", 3, Kind.POWER_FACTOR, phases=POWERS),
    _gauge("phase_angle", "°", 1, Kind.POWER_FACTOR, phases=CONDUCTORS | LINE_PAIRS),
    _gauge("thd_voltage", "%", 1, Kind.DISTORTION, phases=CONDUCTORS | LINE_PAIRS),
    _gauge("thd_current", "%", 1, Kind.DISTORTION, phases=CONDUCTORS | {Phase.N}),
    _gauge("tdd_current", "%", 1, Kind.DISTORTION, phases=CONDUCTORS),
    _gauge("harmonic_voltage", "%", 1, Kind.DISTORTION, phases=CONDUCTORS | LINE_PAIRS, order=OrderKind.HARMONIC),
    _gauge("harmonic_current", "%", 1, Kind.DISTORTION, phases=CONDUCTORS | {Phase.N}, order=OrderKind.HARMONIC),
    _gauge("voltage_unbalance", "%", 1, Kind.DISTORTION),
    _gauge("current_unbalance", "%", 1, Kind.DISTORTION),
)

# What the device itself computes over its own window: these are its words, not ours, and no aggregate of a series.
_BY_THE_DEVICE = tuple(
    replace(quantity, name=f"{quantity.name}_{suffix}", recorded=(Aggregate.LAST,))
    for quantity in _ELECTRICAL
    for suffix in ("average", "minimum", "maximum", "demand", "demand_maximum")
)

_ENERGIES = (
    _energy("active_energy", "Wh", ENERGY_FLOWS),
    _energy("reactive_energy", "varh", REACTIVE_FLOWS),
    _energy("apparent_energy", "VAh", ENERGY_FLOWS),
    # counters that a person may set back to zero on the meter
    _energy("partial_active_energy", "Wh", ENERGY_FLOWS),
    _energy("partial_reactive_energy", "varh", REACTIVE_FLOWS),
    _energy("partial_apparent_energy", "VAh", ENERGY_FLOWS),
)

_DIRECT_CURRENT = (
    _gauge("dc_voltage", "V", 1, Kind.VOLTAGE),
    _gauge("dc_current", "A", 3, Kind.CURRENT),
    replace(_gauge("dc_power", "W", 0, Kind.POWER), recorded=_POWER_KEPT),
    Quantity("dc_energy", "Wh", 0, Nature.COUNTER, Kind.ENERGY, directions=ENERGY_FLOWS),
)

_OTHER_ENERGIES = (
    _volume("water_volume"),
    _volume("gas_volume"),
    _volume("air_volume"),
    _volume("steam_volume"),
    Quantity("steam_energy", "Wh", 0, Nature.COUNTER, Kind.ENERGY),
    Quantity("heat_energy", "Wh", 0, Nature.COUNTER, Kind.ENERGY),
    Quantity("cooling_energy", "Wh", 0, Nature.COUNTER, Kind.ENERGY),
    Quantity("gas_energy", "Wh", 0, Nature.COUNTER, Kind.ENERGY),
    replace(_gauge("heat_power", "W", 0, Kind.POWER), recorded=_POWER_KEPT),
    _gauge("volume_flow", "m³/h", 3, Kind.FLUID),
)

_SURROUNDINGS = (
    _gauge("temperature", "°C", 1, Kind.TEMPERATURE),
    _gauge("outdoor_temperature", "°C", 1, Kind.TEMPERATURE),
    _gauge("flow_temperature", "°C", 1, Kind.TEMPERATURE),
    _gauge("return_temperature", "°C", 1, Kind.TEMPERATURE),
    _gauge("device_temperature", "°C", 1, Kind.TEMPERATURE),
    _gauge("relative_humidity", "%", 1, Kind.ENVIRONMENT),
    _gauge("pressure", "Pa", 0, Kind.ENVIRONMENT),
    _gauge("irradiance", "W/m²", 0, Kind.ENVIRONMENT),
    _gauge("illuminance", "lx", 0, Kind.ENVIRONMENT),
    _gauge("carbon_dioxide", "ppm", 0, Kind.ENVIRONMENT),
    _gauge("wind_speed", "m/s", 1, Kind.ENVIRONMENT),
)

_OPERATION = (
    _count("pulses"),
    _count("operations"),
    _count("trips"),
    _count("power_ups"),
    _count("counter_overflows"),
    _count("operating_time", "s"),
    _gauge("signal", "1", 3, Kind.OTHER),
    _gauge("contact_wear", "%", 1, Kind.OTHER),
    _state("input_state"),
    _state("switch_position"),
    _state("tripped"),
    _state("alarm_state"),
    _state("device_status"),
    _state("active_tariff"),
    _state("source_in_use"),
    _state("source_state"),  # of one of the sources of a transfer switch: gone, there, good enough
    _state("operating_mode"),  # who decides: by hand, by itself, from afar
)

QUANTITIES: dict[str, Quantity] = {
    quantity.name: quantity
    for quantity in (
        *_ELECTRICAL,
        *_SHAPE,
        *_BY_THE_DEVICE,
        *_ENERGIES,
        *_DIRECT_CURRENT,
        *_OTHER_ENERGIES,
        *_SURROUNDINGS,
        *_OPERATION,
    )
}
