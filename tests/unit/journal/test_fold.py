"""What entries amount to."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from wattledger.journal import EVENTS, Act, Code, Entry, Kind, fold
from wattledger.journal.entries import entry_for

BEGINNING = datetime(2026, 3, 1, tzinfo=UTC)
ACTS = st.lists(
    st.tuples(st.sampled_from([Act.REPEATED, Act.ENDED, Act.ACKNOWLEDGED]), st.integers(1, 5), st.integers(0, 100)),
    max_size=12,
)


def bus_down(act: Act, *, number: int, occurrence: str = "a", after_s: int = 0, count: int = 1) -> Entry:
    entry = entry_for(
        Code.BUS_DOWN,
        act,
        time=BEGINNING + timedelta(seconds=after_s),
        occurrence=occurrence,
        key=f"bus:{occurrence}",
        params={"bus": "Cellar", "reason": f"reason {number}"},
        source="engine",
        actor="anna" if act is Act.ACKNOWLEDGED else None,
        count=count,
    )
    return replace(entry, id=number)


def history(occurrence: str, acts: list[tuple[Act, int, int]], *, first: int, step: int) -> list[Entry]:
    entries = [bus_down(Act.RAISED, number=first, occurrence=occurrence)]
    for position, (act, count, after_s) in enumerate(acts, start=1):
        number = first + position * step
        entries.append(bus_down(act, number=number, occurrence=occurrence, after_s=after_s, count=count))
    return entries


@given(ours=ACTS, theirs=ACTS, seed=st.integers())
@settings(max_examples=100)
def test_the_fold_of_one_event_does_not_depend_on_what_others_wrote_in_between(
    ours: list[tuple[Act, int, int]], theirs: list[tuple[Act, int, int]], seed: int
) -> None:
    alone = fold(history("a", ours, first=1, step=2))
    mixed = history("a", ours, first=1, step=2) + history("b", theirs, first=2, step=2)
    random.Random(seed).shuffle(mixed)

    together = fold(mixed)

    assert [event for event in together if event.occurrence == "a"] == alone
    assert {event.occurrence for event in together} == {"a", "b"}


@given(acts=ACTS)
@settings(max_examples=100)
def test_the_count_is_that_of_all_firings_and_the_times_are_the_first_and_the_last(
    acts: list[tuple[Act, int, int]],
) -> None:
    (event,) = fold(history("a", acts, first=1, step=1))

    repeated = [(count, after_s) for act, count, after_s in acts if act is Act.REPEATED]
    assert event.count == 1 + sum(count for count, _ in repeated)
    assert event.first_fired == BEGINNING
    assert event.last_fired == BEGINNING + timedelta(seconds=max((after_s for _, after_s in repeated), default=0))


def test_a_condition_stands_until_it_is_ended_and_again_when_it_fires_again() -> None:
    raised, ended, again = (
        bus_down(Act.RAISED, number=1),
        bus_down(Act.ENDED, number=2, after_s=10),
        bus_down(Act.REPEATED, number=3, after_s=20),
    )

    assert fold([raised])[0].is_standing
    assert not fold([raised, ended])[0].is_standing
    assert fold([raised, ended])[0].ended == BEGINNING + timedelta(seconds=10)
    assert fold([raised, ended, again])[0].is_standing
    assert fold([raised, ended, again])[0].ended is None


def test_the_first_acknowledgement_counts_and_keeps_its_own_time() -> None:
    first = replace(bus_down(Act.ACKNOWLEDGED, number=2, after_s=30), comment="fuse")
    second = replace(bus_down(Act.ACKNOWLEDGED, number=3, after_s=60), actor="ben")

    (event,) = fold([bus_down(Act.RAISED, number=1), first, second])

    assert (event.acknowledged_by, event.comment) == ("anna", "fuse")
    assert event.acknowledged == BEGINNING + timedelta(seconds=30)
    assert event.first_fired == BEGINNING


def test_entries_without_their_beginning_say_nothing() -> None:
    assert fold([bus_down(Act.ENDED, number=1), bus_down(Act.REPEATED, number=2)]) == []


def test_an_alarm_is_open_until_it_is_over_and_acknowledged() -> None:
    raised, ended = bus_down(Act.RAISED, number=1), bus_down(Act.ENDED, number=2)
    acknowledged = bus_down(Act.ACKNOWLEDGED, number=3)

    assert fold([raised])[0].is_open
    assert fold([raised, ended])[0].is_open
    assert fold([raised, acknowledged])[0].is_open
    assert not fold([raised, ended, acknowledged])[0].is_open


def test_every_code_has_a_type_and_only_alarms_are_acknowledged() -> None:
    assert set(EVENTS) == set(Code)
    for kind_of in EVENTS.values():
        assert kind_of.needs_acknowledgement is (kind_of.kind is Kind.ALARM)
