"""The demo while it runs: declares the hotel, has its history seeded, and shows both as they grow."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console, Group
from rich.live import Live

from wattledger.demo.client import Api, ApiError
from wattledger.demo.declaring import declare
from wattledger.demo.folder import DemoFolder
from wattledger.demo.hotel.live import Channel, LiveChannels
from wattledger.demo.plan.hosts import INCOMER
from wattledger.demo.plan.terminals import WATER
from wattledger.demo.screen import screen
from wattledger.demo.seeding import progress_in
from wattledger.demo.watching import Watch
from wattledger.measure import PointName
from wattledger.web.terminal import gettext as _

LOOK_EVERY_S = 1.0


@dataclass(frozen=True, slots=True)
class Running:
    """A demo that has been started; `seed` starts the seeding of its history."""

    folder: DemoFolder
    api: Api
    address: str
    token_file: Path
    places: dict[str, str]
    certificate: str
    server: subprocess.Popen[bytes]
    seed: Callable[[], subprocess.Popen[bytes]]


def show(running: Running, console: Console) -> None:
    """Declare, seed and show until interrupted; raises RuntimeError when the server ends."""
    picture = _Picture(running, console)
    with Live(console=console, auto_refresh=False, transient=not console.is_terminal) as live:
        places, certificate = running.places, running.certificate
        for done in declare(running.api, places=places, certificate=certificate, water_m3=_water(running)):
            picture.watch.ids = done.devices
            if console.is_terminal:
                picture.show(live)
        seeding = running.seed()
        while running.server.poll() is None:
            picture.show(live)
            if seeding.poll():
                raise RuntimeError(_("The history could not be seeded; the log says why."))
            time.sleep(LOOK_EVERY_S)
    raise RuntimeError(_("The server has ended; its log says why."))


class _Picture:
    """What has been seen so far; drawn anew on a terminal, printed once elsewhere."""

    def __init__(self, running: Running, console: Console) -> None:
        self.watch = Watch(running.api, {})
        self._running = running
        self._console = console
        self._is_printed = False

    def show(self, live: Live) -> None:
        """Look, and show what there is."""
        notice = ""
        try:
            self.watch.look()
        except ApiError as error:
            notice = str(error)
        if self._console.is_terminal:
            live.update(self._drawn(notice), refresh=True)
        elif not self._is_printed and self.watch.has_seen_each_bus:
            self._console.print(self._drawn(notice))
            self._is_printed = True

    def _drawn(self, notice: str) -> Group:
        running = self._running
        incoming = self.watch.ids.get(INCOMER.meter, "")
        progress = progress_in(running.folder)
        return screen(running.address, running.token_file, self.watch.rows, progress, incoming=incoming, notice=notice)


def _water(running: Running) -> Callable[[], float]:
    """What the water meter shows at the moment, in m³."""
    name = PointName.parse("water_volume")
    records = running.folder.records(now_s=time.time())
    live = LiveChannels(records, [Channel(1, WATER.meter, WATER.index, (name,))])
    return lambda: live(time.time())[1, name]
