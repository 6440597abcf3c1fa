"""One process of simulators: `python -m wattledger.demo.station --data DIR line|hosts|inputs`.

Prints `bus KEY PLACE` for each bus that it serves (a port of 127.0.0.1, or a device file), then `ready`. Ends on
SIGTERM and with its parent. What goes wrong in the hotel is read from the demo's folder, again whenever it changes.
"""

from __future__ import annotations

import argparse
import asyncio
import socket
import ssl
import sys
from collections.abc import Sequence
from contextlib import AsyncExitStack
from functools import partial
from pathlib import Path

from wattledger.catalog import Catalog, load_catalog
from wattledger.demo.control import report, run_until_told
from wattledger.demo.folder import DemoFolder
from wattledger.demo.inputs import serve_inputs
from wattledger.demo.outfit import Outfit
from wattledger.demo.paced_line import PacedLine
from wattledger.demo.plan import BUSES, TcpHost
from wattledger.demo.plan.line import BAUD, LINE
from wattledger.demo.plan.parts import BusKind
from wattledger.demo.serving import DeviceServer
from wattledger.plant import DataFolder

HOST = "127.0.0.1"


async def serve_line(folder: DemoFolder, catalog: Catalog) -> None:
    """The serial line, until cancelled."""
    outfit = Outfit(folder, (LINE.key,), catalog)
    line = PacedLine(baudrate=BAUD)
    server = DeviceServer(outfit.units(LINE.key))
    try:
        await server.open_line(line.for_devices, baudrate=BAUD)
        report(f"bus {LINE.key} {line.for_master}")
        report("ready")
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(line.talk(), name="line")
            tasks.create_task(outfit.keep_up(), name="outfit")
    finally:
        await server.close()
        line.close()


async def serve_hosts(folder: DemoFolder, catalog: Catalog) -> None:
    """All hosts on TCP, each at a port of its own, until cancelled."""
    buses = [bus for bus in BUSES if bus.kind is BusKind.TCP]
    outfit = Outfit(folder, tuple(bus.key for bus in buses), catalog)
    before, ports = folder.ports(), dict[str, int]()
    async with AsyncExitStack() as servers:
        for bus in buses:
            server = DeviceServer(outfit.units(bus.key))
            servers.push_async_callback(server.close)
            tls = _secured(folder) if bus.host is TcpHost.ENCRYPTED else None
            ports[bus.key] = await server.listen(HOST, _free(before.get(bus.key, 0)), tls=tls)
            report(f"bus {bus.key} {ports[bus.key]}")
        folder.keep_ports(ports)
        report("ready")
        await outfit.keep_up()


def _free(port: int) -> int:
    """`port` if nobody has it, else 0: any that is free."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return 0
        return port


def _secured(folder: DemoFolder) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_cert_chain(folder.certificate, folder.certificate_key)
    return context


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the simulators until told to end."""
    parser = argparse.ArgumentParser(prog="python -m wattledger.demo.station", description="Simulators of the hotel.")
    parser.add_argument("--data", type=Path, required=True, help="the server's data folder")
    parser.add_argument("station", choices=["line", "hosts", "inputs"])
    given = parser.parse_args(arguments)
    folder = DemoFolder(given.data)
    if given.station == "inputs":
        run_until_told(partial(serve_inputs, folder))
        return 0
    catalog = load_catalog(DataFolder(given.data).profiles)
    run_until_told(partial(serve_line if given.station == "line" else serve_hosts, folder, catalog))
    return 0


if __name__ == "__main__":
    sys.exit(main())
