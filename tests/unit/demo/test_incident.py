"""Incidents that are switched by hand: from the next minute on, until they are switched off."""

from __future__ import annotations

import pytest

from wattledger.demo.hotel.calendar import FOR_GOOD, Incident, Kind
from wattledger.demo.incident import switched

MINUTE = 30_000_000


def test_what_is_switched_on_lasts_until_it_is_switched_off() -> None:
    on = switched((), "spa", ["silent", "on"], minute=MINUTE)
    off = switched(on, "spa", ["silent", "off"], minute=MINUTE + 9)

    assert on == (Incident("spa", Kind.SILENCE, MINUTE, FOR_GOOD),)
    assert off == (Incident("spa", Kind.SILENCE, MINUTE, MINUTE + 9),)


def test_switching_on_twice_is_once_and_off_before_it_begins_is_never() -> None:
    on = switched((), "spa", ["freeze", "on"], minute=MINUTE)

    assert switched(on, "spa", ["freeze", "on"], minute=MINUTE + 5) == on
    [never] = switched(on, "spa", ["freeze", "off"], minute=MINUTE)
    assert never.start_min == never.end_min


def test_a_name_may_stand_for_several_meters() -> None:
    rooms = switched((), "rooms", ["silent", "on"], minute=MINUTE)
    gateway = switched((), "gateway", ["silent", "on"], minute=MINUTE)

    assert [one.device for one in rooms] == ["rooms-1", "rooms-2", "rooms-3"]
    assert [one.device for one in gateway] == ["pool", "garden"]


def test_each_command_makes_its_kind() -> None:
    [turned] = switched((), "chiller", ["reverse", "on", "L2"], minute=MINUTE)
    [more] = switched((), "unmetered", ["overload", "on", "45000"], minute=MINUTE)
    [dip] = switched((), "grid", ["dip", "L3"], minute=MINUTE)
    [new] = switched((), "laundry", ["exchange"], minute=MINUTE)
    [reset] = switched((), "laundry", ["reset"], minute=MINUTE)
    [open_] = switched((), "kitchen-cold", ["trip", "on"], minute=MINUTE)

    assert (turned.kind, turned.phase) == (Kind.REVERSED_CT, 1)
    assert (more.kind, more.extent) == (Kind.OVERLOAD, 45_000)
    assert (dip.kind, dip.phase, dip.end_min - dip.start_min) == (Kind.DIP, 2, 2)
    assert (new.kind, new.end_min) == (Kind.EXCHANGE, MINUTE + 1)
    assert (reset.kind, reset.end_min) == (Kind.RESET, MINUTE)
    assert (open_.kind, open_.end_min) == (Kind.TRIP, FOR_GOOD)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("spa", []),
        ("spa", ["dance"]),
        ("spa", ["silent"]),
        ("spa", ["silent", "maybe"]),
        ("nobody", ["silent", "on"]),
        ("spa", ["dip"]),
        ("kitchen", ["overload", "on", "10"]),
        ("unmetered", ["overload", "on", "much"]),
        ("chiller", ["reverse", "on", "L4"]),
    ],
)
def test_what_cannot_happen_is_refused(name: str, words: list[str]) -> None:
    with pytest.raises(ValueError, match=r"."):
        switched((), name, words, minute=MINUTE)
