"""Modbus over TLS: the right peer is read, any other is refused for a reason that an electrician understands."""

from __future__ import annotations

import asyncio
import re
import ssl
import sys
import warnings
from collections.abc import Callable, Coroutine
from typing import Any

import pytest
import uvloop
from cryptography import x509

from wattledger.fieldbus import (
    AnswerTimeoutError,
    ConnectionLostError,
    LinkError,
    TcpLink,
    TlsSecurity,
    TlsSettings,
    TlsVersion,
    UnreachableError,
)
from wattledger.fieldbus.modbus.pdu import ReadRegisters

READ = ReadRegisters(3, 0xB000, 100)
RIGHT = tuple((0xB000 + n) * 7919 % 0x10000 for n in range(100))
LOOPS = pytest.mark.parametrize("new_loop", [asyncio.new_event_loop, uvloop.new_event_loop], ids=["asyncio", "uvloop"])
ROLE = x509.ObjectIdentifier("1.3.6.1.4.1.50316.802.1")


def run(
    work: Coroutine[Any, Any, Any], new_loop: Callable[[], asyncio.AbstractEventLoop] = uvloop.new_event_loop
) -> Any:
    with asyncio.Runner(loop_factory=new_loop) as runner:
        return runner.run(work)


async def ask(
    front: Any, settings: TlsSettings | None, *, timeout_s: float = 30, host: str = "127.0.0.1"
) -> tuple[int, ...]:
    link = TcpLink(host, front.port, timeout_s=timeout_s, tls=settings)
    try:
        async with asyncio.timeout(10):
            return (await link.request(1, READ)).answer
    finally:
        await link.close()


def encrypted(*authorities: Any, **settings: Any) -> TlsSettings:
    return TlsSettings(TlsSecurity.ENCRYPTED, authorities=tuple(each.pem for each in authorities), **settings)


def authenticated(client: Any, *authorities: Any, **settings: Any) -> TlsSettings:
    pems = tuple(each.pem for each in authorities)
    return TlsSettings(TlsSecurity.AUTHENTICATED, client.pem, lambda: client.key, authorities=pems, **settings)


def refusal(front: Any, settings: TlsSettings | None, new_loop: Any = uvloop.new_event_loop) -> str:
    """Why no value came; anything but a lost or impossible connection fails the test."""

    async def try_once() -> str:
        with pytest.raises(LinkError) as error:
            await ask(front, settings)
        return str(error.value)

    return str(run(try_once(), new_loop))


@LOOPS
@pytest.mark.parametrize("record_bytes", [1, 5, 7, 100, 208])
def test_an_answer_may_come_in_any_number_of_records(
    secured: Any, issued: Any, new_loop: Any, record_bytes: int
) -> None:
    front = secured(record_bytes=record_bytes)

    assert run(ask(front, encrypted(issued.authority)), new_loop) == RIGHT


@LOOPS
@pytest.mark.parametrize("version", ["TLSv1_2", "TLSv1_3"])
def test_an_authenticated_client_shows_its_certificate_and_role(
    secured: Any, issued: Any, new_loop: Any, version: str
) -> None:
    front = secured(clients_of=issued.authority, version=ssl.TLSVersion[version])

    assert run(ask(front, authenticated(issued.client, issued.authority)), new_loop) == RIGHT
    shown = x509.load_der_x509_certificate(front.peer_der)
    assert shown == issued.client.certificate
    assert shown.extensions.get_extension_for_oid(ROLE).value.public_bytes() == b"\x0c\x08Operator"


def test_an_encrypted_connection_keeps_its_certificate_to_itself(secured: Any, issued: Any) -> None:
    front = secured(change=lambda context: setattr(context, "verify_mode", ssl.CERT_OPTIONAL))
    settings = TlsSettings(
        TlsSecurity.ENCRYPTED, issued.client.pem, lambda: issued.client.key, authorities=(issued.authority.pem,)
    )

    assert run(ask(front, settings)) == RIGHT
    assert front.peer_der is None


