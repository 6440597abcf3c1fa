"""Our TLS and other people's."""

from __future__ import annotations

import ssl
from pathlib import Path
from typing import Any

import pytest
from pymodbus.server import ModbusTlsServer
from pymodbus.simulator import DataType, SimData, SimDevice

from wattledger.fieldbus import LinkError, TcpLink, TlsSecurity, TlsSettings
from wattledger.fieldbus.modbus.pdu import ReadRegisters

HOST = "127.0.0.1"


async def test_a_libmodbus_server_behind_stunnel_is_read_register_by_register_right(
    stunnel_port: int, issued: Any
) -> None:
    settings = TlsSettings(
        TlsSecurity.AUTHENTICATED, issued.client.pem, lambda: issued.client.key, authorities=(issued.authority.pem,)
    )
    link = TcpLink(HOST, stunnel_port, timeout_s=5, tls=settings)

    for address, count in ((0xB000, 1), (0xB001, 125), (0xB3FF, 1), (0xB123, 77)):
        reply = await link.request(1, ReadRegisters(3, address, count))
        assert reply.answer == tuple((address + n) * 7919 % 0x10000 for n in range(count))
    await link.close()


@pytest.mark.parametrize("client", ["client_strange", "client_expired", ""])
async def test_stunnel_lets_nobody_in_without_a_right_certificate(stunnel_port: int, issued: Any, client: str) -> None:
    shown = getattr(issued, client) if client else None
    settings = TlsSettings(
        TlsSecurity.AUTHENTICATED if shown else TlsSecurity.ENCRYPTED,
        shown and shown.pem,
        shown and (lambda: shown.key),
        authorities=(issued.authority.pem,),
    )
    link = TcpLink(HOST, stunnel_port, timeout_s=30, tls=settings)

    with pytest.raises(LinkError, match="certificate"):
        await link.request(1, ReadRegisters(3, 0xB000, 1))
    await link.close()


async def test_a_pymodbus_server_is_read_over_tls(issued: Any, tmp_path: Path) -> None:
    certificate, key = issued.server.files(tmp_path)
    registers = SimData(0, values=[n * 7919 % 0x10000 for n in range(200)], datatype=DataType.REGISTERS)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate, key)
    server = ModbusTlsServer(SimDevice(1, simdata=[registers]), address=(HOST, 0), sslctx=context)
    await server.serve_forever(background=True)
    port = server.transport.sockets[0].getsockname()[1]
    link = TcpLink(HOST, port, timeout_s=5, tls=TlsSettings(TlsSecurity.ENCRYPTED, authorities=(issued.authority.pem,)))
    try:
        reply = await link.request(1, ReadRegisters(3, 10, 100))
    finally:
        await link.close()
        await server.shutdown()

    assert reply.answer == tuple((10 + n) * 7919 % 0x10000 for n in range(100))
