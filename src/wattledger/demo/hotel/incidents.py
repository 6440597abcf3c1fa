"""What incidents do: to the flows of a circuit and the voltage of the grid, and to what a meter shows of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from wattledger.demo.hotel.calendar import Incident, Kind
from wattledger.demo.hotel.flow import Flow
from wattledger.demo.hotel.noise import Floats, Integers


def as_drawn(watts: Floats, circuit: str, minutes: Integers, changes: Sequence[Incident]) -> Floats:
    """What the circuit draws once what happened to it is reckoned in."""
    for change in changes:
        if change.device == circuit and change.kind is Kind.OVERLOAD:
            watts = watts + change.extent * change.lasts(minutes)
    return watts


def as_switched(flow: Flow, circuit: str, minutes: Integers, changes: Sequence[Incident]) -> Flow:
    """What still flows where a breaker may be open."""
    for change in changes:
        if change.device == circuit and change.kind is Kind.TRIP:
            closed = (~change.lasts(minutes)).astype(np.float64)
            flow = Flow(flow.active_w * closed, flow.reactive_var * closed, flow.distortion_va * closed)
    return flow


def as_dipped(voltage_v: Floats, minutes: Integers, changes: Sequence[Incident]) -> Floats:
    """The voltages of the three phases, with the dips of the grid."""
    for change in changes:
        if change.kind is Kind.DIP:
            share = np.ones_like(voltage_v)
            share[change.phase, change.lasts(minutes)] = change.extent
            voltage_v = voltage_v * share
    return voltage_v


def as_wired(flow: Flow, minutes: Integers, incidents: Sequence[Incident]) -> Flow:
    """What reaches the meter's inputs: the flow, with the phases whose transformer sits the wrong way round."""
    for incident in incidents:
        if incident.kind is Kind.REVERSED_CT:
            turned = np.ones((3, len(minutes)))
            turned[incident.phase, incident.lasts(minutes)] = -1.0
            flow = replace(flow, active_w=flow.active_w * turned, reactive_var=flow.reactive_var * turned)
    return flow


def as_counted(
    counters: Floats, minutes: Integers, incidents: Sequence[Incident], marks: dict[int, Floats], *, shares: Floats
) -> Floats:
    """What the meter's counters show of what was counted: less what was lost at resets and exchanges.

    `marks` are the true counters at the minutes of those incidents; `shares` what each counter of a new meter shows of
    its index.
    """
    shown = counters.copy()
    for incident in incidents:
        if incident.kind in {Kind.RESET, Kind.EXCHANGE}:
            after = minutes >= incident.end_min
            before = _shown_at(incident, incidents, marks, shares)
            shown[:, after] += (incident.index_wh * shares - before)[:, None]
    return shown


def marks_needed(incidents: Sequence[Incident]) -> tuple[int, ...]:
    """The minutes at which `as_counted` wants to know the true counters."""
    return tuple(one.end_min for one in incidents if one.kind in {Kind.RESET, Kind.EXCHANGE})


def as_frozen(minutes: Integers, incidents: Sequence[Incident]) -> Integers:
    """The minute whose values the meter shows at each minute: its own, or that in which it began to stand still."""
    shown = minutes
    for incident in incidents:
        if incident.kind is Kind.FREEZE:
            shown = np.where(incident.lasts(minutes), incident.start_min, shown)
    return shown


def answers(minutes: Integers, incidents: Sequence[Incident]) -> np.ndarray[tuple[int, ...], np.dtype[np.bool_]]:
    """Whether the device answers, at each minute; while it is exchanged there is nobody to answer."""
    there = np.ones(len(minutes), dtype=np.bool_)
    for incident in incidents:
        if incident.kind in {Kind.SILENCE, Kind.EXCHANGE}:
            there &= ~incident.lasts(minutes)
    return there


def _shown_at(incident: Incident, incidents: Sequence[Incident], marks: dict[int, Floats], shares: Floats) -> Floats:
    """The counters as the meter showed them just before: the true ones, less what earlier incidents took."""
    shown = marks[incident.end_min].copy()
    for earlier in incidents:
        if earlier.kind in {Kind.RESET, Kind.EXCHANGE} and earlier.end_min < incident.end_min:
            shown += earlier.index_wh * shares - _shown_at(earlier, incidents, marks, shares)
    return shown
