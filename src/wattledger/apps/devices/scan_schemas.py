"""What the API takes and gives of scans."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from wattledger.apps.devices.bus_schemas import Baudrate, StopBits
from wattledger.apps.rest.jobs import JobAnswer
from wattledger.apps.rest.values import Answer, Given
from wattledger.engine.api import ScanCertainty
from wattledger.plant import Parity

MOST_SETTINGS = 24  # as many as there are speeds and parities
UnitId = Annotated[int, Field(ge=0, le=255)]


class GivenSettings(Given):
    """How a serial line may be set."""

    baudrate: Baudrate
    parity: Parity
    stop_bits: StopBits = None


class NewScan(Given):
    """Which addresses of a bus to ask, and at which settings of a serial line.

    Without `first` and `last` all addresses: 1 to 247, on a TCP connection also 255, the gateway itself. `settings`
    "all": those of the bus, then the five that are most usual.
    """

    first: UnitId | None = None
    last: UnitId | None = None
    settings: (
        Literal["configured", "all"] | Annotated[list[GivenSettings], Field(min_length=1, max_length=MOST_SETTINGS)]
    ) = "configured"


class ScanAnswer(JobAnswer):
    """The job of a scan. `estimated_s`: about how many seconds it takes, once it runs, when hardly anybody answers."""

    estimated_s: float


class ScanSettings(Answer):
    """How a serial line was set; `stop_bits` null: 1 with a check bit, 2 without."""

    baudrate: int
    parity: Parity
    stop_bits: int | None


class Proposal(Answer):
    """A profile that fits; `product` null: one that the profile does not know. `name` is that of the profile."""

    profile: str
    product: str | None
    name: str


class FoundDevice(Answer):
    """Somebody who answered; `settings` null on a TCP connection.

    `device` is the configured one at that address, `said` all that it said of itself. `certainty`: `sure` when make and
    product are those of the first proposal. `same_as`: the address at which this very device was met before.
    """

    unit_id: int
    settings: ScanSettings | None
    device: str | None
    product: str | None
    serial: str | None
    said: dict[str, str]
    certainty: ScanCertainty
    proposals: list[Proposal]
    same_as: int | None


class ScanAdvice(Answer):
    code: str
    text: str


class Conflict(Answer):
    """An address from which something came that is no answer. `detail` is English, for people who debug."""

    unit_id: int
    settings: ScanSettings | None
    device: str | None
    advice: ScanAdvice
    detail: str


class ScanResult(Answer):
    """What a scan gave. `asked`: how many addresses, each counted once per setting.

    `spared` are the devices that answer at the settings of the bus; they were not asked at others.
    """

    bus: str
    asked: int
    found: list[FoundDevice]
    conflicts: list[Conflict]
    spared: list[str]
    duration_s: float
