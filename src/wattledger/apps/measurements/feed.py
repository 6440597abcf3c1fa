"""Live values for many browsers from one subscription to the engine.

The first listener starts the subscription, the last one to leave ends it. A listener that is slower than the engine
gets the latest value of each point and skips those between. Each value is put into words once, however many listen.
Everything here lives on one event loop, but for `promise`.
"""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Protocol

from wattledger.engine.api import EngineError, LiveValue

log = logging.getLogger(__name__)

RETRY_S = 2.0  # between two tries to reach an engine that does not run
MOST_LISTENERS = 50  # each holds a connection and a few hundred values
PROMISED_S = 30.0  # after which a promised place is free again: who was to take it went away before
Place = tuple[int, int, str]


@dataclass(frozen=True, slots=True)
class Told:
    """A live value and how it is told."""

    value: LiveValue
    text: str


class Upstream(Protocol):
    """Where live values come from: all of them at first, then those that changed."""

    def live_stream(self) -> AsyncIterator[tuple[LiveValue, ...]]:
        """Ends or raises EngineError when the engine goes."""


class TooManyListenersError(Exception):
    """No further listener is taken."""


class Listener:
    """One browser: what changed since it last looked, and whether the engine is reached."""

    def __init__(self, devices: frozenset[int]) -> None:
        self._devices = devices
        self._pending: dict[Place, Told] = {}
        self._changed = asyncio.Event()
        self.reached = True

    def offer(self, news: Mapping[Place, Told]) -> None:
        """Take what concerns this listener; a newer value of a point replaces one that was not fetched yet."""
        for place, told in news.items():
            if not self._devices or told.value.device in self._devices:
                self._pending[place] = told
        if self._pending:
            self._changed.set()

    def tell(self, *, reached: bool) -> None:
        """The engine went or came back."""
        if reached is not self.reached:
            self.reached = reached
            self._changed.set()

    async def news(self, *, wait_s: float) -> list[Told]:
        """What changed, as soon as something did, at the latest after `wait_s` (then perhaps nothing)."""
        try:
            async with asyncio.timeout(wait_s):
                await self._changed.wait()
        except TimeoutError:
            return []
        self._changed.clear()
        news = list(self._pending.values())
        self._pending.clear()
        return news


class LiveFeed:
    """The one subscription of this process, shared by all listeners; `words` tells a value as they get it."""

    def __init__(self, upstream: Callable[[], Upstream], *, words: Callable[[LiveValue], str]) -> None:
        self._upstream = upstream
        self._words = words
        self._listeners: set[Listener] = set()
        self._promised: dict[object, float] = {}
        self._turn = threading.Lock()
        self._latest: dict[Place, Told] = {}
        self._reached = True
        self._task: asyncio.Task[None] | None = None

    def promise(self) -> object:
        """A place for one listener, from any thread, so that who gets none is told before his stream begins.

        Raises TooManyListenersError.
        """
        now, place = time.monotonic(), object()
        with self._turn:
            self._promised = {kept: since for kept, since in self._promised.items() if now - since < PROMISED_S}
            if len(self._listeners) + len(self._promised) >= MOST_LISTENERS:
                raise TooManyListenersError
            self._promised[place] = now
        return place

    @asynccontextmanager
    async def listening(self, devices: frozenset[int], *, place: object = None) -> AsyncIterator[Listener]:
        """A listener to the values of these devices (empty: of all), all present values first.

        `place` is one that was promised. Raises TooManyListenersError.
        """
        listener = Listener(devices)
        listener.offer(self._latest)
        listener.tell(reached=self._reached)
        self._seat(listener, place)
        if self._task is None:
            self._task = asyncio.get_running_loop().create_task(self._follow(), name="live values from the engine")
        try:
            yield listener
        finally:
            self._listeners.discard(listener)
            if not self._listeners:
                await self._stop()

    def _seat(self, listener: Listener, place: object) -> None:
        with self._turn:
            self._promised.pop(place, None)
            if len(self._listeners) + len(self._promised) >= MOST_LISTENERS:
                raise TooManyListenersError
            self._listeners.add(listener)

    async def _stop(self) -> None:
        task, self._task = self._task, None  # first, so that who comes meanwhile starts another
        self._latest.clear()
        self._reached = True
        if task is not None:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task

    async def _follow(self) -> None:
        while True:
            try:
                async for values in self._upstream().live_stream():
                    self._take(values)
            except EngineError as error:
                log.debug("no live values: %s", error)
            except Exception:
                log.exception("live values cannot be read")
            self._latest.clear()  # what an engine said that is gone is not live
            self._tell(reached=False)
            await asyncio.sleep(RETRY_S)

    def _take(self, values: tuple[LiveValue, ...]) -> None:
        self._tell(reached=True)
        news = {(value.device, value.channel, value.point): Told(value, self._words(value)) for value in values}
        self._latest.update(news)
        for listener in self._listeners:
            listener.offer(news)

    def _tell(self, *, reached: bool) -> None:
        self._reached = reached
        for listener in self._listeners:
            listener.tell(reached=reached)