@LOOPS
@pytest.mark.parametrize(
    ("server", "reason"),
    [
        ("expired", "has expired"),
        ("future", "not valid yet"),
        ("elsewhere", "issued for another host name or address"),
        ("strange", "authority that is not trusted"),
        ("forged", "may be forged"),
        ("self_signed", "is self-signed, which is not accepted"),
        ("server_of_intermediate", "authority that is not trusted"),
        ("not_a_server", "not meant for a server"),
    ],
)
def test_a_server_with_a_wrong_certificate_is_refused(
    secured: Any, issued: Any, new_loop: Any, server: str, reason: str
) -> None:
    front = secured(getattr(issued, server))

    assert re.search(reason, refusal(front, encrypted(issued.authority), new_loop))


@pytest.mark.parametrize("trusted", ["intermediate", "server_of_intermediate"])
def test_what_the_user_trusts_need_not_be_the_root(secured: Any, issued: Any, trusted: str) -> None:
    front = secured(issued.server_of_intermediate)

    assert run(ask(front, encrypted(getattr(issued, trusted)))) == RIGHT


@pytest.mark.parametrize("server", ["expired", "future", "server"])
def test_dates_alone_may_be_left_unchecked(secured: Any, issued: Any, server: str) -> None:
    front = secured(getattr(issued, server))

    assert run(ask(front, encrypted(issued.authority, checks_dates=False))) == RIGHT


@pytest.mark.parametrize(
    ("server", "reason"),
    [
        ("expired_elsewhere", "issued for another host name or address"),
        ("expired_strange", "authority that is not trusted"),
        ("forged", "may be forged"),
        ("self_signed_expired", "is self-signed, which is not accepted"),
    ],
)
def test_without_the_dates_every_other_check_stays(secured: Any, issued: Any, server: str, reason: str) -> None:
    front = secured(getattr(issued, server))

    assert re.search(reason, refusal(front, encrypted(issued.authority, checks_dates=False)))


@LOOPS
def test_a_self_signed_server_is_read_where_that_is_accepted(secured: Any, issued: Any, new_loop: Any) -> None:
    front = secured(issued.self_signed)

    assert run(ask(front, encrypted(accepts_self_signed=True)), new_loop) == RIGHT
    assert front.connections == 1


@LOOPS
@pytest.mark.parametrize(
    ("server", "reason"),
    [
        ("self_signed_expired", r"the server's certificate expired on \d{4}-\d\d-\d\d"),
        ("strange", "authority that is not trusted"),
        ("expired", "has expired"),
        ("elsewhere", "another host"),
        ("pretender", "the server's certificate"),
    ],
)
def test_accepting_self_signed_ones_lets_nothing_else_in(
    secured: Any, issued: Any, new_loop: Any, server: str, reason: str
) -> None:
    front = secured(getattr(issued, server))

    assert re.search(reason, refusal(front, encrypted(issued.authority, accepts_self_signed=True), new_loop))


def test_where_self_signed_ones_are_accepted_so_are_those_of_the_authority(secured: Any, issued: Any) -> None:
    front = secured()

    assert run(ask(front, encrypted(issued.authority, accepts_self_signed=True))) == RIGHT


@pytest.mark.parametrize("checks_dates", [True, False])
def test_an_expired_self_signed_certificate_is_a_question_of_dates_only(
    secured: Any, issued: Any, checks_dates: bool
) -> None:
    front = secured(issued.self_signed_expired)
    settings = encrypted(accepts_self_signed=True, checks_dates=checks_dates)

    if checks_dates:
        assert "expired" in refusal(front, settings)
    else:
        assert run(ask(front, settings)) == RIGHT


@LOOPS
def test_the_known_certificate_of_a_server_is_enough_whatever_it_names(
    secured: Any, issued: Any, new_loop: Any
) -> None:
    settings = encrypted(peer_certificate=issued.self_signed.pem)

    assert run(ask(secured(issued.self_signed), settings), new_loop) == RIGHT
    assert "another certificate than the one" in refusal(secured(issued.server), settings, new_loop)
    assert "another certificate than the one" in refusal(secured(issued.self_signed_expired), settings, new_loop)


