"""What is configured, as frozen dataclasses: buses, devices, installations, circuits, series, intervals.

Promises values without input or output; who loads them from the configuration database is the business of the services.
"""

from wattledger.plant.folder import DataFolder
from wattledger.plant.model import (
    FACTORY_INTERVAL_MIN,
    OTHER_INTERVAL_MIN,
    RTU_UNIT_IDS,
    SEALED_FOR,
    TCP_UNIT_IDS,
    Assignment,
    Bus,
    Circuit,
    ClientIdentity,
    Device,
    Installation,
    Parity,
    Plant,
    RecordingInterval,
    RtuBus,
    Series,
    TcpBus,
    TlsSetup,
    TlsVersion,
)
from wattledger.plant.snapshot import PlantError, from_bytes, to_bytes

__all__ = [
    "FACTORY_INTERVAL_MIN",
    "OTHER_INTERVAL_MIN",
    "RTU_UNIT_IDS",
    "SEALED_FOR",
    "TCP_UNIT_IDS",
    "Assignment",
    "Bus",
    "Circuit",
    "ClientIdentity",
    "DataFolder",
    "Device",
    "Installation",
    "Parity",
    "Plant",
    "PlantError",
    "RecordingInterval",
    "RtuBus",
    "Series",
    "TcpBus",
    "TlsSetup",
    "TlsVersion",
    "from_bytes",
    "to_bytes",
]
