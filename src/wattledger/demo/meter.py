"""One simulated meter on Modbus TCP, for tests and for trying out: `python -m wattledger.demo.meter --product ECR380D`.

It sits in the incomer of the hotel, or its channels do. Prints `port N` as its first line. Lines on its standard input
change what it does, each answered by `ok` or `error` with the reason:

    silent on|off        answer nothing
    delay SECONDS        answer late
    freeze on|off        let values and counters stand still
    set ADDRESS RAW      keep a register, or the whole number that begins there, at a raw value
    release ADDRESS      let it live again
    refuse ADDRESS CODE  answer reads that touch the register with this exception
    accept ADDRESS       stop that
    close                end all connections

It ends on SIGTERM and with its parent.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence

import numpy as np

from wattledger.catalog import load_catalog
from wattledger.demo.control import obey_lines, report, run_until_told
from wattledger.demo.device import SimulatedDevice
from wattledger.demo.hotel.calendar import DAY_MIN
from wattledger.demo.hotel.energy import Count
from wattledger.demo.hotel.live import MINUTE_S, Channel, live_channels
from wattledger.demo.hotel.records import Records, keep_records
from wattledger.demo.serving import DeviceServer

SEED = 1
CIRCUIT = "incomer"


async def serve(meter: SimulatedDevice, *, host: str, port: int, unit_id: int) -> None:
    """Serve until cancelled; reports `port N` when requests are taken, and an answer to each control line."""
    server = DeviceServer({unit_id: meter})

    def obey(line: str) -> None:
        if line == "close":
            server.hang_up()
        else:
            meter.obey(line)

    report(f"port {await server.listen(host, port)}")
    try:
        await obey_lines(obey)
    finally:
        await server.close()


def counted_today(records: Records) -> float:
    """Wh since midnight UTC, so that the counter begins with what was asked for."""
    now = records.books.flows(np.array([int(time.time()) // MINUTE_S]))
    return float(records.books.counters(now, CIRCUIT)[Count.IMPORT, 0])


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the simulated meter until it is told to end."""
    parser = argparse.ArgumentParser(prog="python -m wattledger.demo.meter", description="A simulated meter.")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0, help="0: a free one, told on the first line")
    parser.add_argument("--unit", type=int, default=1)
    parser.add_argument("--profile", default="hager-ecr")
    parser.add_argument("--product", default="ECR380D")
    parser.add_argument("--serial", default="3426010001")
    parser.add_argument("--index", type=float, default=12345.0, help="kWh that its counter begins with")
    given = parser.parse_args(arguments)
    profile = load_catalog().profile(given.profile)
    product = profile.product(given.product)
    today = int(time.time()) // MINUTE_S // DAY_MIN
    records = keep_records({CIRCUIT: CIRCUIT}, seed=SEED, first_day=today, last_day=today + 1)
    index_wh = given.index * 1000 - counted_today(records)
    source = live_channels(records, profile, product, [Channel(1, CIRCUIT, index_wh)])
    meter = SimulatedDevice(profile, product, serial=given.serial, source=source)
    run_until_told(lambda: serve(meter, host=given.host, port=given.port, unit_id=given.unit))
    return 0


if __name__ == "__main__":
    sys.exit(main())
