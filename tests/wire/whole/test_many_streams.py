"""Many who listen at once: some are refused at once, and nobody else notices."""

import http.client
import ssl
from collections import Counter
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from wattledger.apps.measurements.feed import MOST_LISTENERS

MANY = 200


def test_too_many_streams_are_refused_and_the_others_are_served(server: Any, ecr380d: Any) -> None:
    device = server.declare(ecr380d)
    trusted = ssl.create_default_context(cafile=str(server.folder.certificate))
    shown = {"Authorization": f"Bearer {server.token}"}
    statuses: Counter[int] = Counter()
    told: set[str | None] = set()

    with ExitStack() as connections:
        for _ in range(MANY):
            link = http.client.HTTPSConnection("127.0.0.1", server.port, context=trusted, timeout=10)
            connections.callback(link.close)
            link.request("GET", "/api/v1/live/stream", headers=shown)
            answer = link.getresponse()
            statuses[answer.status] += 1
            if answer.status == 429:
                told.add(answer.getheader("Retry-After"))
                answer.read()  # and the connection stays open

        threads = len(list(Path(f"/proc/{server.child('web')}/task").iterdir()))
        assert statuses == {200: MOST_LISTENERS, 429: MANY - MOST_LISTENERS}
        assert None not in told
        assert server.is_ready()
        assert server.live(device)
        assert threads < MOST_LISTENERS

    server.until(lambda: _is_taken(server, trusted, shown))


def _is_taken(server: Any, trusted: ssl.SSLContext, shown: dict[str, str]) -> bool:
    """Whether there is a place for one more stream."""
    link = http.client.HTTPSConnection("127.0.0.1", server.port, context=trusted, timeout=10)
    try:
        link.request("GET", "/api/v1/live/stream", headers=shown)
        return link.getresponse().status == 200
    finally:
        link.close()
