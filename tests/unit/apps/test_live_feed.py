"""Many listeners, one subscription; the latest value wins; rights are looked at again and again."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from wattledger.apps.accounts.models import ApiToken, User
from wattledger.apps.accounts.rights import Right
from wattledger.apps.measurements import stream
from wattledger.apps.measurements.feed import MOST_LISTENERS, Listener, LiveFeed, TooManyListenersError
from wattledger.engine.api import EngineUnreachableError, LiveQuality, LiveValue
from wattledger.plant import DataFolder

ALL: frozenset[int] = frozenset()
WAIT_S = 10.0


def value(device: int, point: str, number: float) -> LiveValue:
    now = datetime(2026, 11, 1, tzinfo=UTC)
    return LiveValue(device, device, 1, point, number, "W", now, 0.1, LiveQuality.GOOD)


class Source:
    """An engine's stream that a test feeds; None ends it."""

    def __init__(self) -> None:
        self.subscriptions = 0
        self.closed = 0
        self._waiting: asyncio.Queue[tuple[LiveValue, ...] | None] = asyncio.Queue()

    def give(self, *values: LiveValue) -> None:
        self._waiting.put_nowait(values)

    def fail(self) -> None:
        self._waiting.put_nowait(None)

    async def live_stream(self) -> AsyncIterator[tuple[LiveValue, ...]]:
        self.subscriptions += 1
        try:
            while (values := await self._waiting.get()) is not None:
                yield values
            raise EngineUnreachableError("gone")
        finally:
            self.closed += 1


async def news_of(listener: Listener) -> list[LiveValue]:
    return [told.value for told in await listener.news(wait_s=WAIT_S)]


async def test_all_listeners_share_one_subscription_that_ends_with_the_last() -> None:
    source = Source()
    feed = LiveFeed(lambda: source, words=str)

    async with feed.listening(ALL) as first:
        async with feed.listening(ALL) as second:
            source.give(value(1, "p", 1.0))
            assert await news_of(first) == await news_of(second) == [value(1, "p", 1.0)]
        source.give(value(1, "p", 2.0))
        assert await news_of(first) == [value(1, "p", 2.0)]
        assert (source.subscriptions, source.closed) == (1, 0)

    assert (source.subscriptions, source.closed) == (1, 1)
    assert [task for task in asyncio.all_tasks() if "live" in task.get_name()] == []


async def test_a_slow_listener_gets_the_latest_value_of_each_point() -> None:
    source = Source()
    feed = LiveFeed(lambda: source, words=str)

    async with feed.listening(ALL) as slow, feed.listening(ALL) as quick:
        for number in range(100):
            source.give(value(1, "p", number), value(1, "q", -number))
        while True:
            if (await news_of(quick))[-1].value == -99:
                break

        assert [found.value for found in await news_of(slow)] == [99, -99]


async def test_who_comes_later_gets_everything_at_first() -> None:
    source = Source()
    feed = LiveFeed(lambda: source, words=str)

    async with feed.listening(ALL) as early:
        source.give(value(1, "p", 1.0), value(2, "p", 2.0))
        await news_of(early)
        async with feed.listening(ALL) as late, feed.listening(frozenset({2})) as choosy:
            assert len(await news_of(late)) == 2
            assert [found.device for found in await news_of(choosy)] == [2]


async def test_a_listener_learns_that_the_engine_went_and_came_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("wattledger.apps.measurements.feed.RETRY_S", 0.0)
    source = Source()
    feed = LiveFeed(lambda: source, words=str)

    async with feed.listening(ALL) as listener:
        source.give(value(1, "p", 1.0))
        await news_of(listener)
        source.fail()
        assert await news_of(listener) == []
        assert listener.reached is False
        source.give(value(1, "p", 2.0))
        assert await news_of(listener) == [value(1, "p", 2.0)]
        assert listener.reached is True
        assert source.subscriptions == 2


async def test_there_is_an_end_to_listeners() -> None:
    feed = LiveFeed(Source, words=str)
    contexts = [feed.listening(ALL) for _ in range(MOST_LISTENERS)]
    for context in contexts:
        await context.__aenter__()

    with pytest.raises(TooManyListenersError):
        await feed.listening(ALL).__aenter__()

    for context in contexts:
        await context.__aexit__(None, None, None)


