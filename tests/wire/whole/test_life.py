"""From the wire to the API, with an independent reader beside it, and with every process killed meanwhile."""

import os
import random
import subprocess
import time
from typing import Any

import pytest

ENERGY, POWER = "active_energy.import.total", "active_power.total"
KILLING_S = float(os.environ.get("SOAK_KILLING_S", "25"))  # `make soak` goes on for five minutes
SEED = 20261122


def mbpoll(port: int, register: int, count: int, kind: str = "4") -> list[int]:
    """What libmodbus' command line reads; `kind` 4 is 16 bits, 4:int 32 bits."""
    done = subprocess.run(
        [
            *("mbpoll", "-m", "tcp", "-p", str(port), "-a", "1", "-0", "-r", str(register), "-c", str(count)),
            *("-t", kind, "-B", "-1", "-q", "127.0.0.1"),
        ],
        capture_output=True,
        text=True,
        check=True,
    )
    rows = [line.split("\t") for line in done.stdout.splitlines() if line.startswith("[")]
    return [int(row[1].split()[0]) for row in rows]


def test_mbpoll_reads_the_same_numbers_as_the_api(make_server: Any, clock: Any, ecr380d: Any) -> None:
    server = make_server()
    server.start(environment=clock.environment)
    device = server.declare(ecr380d, minutes=1)
    ecr380d.tell("freeze on")

    voltages = mbpoll(ecr380d.port, 0xB000, 6)
    currents = mbpoll(ecr380d.port, 0xB009, 3, "4:int")
    [power] = mbpoll(ecr380d.port, 0xB011, 1, "4:int")
    [index] = mbpoll(ecr380d.port, 0xB060, 1, "4:int")
    server.until(lambda: server.live(device)[ENERGY]["age_s"] < server.live(device)[POWER]["age_s"] + 1)
    live = server.until(lambda: _settled(server, device, power))
    recorded = server.until(lambda: server.readings(device, ENERGY), within_s=75)

    names = ("l1-n", "l2-n", "l3-n", "l1-l2", "l2-l3", "l3-l1")
    assert [round(live[f"voltage.{name}"]["value"] * 100) for name in names] == voltages
    assert [round(live[f"current.{name}"]["value"] * 1000) for name in ("l1", "l2", "l3")] == currents
    assert live[POWER]["value"] == power * 10
    assert live[ENERGY]["value"] == recorded[0][1] == index * 1000
    assert recorded[0][0].endswith(":00Z")


def test_killing_every_process_at_random_loses_no_recorded_slot_and_doubles_none(
    make_server: Any, clock: Any, ecr380d: Any
) -> None:
    server = make_server()
    server.start(environment=clock.environment)
    device = server.declare(ecr380d, minutes=1)

    seen = torment(server, clock, device, seconds=KILLING_S, seed=SEED)
    after = server.until(lambda: server.readings(device, ENERGY))

    slots = [slot for slot, _, _ in after]
    assert seen
    assert len(set(slots)) == len(slots)
    assert set(seen) <= set(after)
    assert server.until(lambda: server.events("service_restarted"))


def torment(server: Any, clock: Any, device: str, *, seconds: float, seed: int) -> list[tuple[str, float, str]]:
    """Kill engine, web, worker and parent at random; gives every reading that was seen recorded."""
    luck = random.Random(seed)
    seen: list[tuple[str, float, str]] = []
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        victim = luck.choice(("engine", "engine", "web", "worker", "parent"))
        if victim == "parent":
            server.kill()
            server.start(environment=clock.environment)
        else:
            server.kill_child(victim)
            server.until(server.is_ready)
        seen.extend(server.readings(device, ENERGY))
    server.until(lambda: server.readings(device, ENERGY), within_s=75)
    return seen or server.readings(device, ENERGY)


def _settled(server: Any, device: str, power: int) -> dict[str, Any] | None:
    live: dict[str, Any] = server.live(device)
    return live if live[POWER]["value"] == power * 10 else None


@pytest.mark.parametrize("name", ["engine", "web", "worker"])
def test_a_killed_child_comes_back_and_the_journal_says_why_it_died(server: Any, name: str) -> None:
    before = server.child(name)

    server.kill_child(name)

    server.until(lambda: server.child(name) not in {before, None})
    server.until(server.is_ready)
    told = server.until(lambda: server.events("service_restarted"))
    assert told[0]["params"]["service"] == name
    assert "SIGKILL" in told[0]["params"]["reason"]
