"""collectd, somebody else's poller, reads our simulated meter and writes down what our master reads."""

from __future__ import annotations

import asyncio
import csv
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from wattledger.catalog import device_map, load_catalog
from wattledger.fieldbus import BlockMemory, TcpLink, read_points

COLLECTD = Path("/usr/sbin/collectd")
PLUGIN = Path("/usr/lib/collectd/modbus.so")
DEADLINE_S = 15.0

# Where some values of an ECR380D stand, typed from the maker's table: address, kind, factor to the inside unit.
TABLE = {
    "voltage.l1-n": (0xB000, "Uint16", 0.01),
    "frequency": (0xB006, "Uint16", 0.01),
    "current.l2": (0xB00B, "Uint32", 0.001),
    "active_power.total": (0xB011, "Int32", 10.0),
    "power_factor.total": (0xB017, "Int16", 0.001),
    "active_energy.import.total": (0xB060, "Uint32", 1000.0),
}


def configuration(meter: Any, folder: Path) -> str:
    data = "".join(
        f'<Data "{name}">\n RegisterBase {address}\n RegisterType {kind}\n RegisterCmd ReadHolding\n'
        f' Type gauge\n Instance "{name}"\n Scale {factor}\n</Data>\n'
        for name, (address, kind, factor) in TABLE.items()
    )
    collect = "".join(f'  Collect "{name}"\n' for name in TABLE)
    return (
        f'Hostname "box"\nFQDNLookup false\nInterval 1\nBaseDir "{folder}"\nPIDFile "{folder}/pid"\n'
        f'TypesDB "/usr/share/collectd/types.db"\nLoadPlugin csv\nLoadPlugin modbus\n'
        f'<Plugin csv>\n DataDir "{folder}/csv"\n StoreRates false\n</Plugin>\n'
        f'<Plugin modbus>\n{data}<Host "meter">\n Address "{meter.host}"\n Port "{meter.port}"\n Interval 1\n'
        f' <Slave {meter.unit_id}>\n  Instance "ecr"\n{collect} </Slave>\n</Host>\n</Plugin>\n'
    )


@contextmanager
def collectd(meter: Any, folder: Path) -> Iterator[Path]:
    """The folder of the files that collectd writes, one for each value and day."""
    assert PLUGIN.exists(), "collectd's modbus plugin is needed; `make setup-test` installs it"
    settings = folder / "collectd.conf"
    settings.write_text(configuration(meter, folder))
    with subprocess.Popen([COLLECTD, "-f", "-C", settings], stderr=subprocess.DEVNULL) as poller:
        try:
            yield folder / "csv" / "meter" / "modbus-ecr"
        finally:
            poller.terminate()


def written(folder: Path) -> dict[str, float]:
    """The last value of each file."""
    found = {}
    for path in folder.glob("gauge-*"):
        rows = list(csv.DictReader(path.read_text().splitlines()))
        if rows:
            name = path.name.removeprefix("gauge-").rsplit("-", 3)[0]  # the day stands behind
            found[name] = float(rows[-1]["value"])
    return found


def until(holds: Callable[[], Any]) -> Any:
    deadline = time.monotonic() + DEADLINE_S
    while not (answer := holds()):
        assert time.monotonic() < deadline, "collectd wrote nothing"
        time.sleep(0.05)
    return answer


async def test_collectd_writes_down_what_our_master_reads(ecr380d: Any, tmp_path: Path) -> None:
    ecr380d.tell("freeze on")
    ecr380d.tell("set 0xB011 0xFFFFFE0C")  # -500: the sign is read, too
    with collectd(ecr380d, tmp_path) as folder:
        theirs = await asyncio.to_thread(until, lambda: (got := written(folder)).keys() == TABLE.keys() and got)
    profile = load_catalog().profile("hager-ecr")
    mapped = device_map(profile, profile.product("ECR380D"))
    link = TcpLink(ecr380d.host, ecr380d.port, timeout_s=5)
    try:
        got = await read_points(link, ecr380d.unit_id, mapped, mapped.points, memory=BlockMemory())
    finally:
        await link.close()

    ours = {str(point.name): answer.value for point, answer in got.values.items()}
    assert theirs == {name: pytest.approx(ours[name], rel=1e-6) for name in TABLE}
    assert theirs["active_power.total"] == -5000.0