@LOOPS
@pytest.mark.parametrize("version", ["TLSv1_2", "TLSv1_3"])
@pytest.mark.parametrize(
    ("client", "reason"),
    [
        ("client_strange", "refuses our client certificate|before its first answer"),
        ("client_expired", "refuses our client certificate|before its first answer"),
        ("", "wants a client certificate|before its first answer"),
    ],
)
def test_a_server_that_refuses_our_certificate_says_so_and_is_no_timeout(
    secured: Any, issued: Any, new_loop: Any, version: str, client: str, reason: str
) -> None:
    front = secured(clients_of=issued.authority, version=ssl.TLSVersion[version])
    settings = authenticated(getattr(issued, client), issued.authority) if client else encrypted(issued.authority)

    assert re.search(reason, refusal(front, settings, new_loop))


def test_what_a_server_says_when_it_refuses_late_is_passed_on(secured: Any, issued: Any) -> None:
    front = secured(clients_of=issued.authority, version=ssl.TLSVersion.TLSv1_3)
    settings = authenticated(issued.client_expired, issued.authority)

    heard = (refusal(front, settings) for _ in range(50))  # a reset may overtake the server's words, but not always

    assert any("refuses our client certificate: expired" in reason for reason in heard)


async def test_a_refusal_after_the_handshake_is_not_stormed(secured: Any, issued: Any) -> None:
    front = secured(clients_of=issued.authority, version=ssl.TLSVersion.TLSv1_3)
    link = TcpLink("127.0.0.1", front.port, timeout_s=30, tls=encrypted(issued.authority))

    with pytest.raises(ConnectionLostError):
        await link.request(1, READ)
    with pytest.raises(UnreachableError, match=r"certificate.*next try in"):
        await link.request(1, READ)
    await link.close()

    assert link.statistics.of_link().timeouts == 0


@LOOPS
@pytest.mark.parametrize(
    ("ours", "theirs"), [(TlsVersion.V1_2, "TLSv1_3"), (TlsVersion.V1_3, "TLSv1_2")], ids=["old", "new"]
)
def test_without_a_common_version_the_reason_is_the_version(
    secured: Any, issued: Any, new_loop: Any, ours: TlsVersion, theirs: str
) -> None:
    front = secured(version=ssl.TLSVersion[theirs])

    assert "no TLS version in common" in refusal(front, encrypted(issued.authority, version=ours), new_loop)


@pytest.mark.parametrize(
    ("version", "spoken"), [(TlsVersion.ANY, "TLSv1.3"), (TlsVersion.V1_2, "TLSv1.2"), (TlsVersion.V1_3, "TLSv1.3")]
)
def test_the_chosen_version_is_spoken(secured: Any, issued: Any, version: TlsVersion, spoken: str) -> None:
    front = secured()

    assert run(ask(front, encrypted(issued.authority, version=version))) == RIGHT
    assert front.version == spoken


def old(context: ssl.SSLContext) -> None:
    context.set_ciphers("DEFAULT@SECLEVEL=0")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1_1


@pytest.mark.parametrize("version", [TlsVersion.ANY, TlsVersion.V1_1])
def test_a_legacy_connection_and_no_other_speaks_tls_1_1(secured: Any, issued: Any, version: TlsVersion) -> None:
    front = secured(change=old)

    assert run(ask(front, encrypted(issued.authority, version=version, is_legacy=True))) == RIGHT
    assert front.version == "TLSv1.1"
    assert "no TLS version in common" in refusal(front, encrypted(issued.authority))


