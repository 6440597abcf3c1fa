"""Requests and answers of the Modbus application protocol, as values and bytes.

Source: MODBUS Application Protocol Specification V1.1b3; functions 03 and 04 (6.3, 6.4), 06 (6.6), 10 (6.12), 2B/0E
(6.21), exceptions (7).
A request knows how its answer must look; what does not fit is an `UnfitPduError` and yields no value.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Protocol, TypeVar

from wattledger.catalog.registers import MOST_REGISTERS, MOST_WRITTEN

READ_HOLDING_REGISTERS = 0x03
READ_INPUT_REGISTERS = 0x04
WRITE_REGISTER = 0x06
WRITE_REGISTERS = 0x10
ENCAPSULATED_INTERFACE = 0x2B
READ_DEVICE_IDENTIFICATION = 0x0E  # the MEI type
ONE_OBJECT = 0x04  # "read device id code" for one identification object
EXCEPTION_BIT = 0x80
MOST_PDU_BYTES = 253

ILLEGAL_FUNCTION = 0x01
ILLEGAL_ADDRESS = 0x02
ILLEGAL_VALUE = 0x03
NOT_READY = 0x05  # "acknowledge": it needs more time than the master may wait
BUSY = 0x06
GATEWAY_PATH_UNAVAILABLE = 0x0A
GATEWAY_TARGET_SILENT = 0x0B

EXCEPTIONS = {
    ILLEGAL_FUNCTION: "illegal function",
    ILLEGAL_ADDRESS: "illegal data address",
    ILLEGAL_VALUE: "illegal data value",
    0x04: "server device failure",
    NOT_READY: "acknowledge",
    BUSY: "server device busy",
    0x08: "memory parity error",
    GATEWAY_PATH_UNAVAILABLE: "gateway path unavailable",
    GATEWAY_TARGET_SILENT: "gateway target device failed to respond",
}

AnswerT = TypeVar("AnswerT")
AnswerT_co = TypeVar("AnswerT_co", covariant=True)


class UnfitPduError(ValueError):
    """The bytes are no answer to the request; the text says why."""


def exception_name(code: int) -> str:
    """What an exception code means, `exception 2 (illegal data address)`."""
    return f"exception {code} ({EXCEPTIONS.get(code, 'not in the standard')})"


class Request(Protocol[AnswerT_co]):
    """One question to a device; `AnswerT_co` is what a fitting answer is decoded to."""

    @property
    def function(self) -> int:
        """The function code."""

    @property
    def is_repeatable(self) -> bool:
        """Whether asking twice does no harm; writes and commands are never repeated."""

    def encode(self) -> bytes:
        """The request's PDU."""

    def decode(self, pdu: bytes) -> AnswerT_co:
        """The answer in a PDU of this function; raises UnfitPduError for any other."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """The device refuses a request with an exception code."""

    code: int


@dataclass(frozen=True, slots=True)
class ReadRegisters:
    """Read `count` registers from `address` on, with function 03 (holding) or 04 (input)."""

    function: int
    address: int
    count: int

    def __post_init__(self) -> None:
        if self.function not in (READ_HOLDING_REGISTERS, READ_INPUT_REGISTERS):
            raise ValueError(f"function {self.function} reads no registers")
        if not 1 <= self.count <= MOST_REGISTERS or not 0 <= self.address <= 0x10000 - self.count:
            raise ValueError(f"{self.count} registers from {self.address} cannot be read in one request")

    @property
    def is_repeatable(self) -> bool:
        """Reading changes nothing."""
        return True

    def encode(self) -> bytes:
        """The request's PDU."""
        return struct.pack(">BHH", self.function, self.address, self.count)

    def decode(self, pdu: bytes) -> tuple[int, ...]:
        """The registers, unsigned; raises UnfitPduError when the byte count is not that of the request."""
        size = 2 * self.count
        if len(pdu) < 2 or pdu[1] != size:
            raise UnfitPduError(f"byte count {pdu[1] if len(pdu) > 1 else 'missing'} instead of {size}")
        if len(pdu) != 2 + size:
            raise UnfitPduError(f"{len(pdu)} bytes instead of {2 + size}")
        return struct.unpack_from(f">{self.count}H", pdu, 2)

    def __str__(self) -> str:
        return f"read 0x{self.address:04X}+{self.count} (function {self.function})"


