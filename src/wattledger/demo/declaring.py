"""The hotel declared through the API as an integrator would declare it: what is missing is made, addresses renewed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from wattledger.demo.client import Api
from wattledger.demo.plan import BUSES, DEVICES, SITE, SWITCHBOARDS, ZONES, PlannedBus, PlannedChannel, PlannedDevice
from wattledger.demo.plan.line import BAUD
from wattledger.demo.plan.parts import BusKind, TcpHost

LINE_TIMEOUT_S = 0.25
HOST_TIMEOUT_S = 1.0


@dataclass(frozen=True, slots=True)
class Declared:
    """The ids that the server gave, by the keys of the plan; circuits by their meters."""

    buses: dict[str, str] = field(default_factory=dict)
    devices: dict[str, str] = field(default_factory=dict)
    circuits: dict[str, str] = field(default_factory=dict)


def declare(
    api: Api, *, places: Mapping[str, str], certificate: str, water_m3: Callable[[], float]
) -> Iterator[Declared]:
    """Declare the hotel, and give what has been declared after each device, feeders first.

    `places` are the ports and device files of the buses, `certificate` is what the meter behind TLS shows, and
    `water_m3` what the water meter shows at the moment. Raises ApiError.
    """
    done = Declared()
    api.patch("site", SITE)
    zones, boards = _places(api)
    belongings = _Belongings(
        zones=zones, boards=boards, usages=_codes(api, "usages"), sources=_codes(api, "sources"), circuits=done.circuits
    )
    present = {item["name"]: item for item in api.list("buses?limit=1000")}
    for bus in BUSES:
        done.buses[bus.key] = _bus(api, bus, present.get(bus.name), place=places[bus.key], certificate=certificate)
    known = {(item["bus"], item["unit_id"]): item for item in api.list("devices?limit=1000")}
    for device in feeders_first(DEVICES):
        item = known.get((done.buses[device.bus], device.unit_id))
        if item is None:
            item = api.post("devices", _new_device(device, done, belongings, water_m3))
        done.devices[device.key] = item["id"]
        for channel, circuit in zip(device.channels, item["circuits"], strict=False):
            done.circuits[channel.meter] = circuit["id"]
        yield done


def feeders_first(devices: tuple[PlannedDevice, ...]) -> list[PlannedDevice]:
    """The devices in an order in which each follows those that feed its circuits."""
    feeders = {channel.meter: channel.fed_by for device in devices for channel in device.channels}

    def depth(meter: str | None) -> int:
        return 0 if meter is None else 1 + depth(feeders[meter])

    return sorted(devices, key=lambda device: max(depth(channel.fed_by) for channel in device.channels))


@dataclass(frozen=True, slots=True)
class _Belongings:
    """What circuits can belong to: ids by key or code."""

    zones: dict[str, str]
    boards: dict[str, str]
    usages: dict[str, str]
    sources: dict[str, str]
    circuits: dict[str, str]

    def of(self, channel: PlannedChannel) -> dict[str, Any]:
        found = {
            "zone": self.zones.get(channel.zone or ""),
            "usage": self.usages.get(channel.usage or ""),
            "source": self.sources.get(channel.source or ""),
            "switchboard": self.boards.get(channel.switchboard or ""),
            "fed_by": self.circuits.get(channel.fed_by or ""),
            "limit_a": channel.limit_a,
        }
        return {name: value for name, value in found.items() if value is not None}


def _places(api: Api) -> tuple[dict[str, str], dict[str, str]]:
    made = {item["name"]: item["id"] for item in api.list("zones?limit=1000")}
    zones: dict[str, str] = {}
    for zone in ZONES:  # parents stand before their parts
        wanted = {"name": zone.name, "kind": zone.kind, "area_m2": zone.area_m2}
        parent = {} if zone.parent is None else {"parent": zones[zone.parent]}
        zones[zone.key] = made.get(zone.name) or str(api.post("zones", wanted | parent)["id"])
    present = {item["name"]: item["id"] for item in api.list("switchboards?limit=1000")}
    boards = {
        board.key: present.get(board.name)
        or str(api.post("switchboards", {"name": board.name, "location": zones[board.zone]})["id"])
        for board in SWITCHBOARDS
    }
    return zones, boards


def _codes(api: Api, what: str) -> dict[str, str]:
    return {item["code"]: item["id"] for item in api.list(f"{what}?limit=1000")}


def _bus(api: Api, bus: PlannedBus, present: dict[str, Any] | None, *, place: str, certificate: str) -> str:
    """The bus at the place where its simulators are this time."""
    match bus.kind:
        case BusKind.LOCAL:
            where: dict[str, Any] = {}
        case BusKind.LINE:
            where = {"port": place}
        case BusKind.TCP:
            where = {"host": "127.0.0.1", "port": int(place)}
    if present is not None:
        changed = {name: value for name, value in where.items() if present[name] != value}
        if changed:
            api.patch(f"buses/{present['id']}", changed)
        return str(present["id"])
    wanted = {"kind": bus.kind.value, "name": bus.name, **where}
    if bus.kind is BusKind.LINE:
        wanted |= {"baudrate": BAUD, "parity": "even", "timeout_s": LINE_TIMEOUT_S}
    elif bus.kind is BusKind.TCP:
        wanted |= {"timeout_s": HOST_TIMEOUT_S}
    if bus.host is TcpHost.ENCRYPTED:
        wanted |= {"security": "encrypted", "server_certificate": certificate}
    return str(api.post("buses", wanted)["id"])


def _new_device(
    device: PlannedDevice, done: Declared, belongings: _Belongings, water_m3: Callable[[], float]
) -> dict[str, Any]:
    wanted: dict[str, Any] = {
        "name": device.name,
        "profile": device.profile,
        "product": device.product,
        "bus": done.buses[device.bus],
        "unit_id": device.unit_id,
        "enabled": device.is_enabled,
        "circuits": [
            {"channel": number, "name": channel.name, **belongings.of(channel)}
            for number, channel in enumerate(device.channels, start=1)
        ],
    }
    if device.input is not None:  # the pulses of the water meter; what it shows now is where they begin
        litres = device.input.amount * int(water_m3() * 1000 / device.input.amount)
        pulses = {"measures": device.input.measures, "unit": device.input.unit, "amount": device.input.amount}
        wanted["input"] = pulses | {"offset": litres}
    return wanted
