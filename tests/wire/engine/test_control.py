"""The control socket: who may open it, and what it does with what is no question."""

import asyncio
import os
import stat
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from wattledger.engine.api import EngineClient, EngineError, EngineRefusedError, EngineUnreachableError, calls
from wattledger.engine.clock import SystemClock
from wattledger.engine.control import answering, control_server
from wattledger.engine.live import LiveTable


async def _live(question: calls.LiveQuestion) -> tuple[()]:
    if question.device == 13:
        raise EngineRefusedError("unlucky", "thirteen is refused")
    if question.device == 14:
        raise RuntimeError("nobody foresaw this")
    return ()


@pytest.fixture
async def socket_path(tmp_path: Path) -> AsyncIterator[Path]:
    path = tmp_path / ("long" * 30) / "engine.sock"
    path.parent.mkdir()
    path.write_text("left by an engine that was killed")
    async with control_server(path, dict([answering(calls.LIVE, _live)]), LiveTable(SystemClock())):
        yield path


async def _raw(path: Path, sent: bytes) -> bytes:
    folder = os.open(path.parent, os.O_PATH)
    try:
        reader, writer = await asyncio.open_unix_connection(f"/proc/self/fd/{folder}/{path.name}")
    finally:
        os.close(folder)
    writer.write(sent)
    writer.write_eof()
    answer = await reader.read()
    writer.close()
    return answer


async def test_the_socket_is_its_owners_alone_however_deep_it_lies(socket_path: Path) -> None:
    assert stat.S_IMODE(socket_path.stat().st_mode) == 0o600
    assert len(str(socket_path)) > 107
    assert await asyncio.to_thread(EngineClient(socket_path).live) == ()


async def test_a_refusal_comes_with_its_code_and_a_failure_does_not_end_the_server(socket_path: Path) -> None:
    client = EngineClient(socket_path)

    with pytest.raises(EngineRefusedError, match="thirteen") as refused:
        await asyncio.to_thread(client.live, 13)
    with pytest.raises(EngineRefusedError, match="nobody foresaw") as failed:
        await asyncio.to_thread(client.live, 14)

    assert (refused.value.code, failed.value.code) == ("unlucky", "internal")
    assert await asyncio.to_thread(client.live) == ()


async def test_an_unknown_call_is_refused(socket_path: Path) -> None:
    with pytest.raises(EngineRefusedError) as refused:
        await asyncio.to_thread(EngineClient(socket_path).state)

    assert refused.value.code == "unknown_call"


@pytest.mark.parametrize(
    "sent",
    [
        b"",
        b"\x00\xff" * 500,
        b"GET\r\n\r\n",
        b"POST /v1/live HTTP/1.1\r\nHost: e\r\nContent-Length: 5\r\n\r\n{}",
        b"POST /v1/live HTTP/1.1\r\nHost: e\r\nContent-Length: 99999999\r\n\r\n" + b"x" * 17_000_000,
    ],
)
async def test_what_is_no_request_is_dropped_and_the_next_is_answered(socket_path: Path, sent: bytes) -> None:
    try:
        answer = await _raw(socket_path, sent)
    except ConnectionError:
        answer = b""

    assert b"200" not in answer
    assert await asyncio.to_thread(EngineClient(socket_path).live) == ()


async def test_a_question_of_the_wrong_shape_is_told_so(socket_path: Path) -> None:
    body = b'{"device": "x"}'
    head = b"POST /v1/live HTTP/1.1\r\nHost: e\r\nContent-Length: %d\r\n\r\n" % len(body)

    answer = await _raw(socket_path, head + body)

    assert answer.startswith(b"HTTP/1.1 400")
    assert b"bad_question" in answer


async def test_nobody_listening_is_said_in_words(tmp_path: Path) -> None:
    with pytest.raises(EngineUnreachableError, match="does not answer"):
        EngineClient(tmp_path / "engine.sock").state()


async def test_an_answer_of_another_version_is_an_error_of_ours(tmp_path: Path) -> None:
    async def other(_question: calls.Nothing) -> calls.Nothing:
        return calls.Nothing()

    strange = calls.Call("state", calls.STATE.question, calls.STATE.question)
    path = tmp_path / "engine.sock"
    async with control_server(path, dict([answering(strange, other)]), LiveTable(SystemClock())):
        with pytest.raises(EngineError, match="not of this version"):
            await asyncio.to_thread(EngineClient(path).state)
