"""The server's own inputs: water by pulses, the door of the cold room, the outdoor temperature."""

from __future__ import annotations

from wattledger.demo.plan.parts import BusKind, PlannedBus, PlannedChannel, PlannedDevice, PulseInput

INPUTS = PlannedBus("inputs", "Entrées locales", BusKind.LOCAL)
WATER_PULSE_M3 = 0.01
WATER_INDEX_M3 = 12_846.2

PROFILE = "local-inputs"
WATER = PlannedChannel("water", "water", "Eau froide générale", zone="plant-room", source=None, index=WATER_INDEX_M3)
DOOR = PlannedChannel("cold-door", "cold-door", "Porte chambre froide", zone="basement", source=None)
OUTDOOR = PlannedChannel("outdoor", "outdoor", "Température extérieure", zone="north-face", source=None)

TERMINAL_DEVICES = (
    PlannedDevice(
        "water", "Eau froide générale", INPUTS.key, 1, PROFILE, "PULSECOUNTER", "", (WATER,),
        input=PulseInput("water_volume", "l", 10.0),
    ),
    PlannedDevice("cold-door", "Porte chambre froide", INPUTS.key, 2, PROFILE, "BINARY-INPUT", "", (DOOR,)),
    PlannedDevice("outdoor", "Température extérieure", INPUTS.key, 5, PROFILE, "PT100", "", (OUTDOOR,)),
)  # fmt: skip