@dataclass(frozen=True, slots=True)
class WriteRegister:
    """Write one register (function 06); the device answers with what it was sent."""

    address: int
    value: int  # unsigned

    def __post_init__(self) -> None:
        if not 0 <= self.address <= 0xFFFF or not 0 <= self.value <= 0xFFFF:
            raise ValueError(f"{self.value} cannot be written to register {self.address}")

    @property
    def function(self) -> int:
        """The function code."""
        return WRITE_REGISTER

    @property
    def is_repeatable(self) -> bool:
        """Whether a lost write was done cannot be known; only reading back tells."""
        return False

    def encode(self) -> bytes:
        """The request's PDU."""
        return struct.pack(">BHH", WRITE_REGISTER, self.address, self.value)

    def decode(self, pdu: bytes) -> None:
        """Raises UnfitPduError when the answer does not repeat address and value."""
        _check_echo(pdu, self.encode())

    def __str__(self) -> str:
        return f"write 0x{self.address:04X} (function {WRITE_REGISTER})"


@dataclass(frozen=True, slots=True)
class WriteRegisters:
    """Write registers from `address` on in one piece (function 16); the device answers with address and count."""

    address: int
    values: tuple[int, ...]  # unsigned

    def __post_init__(self) -> None:
        count = len(self.values)
        if not 1 <= count <= MOST_WRITTEN or not 0 <= self.address <= 0x10000 - count:
            raise ValueError(f"{count} registers from {self.address} cannot be written in one request")
        if not all(0 <= value <= 0xFFFF for value in self.values):
            raise ValueError(f"{self.values} are no registers")

    @property
    def function(self) -> int:
        """The function code."""
        return WRITE_REGISTERS

    @property
    def is_repeatable(self) -> bool:
        """Whether a lost write was done cannot be known; only reading back tells."""
        return False

    def encode(self) -> bytes:
        """The request's PDU."""
        count = len(self.values)
        return struct.pack(f">BHHB{count}H", WRITE_REGISTERS, self.address, count, 2 * count, *self.values)

    def decode(self, pdu: bytes) -> None:
        """Raises UnfitPduError when the answer does not repeat address and count."""
        _check_echo(pdu, struct.pack(">BHH", WRITE_REGISTERS, self.address, len(self.values)))

    def __str__(self) -> str:
        return f"write 0x{self.address:04X}+{len(self.values)} (function {WRITE_REGISTERS})"


@dataclass(frozen=True, slots=True)
class ReadIdentification:
    """Read one identification object (function 2B, MEI type 0E, individual access)."""

    object_id: int

    @property
    def function(self) -> int:
        """The function code."""
        return ENCAPSULATED_INTERFACE

    @property
    def is_repeatable(self) -> bool:
        """Reading changes nothing."""
        return True

    def encode(self) -> bytes:
        """The request's PDU."""
        return bytes((ENCAPSULATED_INTERFACE, READ_DEVICE_IDENTIFICATION, ONE_OBJECT, self.object_id))

    def decode(self, pdu: bytes) -> bytes:
        """The object's value; raises UnfitPduError when another object, or more than one, was given."""
        # function, MEI type, code, conformity, more follows, next object, number of objects, object, length, value
        if len(pdu) < 9 or pdu[1] != READ_DEVICE_IDENTIFICATION or pdu[2] != ONE_OBJECT:
            raise UnfitPduError("no answer to a request for one identification object")
        number, object_id, length = pdu[6:9]
        if number != 1 or object_id != self.object_id:
            raise UnfitPduError(f"{number} objects from 0x{object_id:02X} instead of 0x{self.object_id:02X} alone")
        if len(pdu) != 9 + length:
            raise UnfitPduError(f"an object of {length} bytes in {len(pdu) - 9}")
        return pdu[9:]

    def __str__(self) -> str:
        return f"read identification object 0x{self.object_id:02X}"


def _check_echo(pdu: bytes, echo: bytes) -> None:
    if pdu != echo:
        raise UnfitPduError(f"the answer to a write is {pdu.hex(' ')} instead of {echo.hex(' ')}")


def names_mei_type(pdu: bytes | bytearray) -> bool:
    """Whether an exception of function 2B puts the MEI type before its code, as some servers do (npm's jsmodbus)."""
    return pdu[:2] == bytes((ENCAPSULATED_INTERFACE | EXCEPTION_BIT, READ_DEVICE_IDENTIFICATION))


def decode_answer(request: Request[AnswerT], pdu: bytes) -> AnswerT | Refusal:
    """What the device says to `request`; raises UnfitPduError for what is no answer to it."""
    function = pdu[0] if pdu else None
    if function == request.function:
        return request.decode(pdu)
    if function == request.function | EXCEPTION_BIT:
        code = pdu[2:] if names_mei_type(pdu) else pdu[1:]
        if len(code) != 1 or code == b"\0":
            raise UnfitPduError("an exception without a code")
        return Refusal(code[0])
    raise UnfitPduError(f"function {'missing' if function is None else function} instead of {request.function}")