@LOOPS
@pytest.mark.parametrize(
    ("behaviour", "reason"),
    [("greet", "does not speak TLS"), ("hang up", "hung up during the TLS handshake"), ("wait", "does it speak TLS")],
)
def test_a_port_without_tls_is_told_from_an_absent_one(
    issued: Any, new_loop: Any, monkeypatch: pytest.MonkeyPatch, behaviour: str, reason: str
) -> None:
    monkeypatch.setattr("wattledger.fieldbus.modbus.link.CONNECT_TLS_S", 0.3)

    gone = asyncio.Event()

    class NoTls(asyncio.Protocol):
        def connection_made(self, transport: Any) -> None:
            self.transport = transport

        def data_received(self, data: bytes) -> None:
            if behaviour == "greet":
                self.transport.write(b"SSH-2.0-OpenSSH_9.2\r\n")
            elif behaviour == "hang up":
                self.transport.close()

        def connection_lost(self, exc: Exception | None) -> None:
            gone.set()

    async def try_once() -> None:
        async with await asyncio.get_running_loop().create_server(NoTls, "127.0.0.1", 0) as server:
            link = TcpLink(*server.sockets[0].getsockname(), timeout_s=30, tls=encrypted(issued.authority))
            with pytest.raises(UnreachableError, match=reason):
                await link.request(1, READ)
            await link.close()
            await gone.wait()

    run(try_once(), new_loop)


def test_a_clear_request_to_a_secured_port_is_no_timeout(secured: Any) -> None:
    assert refusal(secured(), None)


@LOOPS
def test_silence_behind_tls_is_a_timeout(secured: Any, issued: Any, new_loop: Any) -> None:
    front = secured(script=lambda asked: [])

    async def ask_in_vain() -> None:
        with pytest.raises(AnswerTimeoutError, match="no answer within"):
            await ask(front, encrypted(issued.authority), timeout_s=0.05)

    run(ask_in_vain(), new_loop)


@LOOPS
def test_a_close_behind_tls_is_reported_at_once_and_the_next_request_reconnects(
    secured: Any, issued: Any, new_loop: Any
) -> None:
    front = secured(script=lambda asked: ["close"] if asked.number == 1 else [asked.answer()])

    async def ask_three_times() -> tuple[int, int]:
        link = TcpLink("127.0.0.1", front.port, timeout_s=30, tls=encrypted(issued.authority))
        async with asyncio.timeout(10):
            await link.request(1, READ)
            with pytest.raises(ConnectionLostError, match="the peer closed the connection"):
                await link.request(1, READ)
            await link.request(1, READ)
            await link.close()
        statistics = link.statistics.of_link()
        return statistics.connections, statistics.connections_lost

    assert run(ask_three_times(), new_loop) == (2, 1)


@LOOPS
def test_a_request_cancelled_anywhere_leaves_nothing_to_the_next(secured: Any, issued: Any, new_loop: Any) -> None:
    front = secured()

    async def ask_after_a_cancelled_one(turns: int) -> tuple[int, ...]:
        link = TcpLink("127.0.0.1", front.port, timeout_s=30, tls=encrypted(issued.authority))
        async with asyncio.timeout(10):
            cancelled = asyncio.create_task(link.request(1, ReadRegisters(3, 7, 100)))
            for _ in range(turns):
                await asyncio.sleep(0.0005)
            cancelled.cancel()
            answer = (await link.request(1, READ)).answer
            await link.close()
        await asyncio.gather(cancelled, return_exceptions=True)
        return answer

    for turns in range(0, 24, 2):
        assert run(ask_after_a_cancelled_one(turns), new_loop) == RIGHT


async def test_settings_that_cannot_be_used_make_the_bus_unreachable(secured: Any, issued: Any) -> None:
    settings = TlsSettings(TlsSecurity.AUTHENTICATED, issued.client.pem, lambda: issued.server.key)

    with pytest.raises(UnreachableError, match="private key: it does not match the certificate"):
        await ask(secured(), settings)


@pytest.mark.parametrize("host", ["", ".", "a..b.invalid", "a" * 64 + ".invalid"])
async def test_a_host_name_that_cannot_be_one_is_unreachable(secured: Any, issued: Any, host: str) -> None:
    with pytest.raises(UnreachableError):
        await ask(secured(), encrypted(issued.authority), host=host)


async def test_only_those_who_use_tls_load_its_libraries() -> None:
    program = "import sys, wattledger.fieldbus; sys.exit('cryptography' in sys.modules)"
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", program)

    assert await process.wait() == 0
