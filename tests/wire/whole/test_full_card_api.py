"""What was recorded can be read while the card is full, and the server says why nothing follows."""

import json
import ssl
import urllib.error
import urllib.request
from typing import Any

ENERGY = "active_energy.import.total"
IMPORTED = ["2026-01-01T00:00:00Z", 1000.0]


def test_reading_goes_on_while_the_card_is_full_and_health_tells_of_it(
    make_server: Any, clock: Any, ecr380d: Any, small_card: Any
) -> None:
    server = make_server(small_card.folder / "data")
    server.start(environment=clock.environment)
    device = server.declare(ecr380d, minutes=1)
    server.api.post("readings", {"device": device, "point": ENERGY, "rows": [IMPORTED]})

    small_card.fill()
    full = server.until(lambda: _health_of(server, "full"), within_s=75)

    assert full == {
        "status": "degraded",
        "services": {"web": "ok", "engine": "ok", "worker": "ok"},
        "archive": "full",
    }
    assert server.api.get("state")["archive"] == "full"
    assert server.api.list("events")
    assert server.readings(device, ENERGY)[0][:2] == tuple(IMPORTED)
    assert server.live(device)
    assert [row["id"] for row in server.api.list("devices")] == [device]
    small_card.free()
    assert server.until(lambda: _health_of(server, "ok"), within_s=75)["status"] == "ok"


def test_a_web_process_that_starts_on_a_full_card_reads_too(make_server: Any, ecr380d: Any, small_card: Any) -> None:
    server = make_server(small_card.folder / "data")
    server.start()
    device = server.declare(ecr380d)
    before = server.child("web")

    small_card.fill()
    server.kill_child("web")
    server.until(lambda: server.child("web") not in (None, before))

    assert server.until(lambda: server.live(device))


def _health_of(server: Any, archive: str) -> dict[str, Any] | None:
    """What /health says, whatever its status, once it says this of the archive."""
    trusted = ssl.create_default_context(cafile=str(server.folder.certificate))
    try:
        with urllib.request.urlopen(f"{server.address}/api/v1/health", timeout=10, context=trusted) as answer:
            found = dict(json.load(answer))
    except urllib.error.HTTPError as error:
        found = dict(json.load(error))
    return found if found.get("archive") == archive else None
