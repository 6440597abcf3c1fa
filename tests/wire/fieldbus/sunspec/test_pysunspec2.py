"""pysunspec2, which has the SunSpec Alliance's own models, reads the same values from the same device."""

from __future__ import annotations

import asyncio
import math
import random
from functools import cache
from typing import Any

import pytest
from sunspec2.modbus.client import SunSpecModbusClientDeviceTCP

from sunspec_peer import NOTHING, Model, SunSpecPeer, chain, common, model
from wattledger.catalog import device_map, load_catalog
from wattledger.fieldbus import BlockMemory, PointValues, TcpLink, read_points

LENGTHS = {101: 50, 103: 50, 111: 60, 113: 60, 201: 105, 203: 105, 204: 105, 211: 124, 213: 124}
SCALES = {  # where the scale registers of a model stand
    **dict.fromkeys((101, 103), (6, 13, 15, 17, 19, 21, 23, 26, 28, 30, 32, 37)),
    **dict.fromkeys((201, 203, 204), (6, 15, 17, 22, 27, 32, 37, 54, 71, 104)),
}
FLOATS = {111: range(2, 48, 2), 113: range(2, 48, 2), 211: range(2, 124, 2), 213: range(2, 124, 2)}

METER = {
    "AphA": "current.l1", "AphB": "current.l2", "AphC": "current.l3", "PhV": "voltage.l-n", "PhVphA": "voltage.l1-n",
    "PhVphB": "voltage.l2-n", "PhVphC": "voltage.l3-n", "PPV": "voltage.l-l", "PPVphAB": "voltage.l1-l2",
    "PPVphBC": "voltage.l2-l3", "PPVphCA": "voltage.l3-l1", "PhVphAB": "voltage.l1-l2", "PhVphBC": "voltage.l2-l3",
    "PhVphCA": "voltage.l3-l1", "Hz": "frequency", "W": "active_power.total", "WphA": "active_power.l1",
    "WphB": "active_power.l2", "WphC": "active_power.l3", "VA": "apparent_power.total", "VAphA": "apparent_power.l1",
    "VAphB": "apparent_power.l2", "VAphC": "apparent_power.l3", "VAR": "reactive_power.total",
    "VARphA": "reactive_power.l1", "VARphB": "reactive_power.l2", "VARphC": "reactive_power.l3",
    "PF": "power_factor_ieee.total", "PFphA": "power_factor_ieee.l1", "PFphB": "power_factor_ieee.l2",
    "PFphC": "power_factor_ieee.l3", "TotWhExp": "active_energy.export.total", "TotWhExpPhA": "active_energy.export.l1",
    "TotWhExpPhB": "active_energy.export.l2", "TotWhExpPhC": "active_energy.export.l3",
    "TotWhImp": "active_energy.import.total", "TotWhImpPhA": "active_energy.import.l1",
    "TotWhImpPhB": "active_energy.import.l2", "TotWhImpPhC": "active_energy.import.l3",
    "TotVAhExp": "apparent_energy.export.total", "TotVAhImp": "apparent_energy.import.total",
    "TotVArhImpQ1": "reactive_energy.q1.total", "TotVArhImpQ2": "reactive_energy.q2.total",
    "TotVArhExpQ3": "reactive_energy.q3.total", "TotVArhExpQ4": "reactive_energy.q4.total", "Evt": "alarm_state",
}  # fmt: skip
INVERTER = {
    "AphA": "current.l1", "AphB": "current.l2", "AphC": "current.l3", "PPVphAB": "voltage.l1-l2",
    "PPVphBC": "voltage.l2-l3", "PPVphCA": "voltage.l3-l1", "PhVphA": "voltage.l1-n", "PhVphB": "voltage.l2-n",
    "PhVphC": "voltage.l3-n", "W": "active_power.total", "Hz": "frequency", "VA": "apparent_power.total",
    "VAr": "reactive_power.total", "PF": "power_factor_ieee.total", "WH": "active_energy.export.total",
    "DCA": "dc_current", "DCV": "dc_voltage", "DCW": "dc_power", "TmpCab": "device_temperature", "St": "device_status",
    "Evt1": "alarm_state",
}  # fmt: skip

catalog = cache(load_catalog)


def filled(number: int, *, seed: int) -> Model:
    """A model with random values, some of which say that there is none."""
    dice = random.Random(seed)
    given: dict[int, Any] = {
        n: dice.choice((dice.randrange(0x10000), NOTHING, 0)) for n in range(2, LENGTHS[number] + 2)
    }
    given |= {n: dice.choice((0, -1, -2, 1, 2, -3)) for n in SCALES.get(number, ())}
    if number in FLOATS:
        given |= {n: ("f32", dice.choice((dice.uniform(-5e4, 5e4), 0.0, float("nan")))) for n in FLOATS[number]}
        given = {n: value for n, value in given.items() if n not in {at + 1 for at in FLOATS[number]}}
    return model(number, LENGTHS[number], given)


def product_of(number: int) -> tuple[str, str]:
    kind = "Inverter" if number < 200 else "Meter"
    return f"sunspec-{kind.lower()}", f"{kind} {'1~' if number % 10 == 1 else '3~'}"


async def ours(peer: SunSpecPeer, number: int) -> dict[str, float | None]:
    profile_id, ref = product_of(number)
    profile = catalog().profile(profile_id)
    mapped = device_map(profile, profile.product(ref))
    link = TcpLink(peer.host, peer.port, timeout_s=5)
    try:
        got: PointValues = await read_points(link, 1, mapped, mapped.points, memory=BlockMemory())
    finally:
        await link.close()
    assert got.failures == ()
    return {str(point.name): value.value for point, value in got.values.items()}


def theirs(peer: SunSpecPeer, number: int) -> dict[str, Any]:
    """What pysunspec2 finds in the model, by the Alliance's names, scale applied; None: no value."""
    device = SunSpecModbusClientDeviceTCP(slave_id=1, ipaddr=peer.host, ipport=peer.port, timeout=5)
    try:
        device.scan()
        (found,) = device.models[number]
        return {name: point.cvalue for name, point in found.points.items()}
    finally:
        device.close()


def as_ours(number: int, name: str, said: float | None) -> float | None:
    """What we make of it: an inverter seen from its circuit, a power factor as a fraction, totals that stand at 0."""
    if said is None or math.isnan(said):
        is_at_zero = number in SCALES and name in {"TotWhExp", "TotWhImp"}
        return 0.0 if is_at_zero else None
    if name.startswith("PF"):
        return said if abs(said) <= 1 else said / 100
    return -said if number < 200 and name in {"W", "VAr"} else said


def is_same(one: float | None, other: float | None) -> bool:
    return one is other is None or (one is not None and other is not None and math.isclose(one, other, rel_tol=1e-6))


@pytest.mark.parametrize("number", LENGTHS)
@pytest.mark.parametrize("seed", range(2))
async def test_every_point_is_what_pysunspec2_reads(sunspec: SunSpecPeer, number: int, seed: int) -> None:
    sunspec.have(chain(common(), filled(number, seed=seed)))

    read = await ours(sunspec, number)
    said = await asyncio.to_thread(theirs, sunspec, number)

    names = INVERTER if number < 200 else METER
    expected = {names[name]: as_ours(number, name, value) for name, value in said.items() if names.get(name) in read}
    assert set(expected) == set(read)
    assert {n: (read[n], expected[n]) for n in read if not is_same(read[n], expected[n])} == {}
