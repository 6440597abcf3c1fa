"""The messages of a scan, and what those who order one and the engine that does it agree on."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from pydantic import TypeAdapter

from wattledger.plant import Parity


class ScanCertainty(StrEnum):
    """How sure it is what a device is that a scan has found."""

    SURE = "sure"  # its make and its product are those of a profile
    LIKELY = "likely"  # only one of the two
    UNKNOWN = "unknown"  # it answers; no profile says what it is


@dataclass(frozen=True, slots=True)
class LineSettings:
    """How a serial line is set; `stop_bits` None: as the parity leaves room for."""

    baudrate: int
    parity: Parity
    stop_bits: int | None = None


@dataclass(frozen=True, slots=True)
class ScanRequest:
    """One step of a scan: ask these addresses of a bus, in this order, who is there. Nothing is ever written.

    `settings` None: as the bus is set, and on a TCP connection. Else the line is set so for each single request.
    """

    bus: int
    unit_ids: tuple[int, ...]
    settings: LineSettings | None
    actor: str


@dataclass(frozen=True, slots=True)
class ProposedProfile:
    """A profile that fits, and which of its products; None: one that the profile does not know."""

    profile: str
    product: str | None
    name: str
    certainty: ScanCertainty


@dataclass(frozen=True, slots=True)
class ScannedUnit:
    """Somebody at an address.

    `device` is the configured one there. `garbled` says in English why something that came was no answer (two devices
    on one address, other settings, noise); empty when all was well.
    """

    unit_id: int
    device: int | None
    said: dict[str, str]  # of itself: vendor, product, serial, firmware …
    certainty: ScanCertainty
    proposals: tuple[ProposedProfile, ...]
    garbled: str


@dataclass(frozen=True, slots=True)
class Scanned:
    """What came of a step. It ends after a second or two: only the first `asked` of the addresses are dealt with."""

    asked: int
    found: tuple[ScannedUnit, ...]
    spared: tuple[int, ...]  # devices that answer at the settings of the bus, and were not asked at others


@dataclass(frozen=True, slots=True)
class ScanOrder:
    """A whole scan, as its job is told: every address at every one of the settings (None: as the bus is set)."""

    bus: int
    unit_ids: tuple[int, ...]
    settings: tuple[LineSettings | None, ...]

    @property
    def questions(self) -> int:
        """How often somebody is asked whether he is there."""
        return len(self.unit_ids) * len(self.settings)


@dataclass(frozen=True, slots=True)
class ScanFinding:
    """Somebody that a scan met, and at which settings.

    `same_as`: the address at which the same device, by its serial number, was met before; many a TCP meter answers at
    all of them.
    """

    unit: ScannedUnit
    settings: LineSettings | None
    same_as: int | None

    @property
    def is_device(self) -> bool:
        """Whether it gave an answer, not only noise."""
        return not self.unit.garbled or bool(self.unit.said or self.unit.proposals)


@dataclass(frozen=True, slots=True)
class ScanReport:
    """What a scan gave."""

    order: ScanOrder
    findings: tuple[ScanFinding, ...]
    spared: tuple[int, ...]  # devices that answer at the settings of the bus, and were not asked at others
    duration_s: float


SCAN_JOB = "scan"  # the kind of job
SCAN_ORDER = TypeAdapter(ScanOrder)  # its parameters
SCAN_REPORT = TypeAdapter(ScanReport)  # its result

# How meters leave their factories, the most usual first. Without a check bit two stop bits are sent: who expects one
# hears the second as silence, and nobody listens for the second.
USUAL_SETTINGS = (
    LineSettings(19200, Parity.EVEN),
    LineSettings(9600, Parity.NONE),
    LineSettings(9600, Parity.EVEN),
    LineSettings(19200, Parity.NONE),
    LineSettings(38400, Parity.NONE),
)

SCAN_SHARE = 0.5  # of the time of a bus that has devices to read as well
BESIDE_THE_TIMEOUT_S = 0.06  # frame, silences, setting the line and back; in the middle of what is usual


def scan_s(order: ScanOrder, *, timeout_s: float, is_shared: bool) -> float:
    """About how long a scan takes when hardly anybody answers.

    `is_shared`: there are devices on the bus that are read meanwhile.
    """
    return order.questions * (timeout_s + BESIDE_THE_TIMEOUT_S) / (SCAN_SHARE if is_shared else 1.0)
