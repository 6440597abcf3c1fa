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
    BoardError,
    ConnectionLostError,
    DoubledUnitError,
    FieldbusError,
    LinkError,
    MisplacedError,
    Missing,
    MissingError,
    OutOfStepError,
    RefusedError,
    RequestError,
    SearchUnfinishedError,
    TlsSettingsError,
    UnfitAnswerError,
    UnreachableError,
    is_silence,
)
from wattledger.fieldbus.identification import identify
from wattledger.fieldbus.link import Link, Reply, Wire
from wattledger.fieldbus.local.board import Board, Terminal, load_board
from wattledger.fieldbus.local.counts import CountFiles
from wattledger.fieldbus.local.inputs import LocalInputs, Wired
from wattledger.fieldbus.local.link import LocalLink
from wattledger.fieldbus.local.measured import ContactShown, CurrentShown, Shown, ThermometerShown
from wattledger.fieldbus.local.outputs import AnalogOutput, Lamp, Relay, light
from wattledger.fieldbus.manners import Manners
from wattledger.fieldbus.memory import BlockMemory
from wattledger.fieldbus.modbus.link import TcpLink
from wattledger.fieldbus.modbus.rtu_link import RtuLink
from wattledger.fieldbus.modbus.rtu_trial import RtuTrial
from wattledger.fieldbus.modbus.serial_settings import Parity, SerialSettings
from wattledger.fieldbus.modbus.tls_settings import TlsSecurity, TlsSettings, TlsVersion
from wattledger.fieldbus.monitor import Direction, FrameMonitor, Happening, MonitorEntry
from wattledger.fieldbus.outcomes import Advice, Identification, Outcome
from wattledger.fieldbus.planning import Read, plan_reads
from wattledger.fieldbus.reading import PointAnswer, PointValue, PointValues, ReadFailure, read_points
from wattledger.fieldbus.reasons import Why, why_of
from wattledger.fieldbus.recognition import Certainty, Proposal
from wattledger.fieldbus.scanning import FoundUnit, probe_unit
from wattledger.fieldbus.settings import AlarmState, Setting, read_alarms, read_settings
from wattledger.fieldbus.statistics import TrafficSnapshot, TrafficStatistics
from wattledger.fieldbus.vectors import vector_faults

__all__ = [
    "Advice",
    "AlarmState",
    "AnalogOutput",
    "AnswerTimeoutError",
    "Backoff",
    "BlockMemory",
    "Board",
    "BoardError",
    "Certainty",
    "ConnectionLostError",
    "ContactShown",
    "CountFiles",
    "CurrentShown",
    "Direction",
    "DoubledUnitError",
    "FieldbusError",
    "FoundUnit",
    "FrameMonitor",
    "Happening",
    "Identification",
    "Lamp",
    "Link",
    "LinkError",
    "LocalInputs",
    "LocalLink",
    "Manners",
    "MisplacedError",
    "Missing",
    "MissingError",
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
    "Relay",
    "Reply",
    "RequestError",
    "RtuLink",
    "RtuTrial",
    "SearchUnfinishedError",
    "SerialSettings",
    "Setting",
    "Shown",
    "TcpLink",
    "Terminal",
    "ThermometerShown",
    "TlsSecurity",
    "TlsSettings",
    "TlsSettingsError",
    "TlsVersion",
    "TrafficSnapshot",
    "TrafficStatistics",
    "UnfitAnswerError",
    "UnreachableError",
    "Why",
    "Wire",
    "Wired",
    "clock_read",
    "clock_shown",
    "clock_writes",
    "decode",
    "identify",
    "is_silence",
    "light",
    "load_board",
    "plan_reads",
    "probe_unit",
    "read_alarms",
    "read_points",
    "read_settings",
    "resolution",
    "time_shown",
    "vector_faults",
    "why_of",
]
