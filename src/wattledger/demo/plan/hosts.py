"""What is reached over Ethernet: meters, the inverter, a gateway, a meter behind TLS and the transfer switch."""

from __future__ import annotations

from wattledger.demo.plan.parts import BusKind, PlannedBus, PlannedChannel, PlannedDevice, TcpHost

INCOMER = PlannedChannel(
    "incomer",
    "incomer",
    "TGBT – Arrivée générale",
    zone="plant-room",
    switchboard="main",
    limit_a=250,
    index=1_284_600_000.0,
)
CHECK = PlannedChannel(
    "incomer-check", "incomer", "Comptage du fournisseur", zone="plant-room", limit_a=250, index=302_100_000.0
)
INVERTER = PlannedChannel(
    "inverter",
    "solar",
    "Onduleur toiture",
    zone="roof",
    usage="appliance",
    source="solar",
    fed_by="solar",
    index=148_760_000.0,
)
TRANSFER = PlannedChannel(
    "transfer", "lift", "Inverseur réseau/groupe", zone="plant-room", source="generator_set", fed_by="lift"
)


def _channel(
    key: str, name: str, *, zone: str, usage: str | None, board: str, fed_by: str, limit_a: float, index: float
) -> PlannedChannel:
    return PlannedChannel(
        key, key, name, zone=zone, usage=usage, switchboard=board, fed_by=fed_by, limit_a=limit_a, index=index
    )


KITCHEN = _channel(
    "kitchen", "TD cuisine – Arrivée", zone="kitchen", usage=None, board="main", fed_by="incomer",
    limit_a=125, index=318_400_000.0,
)  # fmt: skip
TECHNICAL = _channel(
    "technical", "TD technique – Arrivée", zone="plant-room", usage=None, board="main", fed_by="incomer",
    limit_a=125, index=455_900_000.0,
)  # fmt: skip
KITCHEN_SOCKETS = _channel(
    "kitchen-sockets", "Cuisine – Prises", zone="kitchen", usage="socket", board="kitchen", fed_by="kitchen",
    limit_a=32, index=24_800_000.0,
)  # fmt: skip
COMPUTERS = _channel(
    "computers", "Baie informatique", zone="reception", usage="appliance", board="main", fed_by="incomer",
    limit_a=16, index=52_300_000.0,
)  # fmt: skip
CONFERENCE = _channel(
    "conference", "Salons", zone="conference", usage="hvac", board="main", fed_by="incomer",
    limit_a=40, index=37_700_000.0,
)  # fmt: skip
POOL = _channel(
    "pool", "Piscine", zone="garden", usage="process", board="outside", fed_by="incomer",
    limit_a=25, index=28_900_000.0,
)  # fmt: skip
GARDEN = _channel(
    "garden", "Jardin", zone="garden", usage="lighting", board="outside", fed_by="incomer",
    limit_a=16, index=6_100_000.0,
)  # fmt: skip

HOST_BUSES = (
    PlannedBus("main", "TGBT", BusKind.TCP),
    PlannedBus("kitchen", "TD cuisine", BusKind.TCP),
    PlannedBus("technical", "TD technique", BusKind.TCP),
    PlannedBus("kitchen-sockets", "Cuisine, prises", BusKind.TCP),
    PlannedBus("computers", "Baie informatique", BusKind.TCP),
    PlannedBus("conference", "Salons", BusKind.TCP),
    PlannedBus("inverter", "Onduleur", BusKind.TCP),
    PlannedBus("gateway", "Passerelle jardin", BusKind.TCP),
    PlannedBus("supplier", "Fournisseur", BusKind.TCP, TcpHost.ENCRYPTED),
    PlannedBus("transfer", "Groupe électrogène", BusKind.TCP),
)


def _host(
    bus: str, profile: str, product: str, serial: str, *channels: PlannedChannel, unit_id: int = 1
) -> PlannedDevice:
    first = channels[0]
    return PlannedDevice(first.meter, first.name, bus, unit_id, profile, product, serial, channels)


HOST_DEVICES = (
    _host("main", "siemens-pac", "PAC3200", "LQN2203140011", INCOMER),
    _host("kitchen", "schneider-pm5000", "PM5320", "2219005117", KITCHEN),
    _host("technical", "janitza-umg96rm", "UMG96RM-E", "51004471", TECHNICAL),
    _host("kitchen-sockets", "phoenix-eem-em3xx", "EEM-EM357", "1360021987", KITCHEN_SOCKETS),
    _host("computers", "shelly-pro-3em", "SPEM-003CEBEU", "A0DD6C9F1E40", COMPUTERS),
    _host("conference", "hager-ecr", "ECR380D", "3426470815", CONFERENCE),
    _host("inverter", "sunspec-inverter", "Inverter 3~", "7E1240F3-21", INVERTER),
    _host("gateway", "hager-ecr", "ECR310D", "3125390207", POOL, unit_id=1),
    _host("gateway", "hager-ecr", "ECR140D", "1125390311", GARDEN, unit_id=2),
    _host("supplier", "hager-ecr", "ECR382D", "3625110042", CHECK),
    _host("transfer", "tilleuls-transfer-switch", "ATS160", "22090517", TRANSFER),
)
