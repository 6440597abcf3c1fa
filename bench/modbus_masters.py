"""How fast our Modbus TCP master asks, against libmodbus in C, both reading 100 registers from one libmodbus server.

    python bench/modbus_masters.py [--rounds 7] [--seconds 1] [--profile]

Prints requests per second over 1 and 50 connections and their ratio to the C client of the same round (one thread per
connection; ours are tasks of one uvloop). The rounds take turns, so that whatever else the machine does meets both.
`--profile` shows where our 50 connections spend their time instead. Needs gcc and libmodbus-dev.
"""

from __future__ import annotations

import argparse
import asyncio
import cProfile
import pstats
import statistics
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import uvloop

from wattledger.fieldbus import TcpLink
from wattledger.fieldbus.modbus.pdu import ReadRegisters

HOST = "127.0.0.1"
READ = ReadRegisters(3, 0, 100)
LAST = 99 * 7
CONNECTIONS = (1, 50)
LEAST_RATIO = 0.7  # of 50 connections


def compiled(name: str, folder: Path) -> Path:
    program = folder / name
    source = Path(__file__).with_name(f"{name}.c")
    command = ["gcc", "-O2", "-Wall", "-I/usr/include/modbus", "-o", str(program), str(source), "-lmodbus", "-lpthread"]
    subprocess.run(command, check=True)
    return program


@contextmanager
def serving(program: Path) -> Iterator[int]:
    """The port of a libmodbus server that runs meanwhile."""
    with subprocess.Popen([program], stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        try:
            yield int(server.stdout.readline().removeprefix("port "))
        finally:
            server.kill()


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
    """Print the rows of one number of connections and give the median ratio of the rounds."""
    ratios = [mine / other for mine, other in zip(ours, theirs, strict=True)]
    ratio = statistics.median(ratios)
    print(f"{connections:3} connections  libmodbus C  {statistics.median(theirs):9.0f} / s   1.00")
    print(f"{'':15}  wattledger   {statistics.median(ours):9.0f} / s   {ratio:.2f}"
          f"   (rounds {min(ratios):.2f} to {max(ratios):.2f})")  # fmt: skip
    return ratio


def profile(port: int, seconds: float) -> None:
    profiler = cProfile.Profile()
    profiler.enable()
    ours_per_s(port, CONNECTIONS[-1], seconds)
    profiler.disable()
    pstats.Stats(profiler).sort_stats("tottime").print_stats(25)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--seconds", type=float, default=1.0, help="for each number of connections, client and round")
    parser.add_argument("--profile", action="store_true")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        client = compiled("libmodbus_client", folder)
        with serving(compiled("libmodbus_server", folder)) as port:
            if arguments.profile:
                profile(port, arguments.seconds)
                return
            theirs: dict[int, list[float]] = {count: [] for count in CONNECTIONS}
            ours: dict[int, list[float]] = {count: [] for count in CONNECTIONS}
            for _ in range(arguments.rounds):
                for count in CONNECTIONS:
                    theirs[count].append(theirs_per_s(client, port, count, arguments.seconds))
                    ours[count].append(ours_per_s(port, count, arguments.seconds))
    ratios = [report(count, theirs[count], ours[count]) for count in CONNECTIONS]
    print(f"50 connections >= {LEAST_RATIO}: {'kept' if ratios[-1] >= LEAST_RATIO else 'NOT KEPT'}")


if __name__ == "__main__":
    main()
