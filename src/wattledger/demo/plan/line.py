"""The serial line of the cellar and the technical rooms: meters of five families, a breaker, the gas."""

from __future__ import annotations

from dataclasses import replace

from wattledger.demo.plan.parts import BusKind, PlannedBus, PlannedChannel, PlannedDevice

LINE = PlannedBus("line", "Ligne RTU 1", BusKind.LINE)
BAUD = 19_200
GAS_INDEX_M3 = 8_412.0
LIGHTING_INDEX_WH = 96_050_000.0  # of a counter that ends at 99,999.999 kWh: it rolls over within the thirteen months


def _meter(
    unit_id: int,
    key: str,
    name: str,
    product: str,
    channel: PlannedChannel,
    *,
    profile: str = "hager-ecr",
) -> PlannedDevice:
    serial = f"25{unit_id:02d}48{unit_id * 137 % 10_000:04d}"
    return PlannedDevice(key, name, LINE.key, unit_id, profile, product, serial, (channel,))


def _technical(
    key: str, name: str, *, zone: str, usage: str, index: float, limit_a: float | None = 32.0
) -> PlannedChannel:
    return PlannedChannel(
        key,
        key,
        name,
        zone=zone,
        usage=usage,
        switchboard="technical",
        fed_by="technical",
        limit_a=limit_a,
        index=index,
    )


SOLAR = PlannedChannel(
    "solar",
    "solar",
    "Solaire toiture",
    zone="roof",
    usage="appliance",
    source="solar",
    switchboard="main",
    fed_by="incomer",
    limit_a=63,
    index=148_230_000.0,
)
ROOMS = tuple(
    PlannedChannel(
        f"rooms-{floor}",
        f"rooms-{floor}",
        f"Chambres, étage {floor}",
        zone=f"floor-{floor}",
        usage="socket",
        switchboard="rooms",
        fed_by="incomer",
        limit_a=63,
        index=61_000_000.0 + 740_000 * floor,
    )
    for floor in (1, 2, 3)
)
KITCHEN_HOT = PlannedChannel(
    "kitchen-hot",
    "kitchen-hot",
    "Cuisine – Départ chaud",
    zone="kitchen",
    usage="process",
    switchboard="kitchen",
    fed_by="kitchen",
    limit_a=80,
    index=211_400_000.0,
)
KITCHEN_COLD = PlannedChannel(
    "kitchen-cold",
    "kitchen-cold",
    "Cuisine – Départ froid",
    zone="basement",
    usage="process",
    switchboard="kitchen",
    fed_by="kitchen",
    limit_a=40,
    index=88_100_000.0,
)
LIGHTING = PlannedChannel(
    "lighting",
    "lighting",
    "Éclairage communs",
    zone="building",
    usage="lighting",
    switchboard="main",
    fed_by="incomer",
    limit_a=25,
    index=LIGHTING_INDEX_WH,
)
CAR_CHARGERS = PlannedChannel(
    "car-chargers",
    "car-chargers",
    "Bornes parking",
    zone="car-park",
    usage="appliance",
    switchboard="outside",
    fed_by="incomer",
    limit_a=63,
    index=19_600_000.0,
)
SPA = PlannedChannel(
    "spa",
    "spa",
    "Spa",
    zone="spa",
    usage="process",
    switchboard="main",
    fed_by="incomer",
    limit_a=40,
    index=75_900_000.0,
)
LIFT = PlannedChannel(
    "lift",
    "lift",
    "Ascenseur",
    zone="building",
    usage="motor",
    switchboard="main",
    fed_by="incomer",
    limit_a=25,
    index=31_200_000.0,
)
OFFICES = PlannedChannel(
    "offices",
    "offices",
    "Réception et bureaux",
    zone="reception",
    usage="appliance",
    switchboard="main",
    fed_by="incomer",
    limit_a=32,
    index=40_700_000.0,
)
GAS = PlannedChannel(
    "gas", "gas", "Gaz chaufferie", zone="boiler-room", usage="heating", source=None, index=GAS_INDEX_M3
)

LINE_DEVICES = (
    _meter(2, "solar", "Solaire toiture", "ECR381D", SOLAR),
    PlannedDevice("rooms", "Chambres, étages 1 à 3", LINE.key, 3, "hager-ecr", "ECR180T", "2503480411", ROOMS),
    _meter(4, "kitchen-hot", "Cuisine – Départ chaud", "ECR380D", KITCHEN_HOT),
    _meter(5, "kitchen-cold", "Cuisine – Départ froid", "TD160", KITCHEN_COLD, profile="tilleuls-breaker"),
    _meter(
        6, "laundry", "Buanderie", "ECR380D",
        _technical("laundry", "Buanderie", zone="basement", usage="process", index=96_300_000.0, limit_a=63),
    ),
    _meter(
        7, "hot-water", "Pompe à chaleur ECS", "EC376",
        _technical("hot-water", "Pompe à chaleur ECS", zone="plant-room", usage="hot_water", index=38_200_000.0),
        profile="hager-ec366",
    ),
    _meter(
        8, "air-handling", "CTA chambres", "ECR310D",
        _technical("air-handling", "CTA chambres", zone="roof", usage="ventilation", index=84_500_000.0),
    ),
    _meter(
        9, "chiller", "Groupe froid salle", "ECR310D",
        _technical("chiller", "Groupe froid salle", zone="roof", usage="air_conditioning", index=22_800_000.0),
    ),
    _meter(10, "lighting", "Éclairage communs", "ECR140D", LIGHTING),
    replace(_meter(12, "car-chargers", "Bornes parking", "ECR310D", CAR_CHARGERS), is_enabled=False),
    _meter(14, "spa", "Spa", "ECR380D", SPA),
    _meter(15, "lift", "Ascenseur", "SDM630", LIFT, profile="eastron-sdm"),
    _meter(
        16, "boiler-room", "Chaufferie – auxiliaires", "EM340",
        _technical("boiler-room", "Chaufferie – auxiliaires", zone="boiler-room", usage="heating", index=9_300_000.0),
        profile="carlo-gavazzi-em300",
    ),
    _meter(17, "offices", "Réception et bureaux", "SM101C", OFFICES, profile="hager-sm101c"),
    _meter(20, "gas", "Gaz chaufferie", "IP1", GAS, profile="tilleuls-pulses"),
)  # fmt: skip
