"""What our master and a peer say to each other, as tshark understands it: an independent reader of the standard."""

from __future__ import annotations

import asyncio
import os
import random
import socket
import struct
import subprocess
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any

from wattledger.fieldbus import RefusedError
from wattledger.fieldbus.modbus.pdu import ReadIdentification, ReadRegisters, WriteRegister, WriteRegisters

TRAFFIC_S = float(os.environ.get("SOAK_TRAFFIC_S", "0.5"))
DEADLINE_S = 15.0
PAUSE_S = 0.002  # between requests, so that a minute of them stays a capture that tshark reads in seconds
HOST = "127.0.0.1"
REFUSED_FROM = 0xF000  # the peer refuses these registers, the first with code 1, the next with 2 ...
SERVER_PORT = 502  # of the datagrams that serial frames are wrapped in for tshark
CLIENT_PORT = 40000
RAW_IP = 101  # LINKTYPE_RAW: each packet begins with its IP header

SERIAL = (
    *("-d", f"udp.port=={SERVER_PORT},mbrtu"),
    *("-o", f"mbrtu.udp.port:{SERVER_PORT}", "-o", "mbrtu.crc_verification:TRUE"),
)
"""Options with which tshark understands what `write_capture` wrote."""

FIELDS = (
    *("tcp.dstport", "udp.dstport", "mbtcp.unit_id", "mbrtu.unit_id", "modbus.func_code", "modbus.reference_num"),
    *("modbus.word_cnt", "modbus.object_id", "modbus.exception_code", "modbus.regval_uint16"),
    *("modbus.data", "modbus.object_str_value"),
)
NOT_AS_IT_SHOULD_BE = (
    '_ws.malformed || _ws.expert.group == "Malformed" || mbtcp.cannot_classify || mbrtu.crc16.incorrect'
    f" || ((tcp.len > 0 || udp.port == {SERVER_PORT}) && !modbus)"
)


def on_tcp(port: int) -> tuple[str, ...]:
    """Options with which tshark takes `port` for that of a Modbus server."""
    return ("-d", f"tcp.port=={port},mbtcp", "-o", f"mbtcp.tcp.port:{port}")


@dataclass(frozen=True)
class Said:
    """One frame: a request with what it asks for, or an answer with what it gives."""

    is_request: bool
    unit_id: int
    function: int
    content: tuple[object, ...]


def various(asked: Any, function: int, object_id: int) -> Sequence[bytes]:
    """A peer's answer of every kind: texts, refusals with every code, and registers."""
    if function == 0x2B:
        text = text_of(object_id)
        return [asked.frame(bytes((0x2B, 0x0E, 4, 0x81, 0, 0, 1, object_id, len(text))) + text)]
    if asked.address < REFUSED_FROM and function in {6, 16}:
        return [asked.frame(struct.pack(">BHH", function, asked.address, asked.count))]
    if asked.address >= REFUSED_FROM:
        return [asked.refusal(1 + (asked.address - REFUSED_FROM) % 11)]
    return [asked.answer()]


def text_of(object_id: int) -> bytes:
    return f"object {object_id}".encode()


async def talk(link: Any) -> list[Said]:
    """Ask everything that can be asked once, then for as long as the run takes; what was asked and answered."""
    said = []
    end = time.monotonic() + TRAFFIC_S
    for number, (unit_id, request) in enumerate(chain(ONE_OF_EACH, _any_questions())):
        if number >= len(ONE_OF_EACH) and time.monotonic() > end:
            break
        await asyncio.sleep(PAUSE_S)
        said.append(Said(True, unit_id, request.function, _asked(request)))
        try:
            answer = (await link.request(unit_id, request)).answer
        except RefusedError as error:
            answer = f"exception {error.code}"
        # tshark names the function without the bit that marks an exception
        said.append(Said(False, unit_id, request.function, _answered(request, answer)))
    return said


def _asked(request: Any) -> tuple[object, ...]:
    match request:
        case ReadIdentification():
            return (request.object_id,)
        case WriteRegister():
            return (request.address, request.value)
        case WriteRegisters():
            return (request.address, len(request.values), *request.values)
        case _:
            return (request.address, request.count)


def _answered(request: Any, answer: object) -> tuple[object, ...]:
    if answer is None:  # a write that was done: its answer repeats the beginning of the request
        return _asked(request)[:2]
    return answer if isinstance(answer, tuple) else (answer,)


ONE_OF_EACH: tuple[tuple[int, Any], ...] = (
    *((unit, ReadRegisters(3, REFUSED_FROM + unit - 1, 1)) for unit in range(1, 12)),
    (1, WriteRegisters(REFUSED_FROM + 1, (1, 2))),
    (2, ReadRegisters(3, 0, 125)),
    (3, ReadRegisters(4, 0x0102, 2)),
    (4, WriteRegister(7, 0xFFFF)),
    (5, WriteRegisters(8, (1, 2, 3))),
    *((247, ReadIdentification(object_id)) for object_id in range(7)),
)


