"""What may go wrong around a server: a slow card, a full one, a damaged file, a clock that jumps, a second server."""

import subprocess
from pathlib import Path
from typing import Any

import pytest

from wattledger.demo.client import ApiError
from wattledger.engine.api import EngineClient, EngineUnreachableError

ENERGY = "active_energy.import.total"
HOUR_S, YEAR_S = 3600, 365 * 86400


@pytest.fixture(scope="session")
def stalling(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A library that makes each fsync of a process take as long as STALL_MS says."""
    library = tmp_path_factory.mktemp("stalling") / "stalling.so"
    source = Path(__file__).with_name("stalling.c")
    subprocess.run(["gcc", "-shared", "-fPIC", "-O1", "-o", library, source, "-ldl"], check=True)
    return library


def test_a_card_that_takes_half_a_second_to_sync_makes_no_timeout(
    make_server: Any, ecr380d: Any, stalling: Path
) -> None:
    server = make_server()
    server.start(environment={"LD_PRELOAD": str(stalling), "STALL_MS": "500"})
    device = server.declare(ecr380d)
    before = _traffic(server)

    for minute in range(4):
        rows = [[f"2026-01-01T00:{minute:02}:00Z", 1000.0 * minute]]
        server.api.post("readings", {"device": device, "point": ENERGY, "rows": rows})
    after = server.until(lambda: _more_traffic(server, before))

    assert len(server.readings(device, ENERGY)) >= 4
    assert (after["timeouts"], after["connections_lost"]) == (0, 0)


def test_a_full_card_is_told_and_what_waited_is_recorded_once_there_is_space(
    make_server: Any, clock: Any, ecr380d: Any, small_card: Any
) -> None:
    server = make_server(small_card.folder / "data")
    server.start(environment=clock.environment)
    device = server.declare(ecr380d, minutes=1)
    _ = server.api

    small_card.fill()
    before = server.readings(device, ENERGY)
    state = server.until(lambda: _archive_state(server) == "full", within_s=75)
    during = server.readings(device, ENERGY)
    small_card.free()
    after = server.until(lambda: server.readings(device, ENERGY)[len(before) :], within_s=30)
    told = server.until(lambda: server.events("archive_full"), within_s=30)

    assert state
    assert during == before
    assert len(after) >= 1
    assert "full" in told[0]["text"].lower() or "space" in told[0]["text"].lower()


def test_a_damaged_configuration_is_told_and_recording_goes_on(make_server: Any, clock: Any, ecr380d: Any) -> None:
    server = make_server()
    server.start(environment=clock.environment)
    server.declare(ecr380d, minutes=1)
    server.kill()
    for companion in ("-wal", "-shm"):
        Path(f"{server.folder.configuration}{companion}").unlink(missing_ok=True)
    server.folder.configuration.write_bytes(b"not a database any more" * 1000)

    server.launch(environment=clock.environment)
    engine = EngineClient(server.folder.engine_socket)
    state = server.until(lambda: _applied(engine))
    server.until(lambda: _recorded(engine), within_s=75)
    with pytest.raises(ApiError, match=r"503.*configuration_unavailable"):
        server.api.get("devices")
    found = server.command("check", "--data", str(server.folder.root))

    assert state.configuration == "last_good"
    assert "config.sqlite3" in state.configuration_error
    assert found.returncode == 1
    assert "config.sqlite3" in found.stdout


@pytest.mark.parametrize(
    ("by_s", "trusted"), [(HOUR_S, True), (-HOUR_S, False), (YEAR_S, False)], ids=["hour on", "hour back", "year on"]
)
def test_a_clock_that_jumps_is_told_and_wrong_times_are_never_recorded(
    make_server: Any, clock: Any, ecr380d: Any, by_s: float, trusted: bool
) -> None:
    server = make_server()
    server.start(environment=clock.environment)
    device = server.declare(ecr380d, minutes=1)
    before = server.until(lambda: server.readings(device, ENERGY), within_s=75)

    clock.step(by_s)
    told = server.until(lambda: server.events("clock_jumped"))
    state = server.until(lambda: _clock_state(server, trusted=trusted))
    server.stop()
    clock.step(-by_s)
    server.start(environment=clock.environment)
    after = server.readings(device, ENERGY)

    assert abs(told[0]["params"]["seconds"] - by_s) < 60
    assert state["trusted"] is trusted
    assert set(before) <= set(after)
    assert len({slot for slot, _, _ in after}) == len(after)


def test_a_second_server_on_the_same_folder_is_refused(server: Any, make_server: Any) -> None:
    second = make_server(server.folder.root)

    refused = second.command("run", "--data", str(server.folder.root), "--port", str(second.port))

    assert refused.returncode == 3
    assert str(server.pid) in refused.stderr
    assert "Traceback" not in refused.stderr
    assert server.is_ready()


def test_a_port_in_use_is_refused_before_anything_is_shared(server: Any, make_server: Any, tmp_path: Path) -> None:
    second = make_server(tmp_path / "other")

    refused = second.command("run", "--data", str(second.folder.root), "--port", str(server.port))

    assert refused.returncode == 4
    assert str(server.port) in refused.stderr
    assert "Traceback" not in refused.stderr


def _traffic(server: Any) -> dict[str, Any]:
    bus = server.api.list("buses")[0]["id"]
    return next(row for row in server.api.list(f"buses/{bus}/statistics") if row["device"] is None)


def _more_traffic(server: Any, before: dict[str, Any]) -> dict[str, Any] | None:
    now = _traffic(server)
    return now if now["answers"] > before["answers"] + 3 else None


def _archive_state(server: Any) -> str:
    try:
        return str(EngineClient(server.folder.engine_socket).state().archive)
    except EngineUnreachableError:
        return ""


def _clock_state(server: Any, *, trusted: bool) -> dict[str, Any] | None:
    try:
        state: dict[str, Any] = server.api.get("state")["clock"]
    except ApiError:
        return None
    return state if state["trusted"] is trusted else None


def _answering(engine: EngineClient) -> Any:
    try:
        return engine.state()
    except EngineUnreachableError:
        return None


def _applied(engine: EngineClient) -> Any:
    state = _answering(engine)
    return state if state and state.revision is not None else None


def _recorded(engine: EngineClient) -> Any:
    state = _answering(engine)
    return state and state.highest_slot