async def test_a_value_is_put_into_words_once_however_many_listen() -> None:
    source = Source()
    told: list[LiveValue] = []

    def words(found: LiveValue) -> str:
        told.append(found)
        return found.point

    feed = LiveFeed(lambda: source, words=words)
    async with feed.listening(ALL) as first, feed.listening(ALL) as second, feed.listening(frozenset({1})) as third:
        source.give(value(1, "p", 1.0), value(1, "q", 2.0))
        for listener in (first, second, third):
            assert [news.text for news in await listener.news(wait_s=WAIT_S)] == ["p", "q"]
        async with feed.listening(ALL) as late:
            assert [news.text for news in await late.news(wait_s=WAIT_S)] == ["p", "q"]

    assert len(told) == 2


async def test_a_promised_place_is_kept_and_counts() -> None:
    feed = LiveFeed(Source, words=str)
    places = [feed.promise() for _ in range(MOST_LISTENERS)]

    with pytest.raises(TooManyListenersError):
        feed.promise()
    with pytest.raises(TooManyListenersError):
        await feed.listening(ALL).__aenter__()
    async with feed.listening(ALL, place=places[0]):
        with pytest.raises(TooManyListenersError):
            feed.promise()
    assert feed.promise()


def test_a_place_that_nobody_took_is_free_again(monkeypatch: pytest.MonkeyPatch) -> None:
    feed = LiveFeed(Source, words=str)
    for _ in range(MOST_LISTENERS):
        feed.promise()

    monkeypatch.setattr("wattledger.apps.measurements.feed.PROMISED_S", 0.0)

    assert feed.promise()


def test_one_stream_too_many_is_refused_before_it_begins(api: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    feed = LiveFeed(Source, words=str)
    monkeypatch.setattr(stream, "live_feed", lambda: feed)

    answers = [api("GET", "/live/stream") for _ in range(MOST_LISTENERS + 2)]

    assert [answer.status_code for answer in answers] == [200] * MOST_LISTENERS + [429] * 2
    assert answers[-1].json()["code"] == "too_many_streams"
    assert int(answers[-1].headers["Retry-After"]) > 0
    for answer in answers[:MOST_LISTENERS]:
        answer.close()


async def test_a_stream_ends_soon_after_its_right_does(monkeypatch: pytest.MonkeyPatch) -> None:
    source = Source()
    feed = LiveFeed(lambda: source, words=stream.words)
    monkeypatch.setattr(stream, "live_feed", lambda: feed)
    monkeypatch.setattr(stream, "RECHECK_S", 0.02)
    refusals: list[str] = []
    source.give(value(1, "p", 1.5))

    chunks = []
    async with asyncio.timeout(WAIT_S):
        async for chunk in stream.live_events(ALL, may=lambda: not refusals):
            chunks.append(chunk.decode())
            if "data: [{" in chunks[-1]:
                refusals.append("the token was revoked")

    assert chunks[0] == "retry: 3000\n\n"
    assert '"device": "d1"' in chunks[1]
    assert '"value": 1.5' in chunks[1]
    assert chunks[-1] == 'event: end\ndata: {"code": "not_authenticated"}\n\n'
    assert source.closed == 1


async def test_leaving_a_stream_early_closes_the_subscription(monkeypatch: pytest.MonkeyPatch) -> None:
    source = Source()
    feed = LiveFeed(lambda: source, words=stream.words)
    monkeypatch.setattr(stream, "live_feed", lambda: feed)
    source.give(value(1, "p", 1.0))

    events = stream.live_events(ALL, may=lambda: True)
    await anext(events)
    await anext(events)
    await events.aclose()  # type: ignore[attr-defined]  # what Django does when the browser goes

    assert source.closed == 1


def test_a_right_lasts_as_long_as_token_user_and_profile(folder: DataFolder, caller: Callable[..., Any]) -> None:
    caller("viewer")
    token = ApiToken.objects.get()

    assert stream.may_still(token, Right.OPERATE)
    assert not stream.may_still(token, Right.CONFIGURE)
    User.objects.filter(identifier="viewer").update(enabled=False)
    assert not stream.may_still(token, Right.OPERATE)
    User.objects.filter(identifier="viewer").update(enabled=True)
    ApiToken.objects.update(revoked=datetime.now(UTC))
    assert not stream.may_still(token, Right.OPERATE)
    ApiToken.objects.all().delete()
    assert not stream.may_still(token, Right.OPERATE)