def _any_questions() -> Iterator[tuple[int, Any]]:
    """Requests of any kind, without end."""
    dice = random.Random(5)
    while True:
        yield dice.randint(1, 247), ReadIdentification(dice.randrange(7))
        yield dice.randint(1, 247), WriteRegister(dice.randrange(REFUSED_FROM), dice.randrange(0x10000))
        values = tuple(dice.randrange(0x10000) for _ in range(dice.choice((1, 2, 123))))
        yield dice.randint(1, 247), WriteRegisters(dice.randrange(REFUSED_FROM - 123), values)
        for _ in range(5):
            address, count = dice.randrange(0x10000 - 125), dice.choice((1, 2, 3, 10, 125))
            yield dice.randint(1, 247), ReadRegisters(dice.choice((3, 4)), address, count)


def dissected(capture: Path, port: int, *options: str) -> list[Said]:
    """The frames as tshark understands them, those to `port` being requests."""
    fields = [option for name in FIELDS for option in ("-e", name)]
    lines = _tshark(capture, *options, "-Y", "modbus", "-T", "fields", "-E", "separator=|", *fields)
    return [_said(line.split("|"), port) for line in lines]


def faults(capture: Path, *options: str) -> list[str]:
    """What tshark finds malformed, or no Modbus at all."""
    return _tshark(capture, *options, "-Y", NOT_AS_IT_SHOULD_BE)


def _tshark(capture: Path, *options: str) -> list[str]:
    command = ["tshark", "-n", "-r", capture, *options]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()


def _said(row: Sequence[str], port: int) -> Said:
    (tcp_port, udp_port, tcp_unit, rtu_unit, function, reference, words, object_id, exception, values, data, text) = row
    is_request = int(tcp_port or udp_port) == port
    content: tuple[object, ...]
    if function == "6" and not exception:
        content = (int(reference), int(data, 16))
    elif reference:  # in requests, and in answers to writes
        content = (int(reference), int(words), *(int(value) for value in values.split(",") if value))
    elif is_request:
        content = (int(object_id),)
    elif exception:
        content = (f"exception {exception}",)
    elif text:
        content = (text.encode(),)
    else:
        content = tuple(int(value) for value in values.split(","))
    return Said(is_request, int(tcp_unit or rtu_unit), int(function), content)


@contextmanager
def capturing(port: int, file: Path) -> Iterator[None]:
    """Capture what goes through TCP `port` into `file`, from the first packet to the last."""
    with socket.create_server((HOST, 0)) as free:
        marks_port = free.getsockname()[1]
    command = ["dumpcap", "-q", "-i", "lo", "-B", "64", "-f", f"tcp port {port} or udp port {marks_port}", "-w", file]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as dumpcap:
        try:
            _until_captured(b"<the first>", marks_port, file, dumpcap)
            yield
            _until_captured(b"<the last>", marks_port, file, dumpcap)
        finally:
            dumpcap.terminate()


def _until_captured(mark: bytes, port: int, file: Path, dumpcap: subprocess.Popen[str]) -> None:
    """Send a packet of our own until it is in the file: all that went before it is there then, too."""
    deadline = time.monotonic() + DEADLINE_S
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        while not (file.exists() and mark in _end_of(file)):
            if dumpcap.poll() is not None and dumpcap.stderr:
                raise AssertionError(
                    f"cannot capture: {dumpcap.stderr.read().strip()}; run the tests as root, or once "
                    "`sudo setcap cap_net_raw+ep /usr/bin/dumpcap && sudo chmod o+x /usr/bin/dumpcap`"
                )
            assert time.monotonic() < deadline, "dumpcap captures nothing"
            sender.sendto(mark, (HOST, port))
            time.sleep(0.02)


def _end_of(file: Path) -> bytes:
    with file.open("rb") as captured:
        captured.seek(-min(file.stat().st_size, 100_000), os.SEEK_END)
        return captured.read()


def write_capture(file: Path, frames: Iterable[tuple[bool, bytes]]) -> None:
    """Serial frames, each a request (True) or an answer, as a capture of datagrams to and from SERVER_PORT."""
    with file.open("wb") as capture:
        capture.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, RAW_IP))
        for number, (is_request, raw) in enumerate(frames):
            ports = (CLIENT_PORT, SERVER_PORT) if is_request else (SERVER_PORT, CLIENT_PORT)
            datagram = struct.pack(">HHHH", *ports, 8 + len(raw), 0) + raw
            local = socket.inet_aton(HOST)
            packet = struct.pack(">BxHHxxBBxx4s4s", 0x45, 20 + len(datagram), number % 0x10000, 64, 17, local, local)
            size = len(packet) + len(datagram)
            capture.write(struct.pack("<IIII", number, 0, size, size) + packet + datagram)
