"""Reading the header of an anchored block along with its values, so that no value is read of a block that moved."""

from __future__ import annotations

from collections.abc import Sequence

from wattledger.fieldbus.errors import LinkError, MisplacedError, RefusedError, RequestError
from wattledger.fieldbus.modbus.pdu import READ_HOLDING_REGISTERS
from wattledger.fieldbus.planning import Read
from wattledger.fieldbus.sunspec import HEADER_WORDS, Model


class HeaderCheck:
    """The header of one block in one visit: it is in the first read, before which nothing is believed."""

    def __init__(self, model: Model) -> None:
        self._model = model
        self._alone = Read(READ_HOLDING_REGISTERS, model.address, HEADER_WORDS, ())
        self._holding: Read | None = None  # the read that the header is in
        self._bare = self._alone  # that read without it

    def along_with(self, reads: Sequence[Read], *, most: int, request_cost: int) -> tuple[Read, ...]:
        """These reads and the header: in the first one where that costs less than one request more, else before it."""
        first = reads[0]
        count = first.end - self._model.address
        if count > most or first.address - self._alone.end > request_cost:
            self._holding = self._alone
            return (self._alone, *reads)
        self._bare = first
        self._holding = Read(first.function, self._model.address, count, first.points)
        return (self._holding, *reads[1:])

    def is_along_with(self, read: Read) -> bool:
        """Whether this read holds the header and points."""
        return read is self._holding and read is not self._alone

    def apart(self) -> tuple[Read, ...]:
        """What to ask where the device refuses header and points in one: the one before the other."""
        self._holding = self._alone
        return (self._alone, self._bare)

    def check(self, read: Read, registers: Sequence[int]) -> None:
        """Raises MisplacedError when the answer to the read shows the header of another block."""
        if read is self._holding and tuple(registers[:HEADER_WORDS]) != self._model.header:
            raise MisplacedError(f"{self._expected}, but a header {registers[0]}, {registers[1]}")

    def verdict(self, read: Read, error: RequestError | LinkError) -> RequestError | LinkError:
        """What the failure of a read means: who refuses the header has nothing there any more."""
        if read is self._alone and isinstance(error, RefusedError) and not (error.means_silence or error.means_busy):
            return MisplacedError(f"{self._expected}: {error}")
        return error

    @property
    def _expected(self) -> str:
        return f"no model {self._model.id} of {self._model.length} registers at {self._model.address} any more"
