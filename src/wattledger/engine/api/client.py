"""The one client of the engine's control API: HTTP/1.1 over the engine's Unix socket."""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TypeVar

import h11
from pydantic import TypeAdapter, ValidationError

from wattledger.engine.api import calls
from wattledger.engine.api.errors import EngineError, EngineRefusedError, EngineUnreachableError
from wattledger.engine.api.messages import (
    BusFrame,
    EngineState,
    ForgetBefore,
    FramesRequest,
    GivenChunks,
    GivenReadings,
    Identification,
    IdentifyRequest,
    IoOutput,
    IoState,
    LiveValue,
    PlanRequest,
    Problem,
    ReadPlan,
    RelayTest,
    Reload,
    Reloaded,
    Reset,
    Stored,
    TrafficStatistics,
)
from wattledger.engine.api.scanning import Scanned, ScanRequest

Asked = TypeVar("Asked")
Answered = TypeVar("Answered")

READ_SIZE = 65536
IDENTIFY_TIMEOUT_S = 30.0  # a silent device costs its timeout times its retries, on a line that others use too
SCAN_TIMEOUT_S = 90.0  # a step ends soon, but not before it is done with a device; one at 10 s a timeout takes its time
IMPORT_TIMEOUT_S = 60.0  # a chunk waits for its turn behind what is recorded, on a card that may be slow
_PROBLEM = TypeAdapter(Problem)


class EngineClient:
    """Asks the engine; every method raises EngineUnreachableError or EngineRefusedError when it cannot have its answer.

    Holds no connection between calls, so it may be kept for the life of a process and used from any thread.
    """

    def __init__(self, socket_path: Path, *, timeout_s: float = 5.0) -> None:
        self._path = socket_path
        self._timeout_s = timeout_s

    def state(self) -> EngineState:
        """How the engine does: applied revision, devices, clock, archive."""
        return self._ask(calls.STATE, calls.Nothing())

    def live(self, device: int | None = None) -> tuple[LiveValue, ...]:
        """The newest value of every point, of one device or of all."""
        return self._ask(calls.LIVE, calls.LiveQuestion(device))

    def reload(self, revision: int, actor: str) -> Reloaded:
        """Apply the configuration as of `revision` or later; tells what was refused."""
        return self._ask(calls.RELOAD, Reload(revision, actor))

    def identify(self, request: IdentifyRequest) -> Identification:
        """Ask a device who it is; takes as long as the device, at most half a minute."""
        return self._ask(calls.IDENTIFY, request, timeout_s=IDENTIFY_TIMEOUT_S)

    def scan(self, request: ScanRequest) -> Scanned:
        """Ask addresses of a bus who is there, as many as can be in a second or two."""
        return self._ask(calls.SCAN, request, timeout_s=SCAN_TIMEOUT_S)

    def statistics(self) -> tuple[TrafficStatistics, ...]:
        """Traffic counts of every bus and device."""
        return self._ask(calls.STATISTICS, calls.Nothing())

    def reset_statistics(self, actor: str, *, bus: int | None = None) -> Stored:
        """Start the traffic counts of one bus anew, or of all; gives the number of buses."""
        return self._ask(calls.RESET_STATISTICS, Reset(actor, bus))

    def frames(self, bus: int, *, unit_id: int | None = None) -> tuple[BusFrame, ...]:
        """The last frames of a bus, of one unit or of all, the newest last."""
        return self._ask(calls.FRAMES, FramesRequest(bus, unit_id))

    def plan(self, device: int) -> ReadPlan:
        """How a device is asked at present."""
        return self._ask(calls.PLAN, PlanRequest(device))

    def backfill(self, readings: GivenReadings) -> Stored:
        """Store past readings where none are yet."""
        return self._ask(calls.BACKFILL, readings)

    def correct(self, readings: GivenReadings) -> Stored:
        """Set or delete readings on a person's word."""
        return self._ask(calls.CORRECT, readings)

    def import_chunks(self, chunks: GivenChunks) -> Stored:
        """Add what another archive exported; takes its time, so that recording has what it needs."""
        return self._ask(calls.IMPORT_CHUNKS, chunks, timeout_s=IMPORT_TIMEOUT_S)

    def forget_before(self, moment: datetime, actor: str) -> Stored:
        """Let the readings of the months go that end before `moment`; gives how many."""
        return self._ask(calls.FORGET_BEFORE, ForgetBefore(moment, actor))

    def io(self) -> IoState:
        """The server's own inputs and outputs, and what they show now."""
        return self._ask(calls.IO, calls.Nothing())

    def test_relay(self, actor: str) -> IoOutput:
        """Close the relay for two seconds; answers when it is closed."""
        return self._ask(calls.TEST_RELAY, RelayTest(actor))

    async def live_stream(self) -> AsyncIterator[tuple[LiveValue, ...]]:
        """All live values at first, then those that changed, until the engine ends or the caller leaves."""
        try:
            with _short_path(self._path) as path:
                reader, writer = await asyncio.open_unix_connection(path, limit=2**24)
        except OSError as error:
            raise self._unreachable(error) from error
        try:
            writer.write(_request_head(h11.Connection(h11.CLIENT), calls.LIVE_STREAM.path, b"{}"))
            async for line in _stream_lines(reader):
                yield calls.LIVE_STREAM.answer.validate_json(line)
        except (OSError, h11.RemoteProtocolError) as error:
            raise self._unreachable(error) from error
        finally:
            writer.close()

    def _ask(self, call: calls.Call[Asked, Answered], question: Asked, *, timeout_s: float | None = None) -> Answered:
        status, body = self._exchange(call.path, call.question.dump_json(question), timeout_s or self._timeout_s)
        try:
            if status == 200:
                return call.answer.validate_json(body)
            problem = _PROBLEM.validate_json(body)
        except ValidationError as error:
            raise EngineError(f"the engine's answer to {call.name} is not of this version: {error}") from error
        raise EngineRefusedError(problem.code, problem.text)

    def _exchange(self, target: str, body: bytes, timeout_s: float) -> tuple[int, bytes]:
        connection = h11.Connection(h11.CLIENT)
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as link:
                link.settimeout(timeout_s)
                with _short_path(self._path) as path:
                    link.connect(path)
                link.sendall(_request_head(connection, target, body))
                return _read_response(connection, link)
        except (OSError, h11.RemoteProtocolError) as error:
            raise self._unreachable(error) from error

    def _unreachable(self, error: Exception) -> EngineUnreachableError:
        return EngineUnreachableError(f"the engine does not answer on {self._path}: {error!r}")


