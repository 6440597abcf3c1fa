"""The building: its zones and its switchboards."""

from __future__ import annotations

from wattledger.demo.plan.parts import PlannedSwitchboard, PlannedZone

SITE = {"name": "Hôtel Les Tilleuls", "zone": "Europe/Paris"}

ZONES = (
    PlannedZone("building", "Bâtiment", "building", area_m2=2_840),
    PlannedZone("basement", "Sous-sol", "floor", "building", 520),
    PlannedZone("ground", "Rez-de-chaussée", "floor", "building", 560),
    PlannedZone("floor-1", "Étage 1", "floor", "building", 560),
    PlannedZone("floor-2", "Étage 2", "floor", "building", 560),
    PlannedZone("floor-3", "Étage 3", "floor", "building", 520),
    PlannedZone("roof", "Toiture", "floor", "building", 120),
    PlannedZone("north-face", "Façade nord", "room", "ground"),
    PlannedZone("plant-room", "Local technique", "room", "basement", 64),
    PlannedZone("boiler-room", "Chaufferie", "room", "basement", 28),
    PlannedZone("spa", "Spa", "room", "basement", 110),
    PlannedZone("kitchen", "Cuisine", "room", "ground", 95),
    PlannedZone("reception", "Réception et bureaux", "room", "ground", 70),
    PlannedZone("conference", "Salons", "room", "ground", 130),
    PlannedZone("outside", "Extérieurs", "building", area_m2=3_100),
    PlannedZone("car-park", "Parking", "floor", "outside", 900),
    PlannedZone("garden", "Jardin et piscine", "floor", "outside", 1_900),
)

SWITCHBOARDS = (
    PlannedSwitchboard("main", "TGBT", "plant-room"),
    PlannedSwitchboard("kitchen", "TD cuisine", "kitchen"),
    PlannedSwitchboard("technical", "TD technique", "plant-room"),
    PlannedSwitchboard("rooms", "TD étages", "floor-1"),
    PlannedSwitchboard("outside", "TD extérieur", "garden"),
)
