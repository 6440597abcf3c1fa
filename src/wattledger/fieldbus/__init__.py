"""The field bus: asking devices for their values, whatever carries the questions.

Promises that a value is only ever that of the point it is given for: what does not fit its request is rejected and
counted. Generic parts (planning, decoding, reading, identification, statistics) stand here, each driver in its folder.
Times are monotonic. Decides nothing about when to ask, and keeps no values.
"""

from wattledger.fieldbus.backoff import Backoff
from wattledger.fieldbus.clock_registers import clock_read, clock_shown, clock_writes, resolution, time_shown
from wattledger.fieldbus.decoding import decode
from wattledger.fieldbus.errors import (
    AnswerTimeoutError,
    ConnectionLostError,
    FieldbusError,
    LinkError,
    OutOfStepError,
    RefusedError,
    RequestError,
    TlsSettingsError,
    UnfitAnswerError,
    UnreachableError,
    is_silence,
)
from wattledger.fieldbus.identification import Advice, Identification, Outcome, identify
from wattledger.fieldbus.link import Link, Reply, Wire
from wattledger.fieldbus.manners import Manners
from wattledger.fieldbus.memory import BlockMemory
from wattledger.fieldbus.modbus.link import TcpLink
from wattledger.fieldbus.modbus.rtu_link import RtuLink
from wattledger.fieldbus.modbus.rtu_trial import RtuTrial
from wattledger.fieldbus.modbus.serial_settings import Parity, SerialSettings
from wattledger.fieldbus.modbus.tls_settings import TlsSecurity, TlsSettings, TlsVersion
from wattledger.fieldbus.monitor import Direction, FrameMonitor, Happening, MonitorEntry
from wattledger.fieldbus.planning import Read, plan_reads
from wattledger.fieldbus.reading import PointAnswer, PointValue, PointValues, ReadFailure, read_points
from wattledger.fieldbus.recognition import Certainty, Proposal
from wattledger.fieldbus.scanning import FoundUnit, probe_unit
from wattledger.fieldbus.statistics import TrafficSnapshot, TrafficStatistics

__all__ = [
    "Advice",
    "AnswerTimeoutError",
    "Backoff",
    "BlockMemory",
    "Certainty",
    "ConnectionLostError",
    "Direction",
    "FieldbusError",
    "FoundUnit",
    "FrameMonitor",
    "Happening",
    "Identification",
    "Link",
    "LinkError",
    "Manners",
    "MonitorEntry",
    "OutOfStepError",
    "Outcome",
    "Parity",
    "PointAnswer",
    "PointValue",
    "PointValues",
    "Proposal",
    "Read",
    "ReadFailure",
    "RefusedError",
    "Reply",
    "RequestError",
    "RtuLink",
    "RtuTrial",
    "SerialSettings",
    "TcpLink",
    "TlsSecurity",
    "TlsSettings",
    "TlsSettingsError",
    "TlsVersion",
    "TrafficSnapshot",
    "TrafficStatistics",
    "UnfitAnswerError",
    "UnreachableError",
    "Wire",
    "clock_read",
    "clock_shown",
    "clock_writes",
    "decode",
    "identify",
    "is_silence",
    "plan_reads",
    "probe_unit",
    "read_points",
    "resolution",
    "time_shown",
]
