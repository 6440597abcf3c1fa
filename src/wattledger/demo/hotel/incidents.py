"""What went wrong in the hotel's thirteen months: each incident at its day, the same for the history and for the judge.

An incident concerns what a meter shows, never what flows: the truth stays in `flows`. Days count from the opening, the
first day of history.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np

from wattledger.demo.hotel.flows import Flow
from wattledger.demo.hotel.noise import Floats, Integers

DAY_MIN = 1440


class Kind(StrEnum):
    """What can happen to a meter."""

    RESET = "reset"  # its counters begin again at 0
    EXCHANGE = "exchange"  # another one of the same type is put in its place, with an index of its own
    SILENCE = "silence"  # it answers nothing
    FREEZE = "freeze"  # it answers, but values and counters stand still
    REVERSED_CT = "reversed_ct"  # the current of one phase counts the wrong way
    # a roll-over needs no entry: the meter of the lighting was wired with an index near its end


@dataclass(frozen=True, slots=True)
class Incident:
    """One thing that happens to one device; `end_min` is the first minute after it, for an instant the start itself.

    `phase` counts from 0. `index_wh` is what the new meter of an exchange begins with.
    """

    device: str
    kind: Kind
    start_min: int  # since 1970, UTC
    end_min: int
    phase: int = 0
    index_wh: float = 0.0

    def lasts(self, minutes: Integers) -> np.ndarray[tuple[int, ...], np.dtype[np.bool_]]:
        """Whether it is going on, at each minute."""
        return (minutes >= self.start_min) & (minutes < self.end_min)


def calendar(opening_day: int) -> tuple[Incident, ...]:
    """All incidents of the history that begins on this day (days since 1970)."""

    def at(day: int, hour: float) -> int:
        return (opening_day + day) * DAY_MIN + round(hour * 60)

    return (
        Incident("laundry", Kind.RESET, at(96, 10.7), at(96, 10.7)),
        Incident("hot-water", Kind.EXCHANGE, at(171, 8.9), at(171, 9.6), index_wh=12_000),
        Incident("air-handling", Kind.SILENCE, at(212, 16.2), at(219, 9.1)),
        Incident("offices", Kind.FREEZE, at(248, 5.4), at(249, 11.3)),
        Incident("chiller", Kind.REVERSED_CT, at(283, 13.0), at(297, 9.5), phase=1),
        Incident("pool", Kind.SILENCE, at(301, 2.2), at(301, 6.8)),  # both units behind the gateway
        Incident("garden", Kind.SILENCE, at(301, 2.2), at(301, 6.8)),
    )


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
