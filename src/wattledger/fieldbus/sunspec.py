"""The chain of SunSpec models in a device's registers: where it begins and which blocks it has; without I/O.

Sources: SunSpec Device Information Model Specification V1.1, 6 (marker, models, end), and what devices do: some leave
the length of the end model out, so that it must not be read along with the id; others refuse what follows their chain.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from wattledger.fieldbus.modbus.pdu import READ_HOLDING_REGISTERS, ReadRegisters

MARKER = (0x5375, 0x6E53)  # "SunS"
BASES = (40000, 50000, 0)  # where the marker may stand; the specification's own order
END_MODEL = 0xFFFF
COMMON_MODEL = 1  # maker, model, version and serial number of what follows
HEADER_WORDS = 2  # id and length
MOST_MODELS = 100  # real chains have some twenty; a device that answers anything must not be walked for ever
LAST_ADDRESS = 0xFFFF


@dataclass(frozen=True, slots=True)
class Model:
    """One block of the chain; `address` is that of its id, `length` counts the registers behind id and length."""

    id: int
    address: int
    length: int

    @property
    def header(self) -> tuple[int, int]:
        """What its first two registers hold."""
        return self.id, self.length

    @property
    def end(self) -> int:
        """The first address behind it."""
        return self.address + HEADER_WORDS + self.length


class ChainWalk:
    """Follows the chain of one device, a short read at a time, for whoever can ask: give each answer, or the refusal.

    `base` is where the marker stands; None: not found yet, or nowhere. `models` are those found so far, in order.
    """

    def __init__(self, *, first_base: int = BASES[0]) -> None:
        """`first_base` is where to look for the marker first: where it was found before."""
        self._bases = [first_base, *(base for base in BASES if base != first_base)]
        self.base: int | None = None
        self.models: list[Model] = []
        self._at = 0  # of the header to be read next
        self._id: int | None = None  # read there; None: not yet
        self._is_over = False

    def next_read(self) -> ReadRegisters | None:
        """What to ask now; None: the chain has ended, or there is none."""
        if self._is_over:
            return None
        if self.base is None:
            return ReadRegisters(READ_HOLDING_REGISTERS, self._bases[0], len(MARKER))
        address = self._at if self._id is None else self._at + 1
        return ReadRegisters(READ_HOLDING_REGISTERS, address, 1)

    def answered(self, registers: Sequence[int]) -> None:
        """What was asked last was answered so."""
        if self.base is None:
            self._is_marker(registers)
        elif self._id is None:
            self._id = registers[0]
            self._is_over = self._id == END_MODEL
        else:
            self._add(Model(self._id, self._at, registers[0]))

    def refused(self) -> None:
        """What was asked last was refused: no marker there, or no more models."""
        if self.base is None:
            self._is_marker(())
        else:
            self._is_over = True

    @property
    def next_base(self) -> int:
        """Where to begin another time, if the device does not answer what was asked last: some only answer where
        they have registers."""
        if self.base is not None:
            return self.base
        return BASES[(BASES.index(self._bases[0]) + 1) % len(BASES)] if self._bases else BASES[0]

    def common_of(self, model: Model) -> Model | None:
        """The block that tells who `model` is of: devices behind another one have a common block of their own."""
        before = [one for one in self.models if one.id == COMMON_MODEL and one.address < model.address]
        return before[-1] if before else None

    def _is_marker(self, registers: Sequence[int]) -> None:
        base = self._bases.pop(0)
        if tuple(registers) == MARKER:
            self.base, self._at = base, base + len(MARKER)
        else:
            self._is_over = not self._bases

    def _add(self, model: Model) -> None:
        self.models.append(model)
        self._at, self._id = model.end, None
        self._is_over = len(self.models) >= MOST_MODELS or self._at >= LAST_ADDRESS