@contextmanager
def _short_path(path: Path) -> Iterator[str]:
    """A name for the socket that fits into the 107 bytes of an AF_UNIX address, however deep its folder lies."""
    folder = os.open(path.parent, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield f"/proc/self/fd/{folder}/{path.name}"
    finally:
        os.close(folder)


def _request_head(connection: h11.Connection, target: str, body: bytes) -> bytes:
    request = h11.Request(
        method="POST",
        target=target,
        headers=[("Host", "engine"), ("Content-Length", str(len(body))), ("Connection", "close")],
    )
    return b"".join(connection.send(event) or b"" for event in (request, h11.Data(data=body), h11.EndOfMessage()))


def _read_response(connection: h11.Connection, link: socket.socket) -> tuple[int, bytes]:
    status, body = 0, bytearray()
    while True:
        event = connection.next_event()
        if event is h11.NEED_DATA:
            connection.receive_data(link.recv(READ_SIZE))
        elif isinstance(event, h11.Response):
            status = event.status_code
        elif isinstance(event, h11.Data):
            body += event.data
        elif isinstance(event, h11.EndOfMessage):
            return status, bytes(body)
        else:
            raise ConnectionError("the connection ended before the answer")


async def _stream_lines(reader: asyncio.StreamReader) -> AsyncIterator[bytes]:
    """The lines of a streamed answer, which follow its head as they are until the connection ends."""
    head = await reader.readuntil(b"\r\n\r\n")
    if b" 200 " not in head.split(b"\r\n", 1)[0]:
        raise ConnectionError("the engine does not stream")
    while line := await reader.readline():
        yield line
