"""The ASGI application, with a bound on what a request may bring before anything else looks at it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from concurrent.futures import ThreadPoolExecutor
from typing import cast

from asgiref.sync import ThreadSensitiveContext
from django.conf import settings
from django.core.asgi import get_asgi_application

Message = MutableMapping[str, object]
Scope = Mapping[str, object]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]

STREAMS = "/api/v1/live/stream"
REFUSAL = (
    b'{"type":"about:blank","title":"Too large","status":413,"code":"too_large","detail":"The request is too large."}'
)


class _TooLargeError(Exception):
    """More came than is taken."""


def bounded(inner: Application, *, most_bytes: int) -> Application:
    """Answer 413 to a request with a larger body, told or not; Django would first write all of it to the card."""

    async def application(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await inner(scope, receive, send)
            return
        if _told_length(scope) > most_bytes:
            await _refuse(send)
            return
        came = 0

        async def counted() -> Message:
            nonlocal came
            message = await receive()
            body = message.get("body", b"")
            came += len(body) if isinstance(body, bytes) else 0
            if came > most_bytes:
                raise _TooLargeError
            return message

        try:
            await inner(scope, counted, send)
        except _TooLargeError:
            await _refuse(send)

    return application


def streams_in_one_thread(inner: Application) -> Application:
    """Do the work of all live streams in one thread; each would otherwise keep one of its own for days.

    Other requests have a thread each, so that none waits for another's.
    """
    thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="streams")

    async def application(scope: Scope, receive: Receive, send: Send) -> None:
        if scope.get("path") != STREAMS:
            await inner(scope, receive, send)
            return
        async with ThreadSensitiveContext(executor=thread):
            await inner(scope, receive, send)

    return application


def one_cookie_header(inner: Application) -> Application:
    """Join what HTTP/2 sends as several cookie fields (RFC 9113, 8.2.3); Django would read them as one cookie."""

    async def application(scope: Scope, receive: Receive, send: Send) -> None:
        headers = scope.get("headers")
        if isinstance(headers, (list, tuple)):
            cookies = [value for name, value in headers if name == b"cookie"]
            if len(cookies) > 1:
                others = [header for header in headers if header[0] != b"cookie"]
                scope = {**scope, "headers": [*others, (b"cookie", b"; ".join(cookies))]}
        await inner(scope, receive, send)

    return application


def _told_length(scope: Scope) -> int:
    headers = scope["headers"]
    for name, value in headers if isinstance(headers, (list, tuple)) else ():
        if name.lower() == b"content-length" and value.isdigit():
            return int(value)
    return 0


async def _refuse(send: Send) -> None:
    headers = [(b"content-type", b"application/problem+json"), (b"connection", b"close")]
    await send({"type": "http.response.start", "status": 413, "headers": headers})
    await send({"type": "http.response.body", "body": REFUSAL})


application = bounded(
    streams_in_one_thread(one_cookie_header(cast("Application", get_asgi_application()))),
    most_bytes=settings.DATA_UPLOAD_MAX_MEMORY_SIZE,
)
