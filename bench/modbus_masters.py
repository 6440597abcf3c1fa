"""How fast our Modbus TCP master asks, against libmodbus in C, both reading 100 registers from one libmodbus server.

    python bench/modbus_masters.py [--rounds 7] [--seconds 1] [--profile]

Prints requests per second over 1 and 50 connections and their ratio to the C client (one thread per connection; ours
are tasks of one uvloop), both in their best rounds. The rounds take turns, so that whatever else the machine does meets
both; on a machine whose cores are all busy their fifty threads get more of them than our one.
`--profile` shows where our 50 connections spend their time instead. Needs gcc and libmodbus-dev.
"""

from __future__ import annotations

import argparse
import asyncio
import cProfile
import pstats
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import uvloop

from figures import Figure, reported
from peers import compiled, running
from wattledger.fieldbus import TcpLink
from wattledger.fieldbus.modbus.pdu import ReadRegisters

HOST = "127.0.0.1"
READ = ReadRegisters(3, 0, 100)
LAST = 99 * 7
CONNECTIONS = (1, 50)
LEAST_RATIO = 0.7  # of 50 connections


def theirs_per_s(program: Path, port: int, connections: int, seconds: float) -> float:
    command = [str(program), str(port), str(connections), str(seconds)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return int(done.stdout) / seconds


def ours_per_s(port: int, connections: int, seconds: float) -> float:
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(_ask_over_and_over(port, connections, seconds))


async def _ask_over_and_over(port: int, connections: int, seconds: float) -> float:
    links = [TcpLink(HOST, port, timeout_s=5) for _ in range(connections)]
    await asyncio.gather(*(link.request(1, READ) for link in links))
    started = time.perf_counter()
    counts = await asyncio.gather(*(_ask_until(link, started + seconds) for link in links))
    spent = time.perf_counter() - started
    for link in links:
        await link.close()
    return sum(counts) / spent


async def _ask_until(link: TcpLink, end: float) -> int:
    count = 0
    while time.perf_counter() < end:
        reply = await link.request(1, READ)
        assert reply.answer[-1] == LAST  # as the C client does
        count += 1
    return count


def report(connections: int, theirs: Sequence[float], ours: Sequence[float]) -> float:
    """Print the rows of one number of connections and give the ratio of the best rounds: what disturbs only slows."""
    ratios = [mine / other for mine, other in zip(ours, theirs, strict=True)]
    ratio = max(ours) / max(theirs)
    print(f"{connections:3} connections  libmodbus C  {max(theirs):9.0f} / s   1.00")
    print(f"{'':15}  wattledger   {max(ours):9.0f} / s   {ratio:.2f}"
          f"   (rounds {min(ratios):.2f} to {max(ratios):.2f})")  # fmt: skip
    return ratio


def profile(port: int, seconds: float) -> None:
    profiler = cProfile.Profile()
    profiler.enable()
    ours_per_s(port, CONNECTIONS[-1], seconds)
    profiler.disable()
    pstats.Stats(profiler).sort_stats("tottime").print_stats(25)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--seconds", type=float, default=1.0, help="for each number of connections, client and round")
    parser.add_argument("--profile", action="store_true")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        client = compiled("libmodbus_client", folder)
        with running(compiled("libmodbus_server", folder)) as server:
            port = int(server.place)
            if arguments.profile:
                profile(port, arguments.seconds)
                return 0
            theirs: dict[int, list[float]] = {count: [] for count in CONNECTIONS}
            ours: dict[int, list[float]] = {count: [] for count in CONNECTIONS}
            for _ in range(arguments.rounds):
                for count in CONNECTIONS:
                    theirs[count].append(theirs_per_s(client, port, count, arguments.seconds))
                    ours[count].append(ours_per_s(port, count, arguments.seconds))
    ratios = [report(count, theirs[count], ours[count]) for count in CONNECTIONS]
    name, limit = "TCP, 50 connections, against libmodbus in C", f">= {LEAST_RATIO}"
    return reported(Figure(name, limit, f"{ratios[-1]:.2f}", ratios[-1] >= LEAST_RATIO))


if __name__ == "__main__":
    sys.exit(main())
