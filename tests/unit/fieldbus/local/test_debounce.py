"""A contact that bounces counts once, whatever the moments at which it is looked at."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from wattledger.fieldbus.local.contact import Contact, seen

DEBOUNCE_S = 0.010
LOOK_S = st.floats(0.001, 0.004)  # the thread may be late, but not by much
MOST_LOOK_S = 0.004
BOUNCES = st.lists(st.floats(0.0002, 0.0008), max_size=6)  # each shorter than the debounce even if seen
STEADY = st.floats(DEBOUNCE_S + 2 * MOST_LOOK_S, 0.2)


def level_at(train: list[tuple[float, bool]], at_s: float) -> bool:
    """The level of a train of (duration, level) at a moment."""
    end_s = 0.0
    for duration_s, level in train:
        end_s += duration_s
        if at_s < end_s:
            return level
    return train[-1][1]


def look_through(train: list[tuple[float, bool]], looks: st.DataObject | None, step_s: float) -> Contact:
    whole_s = sum(duration_s for duration_s, _ in train)
    contact, at_s = None, 0.0
    while at_s < whole_s:
        contact = seen(contact, closed=level_at(train, at_s), at_s=at_s, debounce_s=DEBOUNCE_S)
        at_s += looks.draw(LOOK_S) if looks else step_s
    assert contact is not None
    return contact


@settings(max_examples=50)
@given(
    pulses=st.lists(st.tuples(STEADY, BOUNCES, STEADY, BOUNCES), min_size=1, max_size=5),
    data=st.data(),
)
def test_every_pulse_counts_once_however_it_bounces(
    pulses: list[tuple[float, list[float], float, list[float]]], data: st.DataObject
) -> None:
    train = [(DEBOUNCE_S + 2 * MOST_LOOK_S, False)]
    for closed_s, closing, open_s, opening in pulses:
        train += [(bounce_s, place % 2 == 0) for place, bounce_s in enumerate(closing)] + [(closed_s, True)]
        train += [(bounce_s, place % 2 == 1) for place, bounce_s in enumerate(opening)] + [(open_s, False)]

    contact = look_through(train, data, 0.0)

    assert (contact.closings, contact.closed) == (len(pulses), False)


@given(
    gaps_s=st.lists(st.floats(0.0, 0.1), min_size=1, max_size=20),
    spikes_s=st.lists(st.floats(0.0, DEBOUNCE_S - 0.0001), min_size=20, max_size=20),
    step_s=st.floats(0.0002, 0.02),
)
def test_what_is_shorter_than_the_debounce_never_counts_while_looks_are_frequent(
    gaps_s: list[float], spikes_s: list[float], step_s: float
) -> None:
    train = [
        part
        for gap_s, spike_s in zip(gaps_s, spikes_s, strict=False)
        for part in ((gap_s + step_s, False), (spike_s, True))
    ]
    train.append((0.1, False))

    assert look_through(train, None, step_s).closings == 0


@given(levels=st.lists(st.booleans(), min_size=1))
def test_without_debounce_every_closing_that_is_seen_counts(levels: list[bool]) -> None:
    contact = None
    for place, level in enumerate(levels):
        contact = seen(contact, closed=level, at_s=float(place), debounce_s=0.0)

    assert contact is not None
    assert contact.closings == sum(after and not before for before, after in pairwise(levels))
    assert contact.closed is levels[-1]


def test_an_input_that_is_closed_at_first_has_not_closed() -> None:
    assert seen(None, closed=True, at_s=0.0, debounce_s=DEBOUNCE_S) == Contact(closed=True)
