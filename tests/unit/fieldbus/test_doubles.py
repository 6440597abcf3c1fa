"""When a unit is trusted to be one device."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from wattledger.fieldbus.modbus.doubles import ABSENT_S, MOST_LISTENING_S, SPREAD_S, TRUSTED_S, Doubles

TIMEOUT_S = 0.25


def listening_s(doubles: Doubles, unit_id: int = 5, *, now: float = 0.0, timeout_s: float = TIMEOUT_S) -> float:
    return doubles.listening_s(unit_id, timeout_s=timeout_s, now=now)


def trusting(unit_id: int = 5) -> Doubles:
    doubles = Doubles()
    doubles.heard(unit_id, now=0.0)
    doubles.trust(unit_id, now=0.0)
    return doubles


def test_a_unit_is_listened_to_for_a_timeout_until_it_is_trusted() -> None:
    assert listening_s(Doubles()) == TIMEOUT_S
    assert listening_s(trusting()) == 0


def test_a_patient_line_is_not_listened_to_for_ever() -> None:
    assert listening_s(Doubles(), timeout_s=30.0) == MOST_LISTENING_S


def test_trust_in_one_unit_is_none_in_another() -> None:
    assert listening_s(trusting(5), 6) == TIMEOUT_S


def test_trust_ends_after_an_hour_for_each_unit_at_another_time() -> None:
    ends = {unit_id: TRUSTED_S + unit_id * SPREAD_S for unit_id in (1, 2, 31)}

    assert all(listening_s(trusting(unit_id), unit_id, now=end - 1) == 0 for unit_id, end in ends.items())
    assert all(listening_s(trusting(unit_id), unit_id, now=end) > 0 for unit_id, end in ends.items())


def test_a_lost_answer_leaves_no_time_to_change_anything_but_a_long_silence_does() -> None:
    doubles = trusting()

    doubles.silent(5, now=ABSENT_S - 1)
    assert listening_s(doubles, now=ABSENT_S) == 0

    doubles.silent(5, now=ABSENT_S)
    assert listening_s(doubles, now=ABSENT_S) > 0


def test_who_answers_now_and_then_is_not_silent() -> None:
    doubles = trusting()

    doubles.heard(5, now=ABSENT_S - 1)
    doubles.silent(5, now=ABSENT_S)

    assert listening_s(doubles, now=ABSENT_S) == 0


@given(st.lists(st.sampled_from(["heard", "again", "doubt", "trust"])))
def test_after_an_extra_answer_only_listening_makes_trust(events: list[str]) -> None:
    doubles = Doubles()
    happens = {
        "heard": lambda: doubles.heard(5, now=0.0),
        "again": lambda: doubles.answered_again(5, now=1.0),
        "doubt": lambda: doubles.doubt(5),
        "trust": lambda: doubles.trust(5, now=0.0),
    }
    for event in events:
        happens[event]()

    decisive = [event for event in events if event != "heard"]
    assert (listening_s(doubles) == 0) == (decisive[-1:] == ["trust"])
    assert doubles.has_answered_again(5, since=1.0) == ("again" in events)
    assert not doubles.has_answered_again(5, since=1.1)
