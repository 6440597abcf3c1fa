"""`wattledger demo incident`: let something go wrong in a running demo, and end it again.

What is switched stands in the demo's folder, from where the simulators take it: from the next full minute on, and again
after a restart. So the judge of later figures knows of it as of the incidents of the calendar.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from wattledger.demo.folder import MINUTE_S, DemoFolder
from wattledger.demo.hotel.calendar import FOR_GOOD, GRID, Incident, Kind
from wattledger.demo.hotel.circuits import CIRCUITS
from wattledger.demo.plan import DEVICES
from wattledger.web.terminal import gettext as _

DIP_MIN, DIP_SHARE = 2, 0.7
NEW_INDEX_WH = 1_000.0
PHASES = {"L1": 0, "L2": 1, "L3": 2}
GATEWAY = "gateway"  # both units behind it


@dataclass(frozen=True, slots=True)
class Command:
    """A command and what it makes of the meters or circuits it concerns; `kind` is what it switches on and off."""

    kind: Kind
    is_switched: bool  # it lasts until it is switched off
    takes: str = ""  # what may follow


COMMANDS = {
    "silent": Command(Kind.SILENCE, is_switched=True),
    "freeze": Command(Kind.FREEZE, is_switched=True),
    "reverse": Command(Kind.REVERSED_CT, is_switched=True, takes="L1|L2|L3"),
    "trip": Command(Kind.TRIP, is_switched=True),
    "overload": Command(Kind.OVERLOAD, is_switched=True, takes="WATTS"),
    "reset": Command(Kind.RESET, is_switched=False),
    "exchange": Command(Kind.EXCHANGE, is_switched=False),
    "dip": Command(Kind.DIP, is_switched=False, takes="L1|L2|L3"),
}


def main(argv: Sequence[str] | None = None) -> int:
    """Do what the command line says; 0 when it was done, 2 for what cannot be done."""
    parser = argparse.ArgumentParser(
        prog="wattledger demo incident",
        description=_("Let something go wrong in a running demo from the next full minute on; or list what does."),
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog=_usage(),
    )
    parser.add_argument("--data", type=Path, default=Path("demo-data"), help=_("the data folder of the demo"))
    parser.add_argument("device", nargs="?", help=_("a name from the list"))
    parser.add_argument("words", nargs="*", metavar="COMMAND", help=_("what happens to it"))
    given = parser.parse_args(argv)
    folder = DemoFolder(given.data)
    try:
        folder.opening()
        if given.device is None:
            print("\n".join(_listed(folder.by_hand(), now_min=int(time.time()) // MINUTE_S)))
            return 0
        minute = int(time.time()) // MINUTE_S + 1
        folder.keep_by_hand(switched(folder.by_hand(), given.device, given.words, minute=minute))
    except FileNotFoundError:
        print(_("No demo has run on the folder {folder} yet.").format(folder=given.data), file=sys.stderr)
        return 2
    except ValueError as error:
        print(f"wattledger demo incident: {error}", file=sys.stderr)
        return 2
    print(_("From the next full minute on."))
    return 0


def switched(before: tuple[Incident, ...], name: str, words: Sequence[str], *, minute: int) -> tuple[Incident, ...]:
    """The incidents by hand after a command that counts from this minute on; raises ValueError for a wrong one."""
    if not words or words[0] not in COMMANDS:
        raise ValueError(_("the commands are: {commands}").format(commands=", ".join(COMMANDS)))
    command, rest = COMMANDS[words[0]], list(words[1:])
    targets = targets_of(name, command.kind)
    if command.is_switched:
        state = rest.pop(0) if rest else ""
        if state == "off":
            return tuple(_ended(one, targets, command.kind, minute) for one in before)
        if state != "on":
            raise ValueError(_("say on or off after {command}").format(command=words[0]))
    going_on = {one.device for one in before if one.kind is command.kind and one.end_min > minute}
    new = [_made(target, command, rest, minute) for target in targets if target not in going_on]
    if any(one.start_min >= minute and one.device in targets for one in before if one.kind is command.kind):
        raise ValueError(_("that is about to happen already"))
    return (*before, *new)


def targets_of(name: str, kind: Kind) -> tuple[str, ...]:
    """The meters or circuits that are meant; raises ValueError for a name that nothing of this kind can happen to."""
    if kind is Kind.DIP:
        names: dict[str, tuple[str, ...]] = {GRID: (GRID,)}
    elif kind is Kind.OVERLOAD:
        names = {key: (key,) for key, circuit in CIRCUITS.items() if circuit.law is not None}
    elif kind is Kind.TRIP:
        names = {key: (key,) for key in CIRCUITS}
    else:
        wired = [device for device in DEVICES if any(one.circuit in CIRCUITS for one in device.channels)]
        names = {device.key: tuple(channel.meter for channel in device.channels) for device in wired}
        names[GATEWAY] = tuple(device.key for device in wired if device.bus == GATEWAY)
    if name not in names:
        raise ValueError(_("{name} is none of: {names}").format(name=name, names=", ".join(names)))
    return names[name]


def _ended(one: Incident, targets: Iterable[str], kind: Kind, minute: int) -> Incident:
    if one.kind is kind and one.device in targets and one.end_min > minute:
        return replace(one, end_min=max(minute, one.start_min))
    return one


def _made(target: str, command: Command, rest: list[str], minute: int) -> Incident:
    ends = FOR_GOOD if command.is_switched else minute
    made = Incident(target, command.kind, minute, ends)
    match command.kind:
        case Kind.REVERSED_CT:
            return replace(made, phase=_phase(rest))
        case Kind.OVERLOAD:
            return replace(made, extent=_watts(rest))
        case Kind.DIP:
            return replace(made, phase=_phase(rest), end_min=minute + DIP_MIN, extent=DIP_SHARE)
        case Kind.EXCHANGE:
            return replace(made, end_min=minute + 1, index_wh=NEW_INDEX_WH)
    return made


def _phase(rest: Sequence[str]) -> int:
    word = rest[0].upper() if rest else "L1"
    if word not in PHASES:
        raise ValueError(_("{name} is none of: {names}").format(name=word, names=", ".join(PHASES)))
    return PHASES[word]


def _watts(rest: Sequence[str]) -> float:
    try:
        return float(rest[0])
    except (IndexError, ValueError):
        raise ValueError(_("say how many watts more are drawn")) from None


def _listed(incidents: Iterable[Incident], *, now_min: int) -> list[str]:
    """What goes on now, and whom anything can happen to."""
    going_on = [f"  {one.device}: {one.kind.value}" for one in incidents if one.end_min > now_min]
    names = ", ".join(device.key for device in DEVICES if any(one.circuit in CIRCUITS for one in device.channels))
    return [_("Going on now:"), *(going_on or ["  –"]), _("Devices: {names}").format(names=names), _usage()]


def _usage() -> str:
    lines = [
        f"  wattledger demo incident NAME {word}"
        + (" on|off" if command.is_switched else "")
        + (f" {command.takes}" if command.takes else "")
        for word, command in COMMANDS.items()
    ]
    return "\n".join([_("Commands:"), *lines])
