"""The web server as a child: granian, embedded, with pages and API over TLS."""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress

from granian.constants import HTTPModes, Interfaces, SSLProtocols
from granian.http import HTTP1Settings
from granian.server.embed import Server

from wattledger.plant import DataFolder
from wattledger.services.anchor import anchored
from wattledger.services.child import Child, keep_beating, run_loop
from wattledger.services.port import probe
from wattledger.web.asgi import application

log = logging.getLogger(__name__)

# Browsers with a live page hold a stream open for ever; they come again by themselves.
LET_GO_S = 2.0
LOOK_EVERY_S = 0.05
# Connections at once: well above what streams and browsers hold, below the 1024 files that a process may have open.
# Further ones wait unanswered until one of these ends, and then nobody gets through, not even a monitor.
MOST_CONNECTIONS = 512
IDLE_S = 10  # until a connection without a request is closed, so that idle ones do not take the place of others


def main(child: Child, *, host: str, port: int) -> int:
    """Serve until SIGTERM. Raises PortInUseError when somebody else listens."""
    probe(host, port)

    async def serve(stop: asyncio.Event) -> None:
        server = _server(child.folder, host, port)
        async with asyncio.TaskGroup() as tasks:
            serving = tasks.create_task(server.serve(), name="granian")
            beating = tasks.create_task(_beat_when_listening(child, host, port, stop), name="heartbeat")
            stopping = asyncio.create_task(stop.wait(), name="stop")
            await asyncio.wait((serving, stopping), return_when=asyncio.FIRST_COMPLETED)
            stopping.cancel()
            await _let_go(server, serving)
            beating.cancel()
            if not stop.is_set():
                raise RuntimeError("the web server ended by itself; its lines in the log say why")

    with anchored(child.folder.configuration):
        return run_loop(serve)


def _server(folder: DataFolder, host: str, port: int) -> Server:
    server = Server(
        application,
        address=host,
        port=port,
        interface=Interfaces.ASGINL,  # Django has no lifespan
        http=HTTPModes.auto,
        websockets=False,
        backpressure=MOST_CONNECTIONS,
        http1_settings=HTTP1Settings(header_read_timeout=IDLE_S * 1000),
        log_access=False,
        ssl_cert=folder.certificate,
        ssl_key=folder.certificate_key,
        ssl_protocol_min=SSLProtocols.tls12,
    )
    # It sets handlers up that write to stdout; its lines belong into the log of all.
    granian_log = logging.getLogger("_granian")
    granian_log.handlers.clear()
    granian_log.propagate = True
    granian_log.setLevel(logging.ERROR)  # below that it tells of its own coming and going
    return server


async def _beat_when_listening(child: Child, host: str, port: int, stop: asyncio.Event) -> None:
    """The first beat says that the child is ready, so it must not come before a browser would get through."""
    while True:
        try:
            _reader, writer = await asyncio.open_connection(host, port)
        except OSError:
            await asyncio.sleep(LOOK_EVERY_S)
            continue
        writer.close()
        break
    await keep_beating(child, stop)


async def _let_go(server: Server, serving: asyncio.Task[None]) -> None:
    """Stop serving; requests that are not done by then are cut off with the process."""
    server.stop()  # type: ignore[no-untyped-call]  # granian has no types
    with suppress(TimeoutError):
        async with asyncio.timeout(LET_GO_S):
            await asyncio.wait((serving,))
    serving.cancel()
