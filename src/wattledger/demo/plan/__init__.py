"""What stands in the demo hotel: its places, its buses, and the devices on them, as they are declared to the server.

Promises nothing that runs: simulators and the declaration both read from here, so that they agree on who is where.
Names are French, as people of the house would give them; they are data and not translated.
"""

from wattledger.demo.plan.devices import BUSES, DEVICES, device_named
from wattledger.demo.plan.parts import (
    PlannedBus,
    PlannedChannel,
    PlannedDevice,
    PlannedSwitchboard,
    PlannedZone,
    PulseInput,
    TcpHost,
)
from wattledger.demo.plan.places import SITE, SWITCHBOARDS, ZONES

__all__ = [
    "BUSES",
    "DEVICES",
    "SITE",
    "SWITCHBOARDS",
    "ZONES",
    "PlannedBus",
    "PlannedChannel",
    "PlannedDevice",
    "PlannedSwitchboard",
    "PlannedZone",
    "PulseInput",
    "TcpHost",
    "device_named",
]
