"""One simulated device: the registers of any profile, filled from a source of values, and its faults on request."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise
from typing import TypeAlias

from pymodbus.constants import ExcCodes

from wattledger.catalog import Found, MappedPoint, Product, Profile, RegisterStep, TextType, device_map
from wattledger.demo.encoding import encode
from wattledger.demo.sunspec_chain import in_chain
from wattledger.fieldbus.clock_registers import clock_shown, clock_writes
from wattledger.fieldbus.modbus.pdu import WriteRegister
from wattledger.measure import PointName

IDENTITY_WORDS = 120  # the longest run in which devices tell who they are
REFRESH_S = 1.0  # most meters renew their values once a second
FIRMWARE, HARDWARE = "2.3.0", "4.1.0"

# what the device measures at a time (seconds since 1970), by channel and name, in inside units
Source: TypeAlias = Callable[[float], Mapping[tuple[int, PointName], float]]
Place: TypeAlias = tuple[int, int]  # function and address


@dataclass(frozen=True, slots=True)
class Identity:
    """What the device says of itself."""

    product: Product
    serial: str

    def text(self, found: Found, equals: str | None) -> str:
        """What it answers to one identification step."""
        code = self.product.match.product_code if self.product.match else self.product.ref
        texts = {
            Found.PRODUCT_CODE: code,
            Found.SERIAL: self.serial,
            Found.FIRMWARE: FIRMWARE,
            Found.HARDWARE: HARDWARE,
        }
        return equals if equals is not None else texts.get(found, self.product.ref)


class SimulatedDevice:
    """A device with the map of one product; `read` and `write` are what requests do."""

    def __init__(self, profile: Profile, product: Product, *, serial: str, source: Source) -> None:
        self.map, chain = in_chain(device_map(profile, product))
        self.identity = Identity(product, serial)
        self._fc = profile.defaults.fc
        self._source = source
        self._words: dict[Place, int] = {(self._fc, at): word for at, word in chain.items()}
        self._held: dict[Place, int] = {}
        self._refused: dict[int, int] = {}
        self._renewed_at = float("-inf")
        self._clock_ahead_s = 0.0  # of UTC; most are told the time of the site
        self._clock_words: dict[int, int] = {}
        self.is_silent = False
        self.is_frozen = False
        self.delay_s = 0.0
        self._fill()

    @property
    def objects(self) -> dict[int, str]:
        """Identification object → text (function 2B/0E); empty: it does not know that function."""
        return {
            step.object: self.identity.text(step.into, step.equals)
            for step in self.map.identify
            if not isinstance(step, RegisterStep)
        }

    def read(self, function: int, address: int, count: int) -> list[int] | ExcCodes:
        """The registers as a request sees them, or the exception that it gets."""
        self._advance(time.time())
        places = [(function, at) for at in range(address, address + count)]
        for _, at in places:
            if at in self._refused:
                return ExcCodes(self._refused[at])
        if not any(known == function for known, _ in self._words):
            return ExcCodes.ILLEGAL_FUNCTION
        if any(place not in self._words for place in places):
            return ExcCodes.ILLEGAL_ADDRESS
        return [self._held.get(place, self._words[place]) for place in places]

    def write(self, address: int, words: list[int]) -> ExcCodes | None:
        """Take what is written; only a clock can be set, everything else is refused."""
        clock = self.map.clock
        if clock is None or not clock.addr <= address <= clock.addr + len(clock.fields) - len(words):
            return ExcCodes.ILLEGAL_ADDRESS
        self._clock_words.update({address + place: word for place, word in enumerate(words)})
        places = range(clock.addr, clock.addr + len(clock.fields))
        if all(at in self._clock_words for at in places):  # with function 06 they come one by one
            written = [self._clock_words.pop(at) for at in places]
            shown = clock_shown(clock.model_copy(update={"read": None}), written)
            if shown is None:
                return ExcCodes.ILLEGAL_VALUE
            now_s = time.time()
            self._clock_ahead_s = shown.replace(tzinfo=UTC).timestamp() - now_s
            self._show_clock(now_s)
        return None

    def exchange(self, serial: str) -> None:
        """Another device of the same type takes its place."""
        self.identity = Identity(self.identity.product, serial)
        self._show_identity()

    def obey(self, line: str) -> None:
        """Do what a control line says; raises ValueError for one that cannot be done."""
        match line.split():
            case ["silent", ("on" | "off") as state]:
                self.is_silent = state == "on"
            case ["freeze", ("on" | "off") as state]:
                self.is_frozen = state == "on"
            case ["delay", seconds]:
                self.delay_s = float(seconds)
            case ["set", address, raw]:
                self._held.update(self._number(int(address, 0), int(raw, 0)))
            case ["release", address]:
                for place in self._number(int(address, 0), 0):
                    self._held.pop(place, None)
            case ["refuse", address, code]:
                self._refused[int(address, 0)] = ExcCodes(int(code, 0)).value
            case ["accept", address]:
                self._refused.pop(int(address, 0), None)
            case _:
                raise ValueError(f"unknown command {line!r}")

    def _number(self, address: int, raw: int) -> dict[Place, int]:
        """The registers of the whole number that begins at an address, or the one register."""
        point = next((point for point in self.map.points if point.number_at == address), None)
        words = 1 if point is None else point.type.words
        function = self._fc if point is None else point.function
        if (function, address) not in self._words:
            raise ValueError(f"no register 0x{address:04X}")
        data = (raw & ((1 << 16 * words) - 1)).to_bytes(2 * words, "big")
        return {(function, address + n): int.from_bytes(data[2 * n : 2 * n + 2], "big") for n in range(words)}

    def _fill(self) -> None:
        """Every documented register, as it reads where nothing is measured, and what the device is."""
        for block in self.map.blocks:
            self._words.update({(block.function, at): 0xFFFF for at in range(block.start, block.end)})
        for setting in self.map.parameters:
            self._words.update({(setting.function, setting.address + n): 0 for n in range(setting.words)})
        for alarm in self.map.alarms:
            self._words.update({(alarm.function, alarm.address + n): 0 for n in range(alarm.words)})
        steps = [step for step in self.map.identify if isinstance(step, RegisterStep)]
        for step, after in pairwise(sorted(steps, key=lambda step: step.addr)):
            if after.addr - step.addr <= IDENTITY_WORDS:  # what a device tells of itself stands in one run
                between = range(step.addr, after.addr)
                self._words.update({(step.fc or self._fc, at): 0 for at in between})
        self._show_identity()
        self._advance(time.time())

    def _show_identity(self) -> None:
        for step in self.map.identify:
            if isinstance(step, RegisterStep):
                words = text_words(step, self.identity.text(step.into, step.equals))
                self._words.update({(step.fc or self._fc, step.addr + place): word for place, word in enumerate(words)})

    def _advance(self, now_s: float) -> None:
        """Bring the values to `now_s`, at most once a second."""
        if now_s - self._renewed_at < REFRESH_S and now_s >= self._renewed_at:
            return
        self._renewed_at = now_s
        if self.is_frozen:
            return
        values = self._source(now_s)
        for point in self.map.points:
            for at, word in encode(point, _value(point, values)).items():
                self._words[point.function, at] = word
        self._show_clock(now_s)

    def _show_clock(self, now_s: float) -> None:
        clock = self.map.clock
        if clock is None or clock.read is None:
            return
        shown = datetime.fromtimestamp(now_s + self._clock_ahead_s, UTC).replace(tzinfo=None)
        reading = clock.model_copy(update={"addr": clock.read.addr, "fields": clock.fields_read, "fc": 16})
        for write in clock_writes(reading, shown):
            words = (write.value,) if isinstance(write, WriteRegister) else write.values
            for place, word in enumerate(words):
                self._words[clock.read.fc, write.address + place] = word


def _value(point: MappedPoint, values: Mapping[tuple[int, PointName], float]) -> float | None:
    return values.get((point.channel, point.name))


def text_words(step: RegisterStep, text: str) -> list[int]:
    """The registers of one identification step that say `text`."""
    match step.type:
        case TextType.NUM:
            number = int("".join(filter(str.isdecimal, text)) or "0") & ((1 << 16 * step.words) - 1)
            data = number.to_bytes(2 * step.words, "big")
        case TextType.VER3:
            data = bytes(int(part) for part in text.split(".")[:3]) + b"\0"
        case TextType.STR16:
            data = b"".join(bytes((0, ord(character))) for character in text[: step.words])
        case _:
            data = text.encode("ascii", "replace")
    data = data[: 2 * step.words].ljust(2 * step.words, b"\0")
    return [int.from_bytes(data[2 * n : 2 * n + 2], "big") for n in range(step.words)]
