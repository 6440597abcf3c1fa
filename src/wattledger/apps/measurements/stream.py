"""Live values as server-sent events, for as long as the one who listens may."""

from __future__ import annotations

import json
import time
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from functools import lru_cache

from asgiref.sync import sync_to_async
from django.db import DatabaseError, connection

from wattledger.apps.accounts.gate import Credential
from wattledger.apps.accounts.rights import Right
from wattledger.apps.measurements.feed import LiveFeed, Told, TooManyListenersError
from wattledger.apps.measurements.schemas import live_row
from wattledger.apps.rest.problems import ProblemError
from wattledger.apps.rest.server import engine
from wattledger.engine.api import LiveValue

RECHECK_S = 5.0  # how long a right that was taken away goes on working
RETRY_MS = 3000  # after which a browser that lost its connection comes back

May = Callable[[], bool]


@lru_cache(maxsize=1)
def live_feed() -> LiveFeed:
    """The one feed of this process."""
    return LiveFeed(engine, words=words)


def words(value: LiveValue) -> str:
    """A live value as the stream tells it."""
    return json.dumps(live_row(value).model_dump(mode="json"), ensure_ascii=False)


def promised_place() -> object:
    """A place for one stream; raises ProblemError where there is none."""
    try:
        return live_feed().promise()
    except TooManyListenersError:
        raise ProblemError("too_many_streams") from None


async def live_events(devices: frozenset[int], *, may: May, place: object = None) -> AsyncIterator[bytes]:
    """Events without a name carry lists of live values; `engine` says whether they come, `end` that nothing follows.

    Ends within RECHECK_S after `may` says no.
    """
    yield f"retry: {RETRY_MS}\n\n".encode()
    try:
        async with live_feed().listening(devices, place=place) as listener:
            reached, checked = True, time.monotonic()
            while True:
                news = await listener.news(wait_s=RECHECK_S / 2)
                if time.monotonic() - checked >= RECHECK_S / 2:
                    checked = time.monotonic()
                    if not await sync_to_async(may)():
                        yield _event("end", {"code": "not_authenticated"})
                        return
                if listener.reached is not reached:
                    reached = listener.reached
                    yield _event("engine", {"reached": reached})
                yield _data(news) if news else b":\n\n"
    except TooManyListenersError:  # the place was promised too long ago
        yield _event("end", {"code": "too_many_streams"})


def may_still(credential: Credential, right: Right) -> bool:
    """Whether the token or login is still valid and its user still has the right; leaves no connection open.

    While the database cannot be asked the stream goes on: who could revoke the token cannot do so either.
    """
    try:
        present = type(credential).objects.select_related("user").filter(pk=credential.pk).first()
        return present is not None and present.is_valid(at=datetime.now(UTC)) and present.user.may(right)
    except DatabaseError:
        return True
    finally:
        connection.close()


def _event(name: str, content: dict[str, object]) -> bytes:
    return f"event: {name}\ndata: {json.dumps(content)}\n\n".encode()


def _data(news: list[Told]) -> bytes:
    return f"data: [{', '.join(told.text for told in news)}]\n\n".encode()
