"""The inputs of this computer: what is wired to them, what they show, and how often their contacts have closed."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass

from wattledger.fieldbus.errors import Missing, MissingError
from wattledger.fieldbus.local.board import Board, CurrentInput, DigitalInput, ResistanceInput, Terminal
from wattledger.fieldbus.local.counts import Count, CountFiles
from wattledger.fieldbus.local.files import read_channel, read_number
from wattledger.fieldbus.local.measured import ContactShown, CurrentShown, Shown, ThermometerShown
from wattledger.fieldbus.local.watching import WatchedContact

NAMES = {
    Terminal.DIGITAL_1: "digital input 1",
    Terminal.DIGITAL_2: "digital input 2",
    Terminal.ANALOG_1: "analog input 1",
    Terminal.ANALOG_2: "analog input 2",
    Terminal.PT100: "PT100 input",
}


@dataclass(frozen=True, slots=True)
class Wired:
    """What is wired to a terminal, and how it is to be taken.

    `is_inverted`: the contact counts as closed while the input is not fed. `lead_ohm` is that of both wires together.
    """

    device: int
    reference: str  # of the product
    counts_pulses: bool = False
    debounce_s: float = 0.0
    is_inverted: bool = False
    lead_ohm: float = 0.0


class LocalInputs:
    """All inputs; every method may block as long as a file does, and they are called by one thread at a time.

    A pulse or state input that is wired is watched by a program of its own (see `contact`), the others are looked at
    when somebody asks. Counts belong to devices, so that one that is wired to the other terminal goes on where it was.
    """

    def __init__(self, board: Board | None, files: CountFiles, *, boot: str) -> None:
        self._board = board
        self._files = files
        self._boot = boot
        self._wired: dict[Terminal, Wired] = {}
        self._watches: dict[Terminal, WatchedContact] = {}
        self._counts: dict[int, Count] = {}
        self._kept: dict[int, Count] = {}

    def load_counts(self) -> bool:
        """Take up the counts where they were left; False when they are damaged and begin at 0. Raises OSError."""
        self._kept = self._files.load()
        self._counts = dict(self._kept)
        return not self._files.are_damaged

    def wire(self, wired: Mapping[Terminal, Wired], *, devices: frozenset[int]) -> None:
        """What is wired from now on; what stays as it was is watched on without a break.

        `devices` are all that are declared, with those that are disabled now: the counts of others are forgotten.
        """
        staying = {terminal for terminal, one in wired.items() if self._wired.get(terminal) == one}
        for terminal, watch in self._watches.items():
            if terminal not in staying:
                watch.close()
        self._counts = {device: count for device, count in self._present_counts().items() if device in devices}
        self._watches = {terminal: watch for terminal, watch in self._watches.items() if terminal in staying}
        self._wired = dict(wired)
        for terminal, one in wired.items():
            if one.counts_pulses:
                self._counts.setdefault(one.device, Count(0))
            with suppress(MissingError, OSError):  # told to whoever asks for its value, and tried again then
                self._watch_at(terminal)

    def wired_at(self, terminal: Terminal) -> Wired | None:
        """What is wired to a terminal."""
        return self._wired.get(terminal)

    def show(self, terminal: Terminal) -> Shown:
        """What an input shows now. Raises MissingError."""
        board, place = self._place(terminal)
        try:
            match place:
                case DigitalInput():
                    return self._contact(terminal, board, place)
                case CurrentInput():
                    value = read_channel(board.path(place.channel))
                    return CurrentShown(value / place.shunt_ohm if place.shunt_ohm else value)
                case ResistanceInput():
                    value = read_channel(board.path(place.channel))
                    wired = self._wired.get(terminal)
                    ohm = value / place.excitation_ma if place.excitation_ma else value
                    return ThermometerShown(ohm, wired.lead_ohm if wired else 0.0)
        except OSError as error:
            reason = f"{error.filename}: {error.strerror}" if error.filename else str(error)
            raise MissingError(Missing.UNREADABLE, f"{NAMES[terminal]} cannot be read: {reason}") from error
        except ValueError as error:
            raise MissingError(Missing.UNREADABLE, f"{NAMES[terminal]} cannot be read: {error}") from error

    def keep_counts(self) -> None:
        """See that the card holds every pulse that was counted so far; writes nothing when it does. Raises OSError."""
        counts = self._present_counts()
        if counts != self._kept:
            self._files.keep(counts)
            self._kept = counts

    def close(self) -> None:
        """Look at nothing any more."""
        for watch in self._watches.values():
            watch.close()

    def _place(self, terminal: Terminal) -> tuple[Board, DigitalInput | CurrentInput | ResistanceInput]:
        name = NAMES[terminal]
        if self._board is None:
            raise MissingError(Missing.NO_BOARD, f"no {name}: no board file says what this computer has")
        if not self._board.has(terminal):
            raise MissingError(Missing.NOT_ON_VARIANT, f"variant {self._board.variant} has no {name}")
        place = self._board.input_at(terminal)
        if place is None:
            raise MissingError(Missing.NOT_DESCRIBED, f"the board file does not say where {name} is")
        return self._board, place

    def _watch_at(self, terminal: Terminal) -> WatchedContact | None:
        """The watch of a wired contact, started where there is none yet; None: it needs none.

        Raises MissingError, and OSError where the program cannot be started.
        """
        board, place = self._place(terminal)
        wired, watch = self._wired.get(terminal), self._watches.get(terminal)
        if watch is not None or wired is None or not isinstance(place, DigitalInput):
            return watch
        if wired.counts_pulses and place.counter:
            return None
        started = self._watches[terminal] = WatchedContact(
            board.path(place.value),
            closed_level=(place.active == "high") is not wired.is_inverted,
            debounce_s=wired.debounce_s,
            closings=self._counts[wired.device].pulses if wired.counts_pulses else 0,
        )
        return started

    def _contact(self, terminal: Terminal, board: Board, place: DigitalInput) -> ContactShown:
        wired, watch = self._wired.get(terminal), self._watch_at(terminal)
        if watch is None:
            fed = bool(read_number(board.path(place.value))) is (place.active == "high")
            closed = fed is not (wired.is_inverted if wired else False)
        elif failure := watch.failure():
            raise MissingError(Missing.UNREADABLE, f"{NAMES[terminal]} cannot be read: {failure}")
        else:
            closed = watch.is_closed
        if wired is None or not wired.counts_pulses:
            return ContactShown(closed, pulses=None)
        if place.counter:
            shown = int(read_number(board.path(place.counter)))
            self._counts[wired.device] = _counted_on(self._counts[wired.device], shown, boot=self._boot)
        return ContactShown(closed, self._present_counts()[wired.device].pulses)

    def _present_counts(self) -> dict[int, Count]:
        counts = dict(self._counts)
        for terminal, wired in self._wired.items():
            watch = self._watches.get(terminal)
            if wired.counts_pulses and watch is not None:
                counts[wired.device] = Count(watch.closings)
        return counts


def _counted_on(before: Count, shown: int, *, boot: str) -> Count:
    """The count after a kernel counter shows `shown`: within a boot it only grows, with another it began at 0.

    The first look at a counter only notes where it stands: what it counted before was nobody's.
    """
    if not before.boot:
        return Count(before.pulses, shown, boot)
    base = before.counter if before.boot == boot and shown >= before.counter else 0
    return Count(before.pulses + shown - base, shown, boot)
