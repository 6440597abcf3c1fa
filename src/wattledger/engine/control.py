"""The server side of the control API: HTTP/1.1 over a Unix socket that only this server's user may open."""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TypeVar

import h11
from pydantic import TypeAdapter, ValidationError

from wattledger.engine.api import EngineRefusedError, LiveValue, Problem
from wattledger.engine.api.calls import LIVE_STREAM, Call
from wattledger.engine.live import LiveTable

log = logging.getLogger(__name__)

Asked = TypeVar("Asked")
Answered = TypeVar("Answered")
Answerer = Callable[[bytes], Awaitable[bytes]]

READ_SIZE = 65536
MOST_BODY_BYTES = 16 * 1024 * 1024  # a year of 5-minute readings of one series is 5 MB of JSON
STREAM_PERIOD_S = 0.5  # live values are for eyes: twice a second, the newest wins
STREAM_SIGN_OF_LIFE_S = 5.0
_PROBLEM = TypeAdapter(Problem)


def answering(call: Call[Asked, Answered], answer: Callable[[Asked], Awaitable[Answered]]) -> tuple[str, Answerer]:
    """A typed answer as one that reads and writes bytes, with the path it answers on."""

    async def answer_bytes(body: bytes) -> bytes:
        return call.answer.dump_json(await answer(call.question.validate_json(body)))

    return call.path, answer_bytes


@asynccontextmanager
async def control_server(path: Path, answerers: Mapping[str, Answerer], live: LiveTable) -> AsyncIterator[None]:
    """Answer on the socket `path` while the context lasts; a socket left by a killed engine is replaced.

    The caller holds the lock on the data folder, so nobody else listens there.
    """
    _remove(path)
    folder = os.open(path.parent, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    old_mask = os.umask(0o177)  # the socket is born readable by its owner alone
    try:
        # AF_UNIX names end at 107 bytes; through the open folder any data folder fits
        server = await asyncio.start_unix_server(
            lambda reader, writer: _serve(reader, writer, answerers, live), f"/proc/self/fd/{folder}/{path.name}"
        )
    finally:
        os.umask(old_mask)
        os.close(folder)
    try:
        yield
    finally:
        server.close()
        _remove(path)


def _remove(path: Path) -> None:
    path.unlink(missing_ok=True)


async def _serve(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, answerers: Mapping[str, Answerer], live: LiveTable
) -> None:
    connection = h11.Connection(h11.SERVER)
    try:
        target, body = await _read_request(connection, reader)
        if target == LIVE_STREAM.path:
            await _stream(writer, live)
        else:
            status, answer = await _answer(target, body, answerers)
            _send(connection, writer, status, answer)
            await writer.drain()
    except (OSError, h11.RemoteProtocolError, _TooLargeError) as error:
        log.debug("a control connection ended early: %s", error)
    finally:
        writer.close()


class _TooLargeError(Exception):
    """More than a request may hold."""


async def _read_request(connection: h11.Connection, reader: asyncio.StreamReader) -> tuple[str, bytes]:
    target, body = "", bytearray()
    while True:
        event = connection.next_event()
        if event is h11.NEED_DATA:
            connection.receive_data(await reader.read(READ_SIZE))
        elif isinstance(event, h11.Request):
            target = event.target.decode("ascii")
        elif isinstance(event, h11.Data):
            body += event.data
            if len(body) > MOST_BODY_BYTES:
                raise _TooLargeError(f"a request of more than {MOST_BODY_BYTES} bytes")
        elif isinstance(event, h11.EndOfMessage):
            return target, bytes(body)
        else:
            raise ConnectionError("the peer left before its request was whole")


async def _answer(target: str, body: bytes, answerers: Mapping[str, Answerer]) -> tuple[int, bytes]:
    answerer = answerers.get(target)
    if answerer is None:
        return 404, _problem("unknown_call", f"there is no call {target}")
    try:
        return 200, await answerer(body)
    except ValidationError as error:
        return 400, _problem("bad_question", str(error))
    except EngineRefusedError as error:
        return 409, _problem(error.code, str(error))
    except Exception as error:
        # one question that nobody foresaw must not end the engine; whoever asked is told, the log has the rest
        log.exception("the call %s failed", target)
        return 500, _problem("internal", f"{type(error).__name__}: {error}")


def _problem(code: str, text: str) -> bytes:
    return _PROBLEM.dump_json(Problem(code, text))


def _send(connection: h11.Connection, writer: asyncio.StreamWriter, status: int, body: bytes) -> None:
    head = h11.Response(
        status_code=status, headers=[("Content-Type", "application/json"), ("Content-Length", str(len(body)))]
    )
    for event in (head, h11.Data(data=body), h11.EndOfMessage()):
        writer.write(connection.send(event) or b"")


async def _stream(writer: asyncio.StreamWriter, live: LiveTable) -> None:
    # the answer lasts as long as the connection, one line a change; an empty one shows that both still live
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/jsonl\r\nConnection: close\r\n\r\n")
    with live.changes() as changes:
        while True:
            await _write_line(writer, await changes.next(within_s=STREAM_SIGN_OF_LIFE_S))
            await asyncio.sleep(STREAM_PERIOD_S)


async def _write_line(writer: asyncio.StreamWriter, values: tuple[LiveValue, ...]) -> None:
    writer.write(LIVE_STREAM.answer.dump_json(values) + b"\n")
    await writer.drain()
