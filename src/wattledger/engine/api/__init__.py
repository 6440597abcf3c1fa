"""The engine's control API as others see it: messages, client, errors.

Everything outside the engine that wants something of it imports this package and nothing else of the engine.
"""

from wattledger.engine.api.client import EngineClient
from wattledger.engine.api.errors import EngineError, EngineRefusedError, EngineUnreachableError
from wattledger.engine.api.messages import (
    ClockState,
    DeviceClockState,
    DeviceCondition,
    DeviceState,
    EngineState,
    GivenPoint,
    GivenReadings,
    Identification,
    IdentifyOutcome,
    IdentifyRequest,
    LiveQuality,
    LiveValue,
    Problem,
    Refusal,
    Reload,
    Reloaded,
    Reset,
    Stored,
    TrafficStatistics,
)
from wattledger.engine.api.scanning import (
    SCAN_SHARE,
    USUAL_SETTINGS,
    LineSettings,
    ProposedProfile,
    ScanCertainty,
    Scanned,
    ScannedUnit,
    ScanRequest,
    scan_s,
)

__all__ = [
    "SCAN_SHARE",
    "USUAL_SETTINGS",
    "ClockState",
    "DeviceClockState",
    "DeviceCondition",
    "DeviceState",
    "EngineClient",
    "EngineError",
    "EngineRefusedError",
    "EngineState",
    "EngineUnreachableError",
    "GivenPoint",
    "GivenReadings",
    "Identification",
    "IdentifyOutcome",
    "IdentifyRequest",
    "LineSettings",
    "LiveQuality",
    "LiveValue",
    "Problem",
    "ProposedProfile",
    "Refusal",
    "Reload",
    "Reloaded",
    "Reset",
    "ScanCertainty",
    "ScanRequest",
    "Scanned",
    "ScannedUnit",
    "Stored",
    "TrafficStatistics",
    "scan_s",
]
