"""What a profile file may say: one register map, the products that have it, and how to recognise them.

Addresses are those on the wire, counted from zero. A profile is data only; unknown keys are errors, so that a typing
mistake never silently drops a point. What concerns several parts at once is checked in `consistency`.
"""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from wattledger.catalog.clock import Clock
from wattledger.catalog.errors import UnknownProductError
from wattledger.catalog.part import Address, Identifier, Part, Word
from wattledger.measure import Nature, PointName, unit_named

MOST_REGISTERS = 125  # of one read; Modbus Application Protocol V1.1b3, 6.3
MOST_CHANNELS = 100

Text = Annotated[str, Field(min_length=1, max_length=200)]


class RegisterType(StrEnum):
    """How registers hold a number; the number is its size in bits."""

    U16 = "u16"
    S16 = "s16"
    U32 = "u32"
    S32 = "s32"
    U64 = "u64"
    S64 = "s64"
    F32 = "f32"
    BITS = "bits"  # one register whose bits mean something each; kept as a number

    @property
    def words(self) -> int:
        """Registers that one value takes."""
        return 1 if self is RegisterType.BITS else int(self.value[1:]) // 16


class TextType(StrEnum):
    """How registers hold what identifies a device."""

    STR = "str"  # two characters a register, the first in the high byte, padded with NUL or blanks
    VER3 = "ver3"  # 0x02030000 is version 2.3.0


class WordOrder(StrEnum):
    """Which register of a longer number comes first."""

    BIG = "big"  # the high word
    LITTLE = "little"  # the low word


class PollClass(StrEnum):
    """How often a point wants to be read between the slots."""

    FAST = "fast"
    NORMAL = "normal"
    SLOW = "slow"
    ONCE = "once"


class Status(StrEnum):
    """How sure the map is."""

    OFFICIAL = "official"  # from the maker's own table
    DERIVED = "derived"  # from a sister product
    UNVERIFIED = "unverified"  # from one open source
    VERIFIED = "verified"  # compared with a real device


class Found(StrEnum):
    """What an identification step tells."""

    VENDOR = "vendor"
    PRODUCT_CODE = "product_code"
    PRODUCT_NAME = "product_name"
    MODEL = "model"
    SERIAL = "serial"
    FIRMWARE = "firmware"
    HARDWARE = "hardware"


class Source(Part):
    """Where the facts come from."""

    title: Text
    date: str = ""  # as exact as it is known
    covers: str = ""


class Variant(Part):
    """A group of products with the same registers.

    `rollover` is the highest value that its counters show, in the unit of their points; None: not known.
    """

    title: Text
    rollover: Annotated[int, Field(gt=0)] | None = None


class Match(Part):
    """How a product names itself: what its product code begins with (makers append country suffixes)."""

    product_code: Text


class Product(Part):
    """One orderable product."""

    ref: Text
    variant: Identifier
    match: Match


class RtuTransport(Part):
    """How the device speaks on a serial line as it leaves the factory; the first baud rate is the usual one."""

    baud: Annotated[tuple[int, ...], Field(min_length=1)]
    parity: Literal["N", "E", "O"]
    stop: Literal[1, 2] = 1
    units: tuple[int, int] = (1, 247)


class TcpTransport(Part):
    """How the device is reached over Ethernet."""

    port: Annotated[int, Field(ge=1, le=65535)] = 502
    unit: Annotated[int, Field(ge=0, le=255)] = 255


class LocalTransport(Part):
    """Which terminals of the server itself the products of a variant can be wired to."""

    terminals: Annotated[dict[Identifier, tuple[Annotated[int, Field(ge=1, le=255)], ...]], Field(min_length=1)]


class Transport(Part):
    """The ways to reach the device; at least one."""

    rtu: RtuTransport | None = None
    tcp: TcpTransport | None = None
    local: LocalTransport | None = None

    @model_validator(mode="after")
    def _some_way(self) -> Self:
        if self.rtu is None and self.tcp is None and self.local is None:
            raise ValueError("at least one of rtu, tcp and local is needed")
        return self


class Limits(Part):
    """What one request may ask, how long the device may take to answer it, and the pauses that it wants.

    `gap_ms` passes between the last answer on the device's link, whoever gave it, and the next request to the device;
    `connect_pause_ms` between the making of a connection (the opening of a port) and the first. Most devices want none.
    """

    max_registers: Annotated[int, Field(ge=1, le=MOST_REGISTERS)] = MOST_REGISTERS
    timeout_ms: Annotated[int, Field(ge=10, le=30_000)] = 1000
    gap_ms: Annotated[int, Field(ge=0, le=1_000)] = 0
    connect_pause_ms: Annotated[int, Field(ge=0, le=10_000)] = 0


class Defaults(Part):
    """What holds for every point of the file; `nan` lists the raw values that mean "not available", per type."""

    fc: Literal[3, 4] = 3
    word_order: WordOrder = WordOrder.BIG
    nan: dict[RegisterType, Annotated[int, Field(ge=0)] | tuple[Annotated[int, Field(ge=0)], ...]] = Field(
        default_factory=dict
    )

    def nan_of(self, register_type: RegisterType) -> tuple[int, ...]:
        """Raw values, as unsigned numbers of that size, that stand for "not available"."""
        values = self.nan.get(register_type, ())
        return (values,) if isinstance(values, int) else values

    @model_validator(mode="after")
    def _fitting_nans(self) -> Self:
        for register_type in self.nan:
            for value in self.nan_of(register_type):
                if value >= 1 << 16 * register_type.words:
                    raise ValueError(f"nan: 0x{value:X} does not fit into {register_type}")
        return self


class RegisterStep(Part):
    """Read registers that tell who the device is."""

    kind: Literal["register"]
    addr: Address
    words: Annotated[int, Field(ge=1, le=MOST_REGISTERS)]
    type: TextType
    into: Found
    equals: str | None = None  # anything else is another make, whose registers mean something else

    @model_validator(mode="after")
    def _fitting_words(self) -> Self:
        if self.type is TextType.VER3 and self.words != 2:
            raise ValueError("a ver3 takes 2 words")
        return self


class MeiStep(Part):
    """Ask by "read device identification" (function 0x2B, MEI type 0x0E)."""

    kind: Literal["mei"]
    object: Annotated[int, Field(ge=0, le=255)]
    into: Found
    equals: str | None = None


IdentifyStep = Annotated[RegisterStep | MeiStep, Field(discriminator="kind")]


class Block(Part):
    """A range that one read may cover whole, fillers included; nothing outside the blocks is ever read."""

    start: Address
    words: Annotated[int, Field(ge=1, le=0x10000)]
    poll: PollClass = PollClass.NORMAL
    variants: tuple[Identifier, ...] = ()

    @property
    def end(self) -> int:
        """The first address behind the block."""
        return self.start + self.words


class TariffRegisters(Part):
    """The point is kept per tariff: registers 1 to `count`, `stride` words apart; the names end in t1, t2 …"""

    count: Annotated[int, Field(ge=1, le=16)]
    stride: Annotated[int, Field(ge=1, le=0xFFFF)]


class ProfilePoint(Part):
    """One measured quantity: where it stands and how to read it.

    raw * `scale` + `offset` is the value in `unit`. `variants` empty: all. `rollover` overrides that of the variant.
    `decimals` refines the resolution with which it is recorded.
    """

    name: str
    addr: Address
    type: RegisterType
    scale: Decimal = Decimal(1)
    offset: Decimal = Decimal(0)
    unit: str = "1"
    decimals: Annotated[int, Field(ge=0, le=9)] | None = None
    rollover: Annotated[int, Field(gt=0)] | None = None
    poll: PollClass | None = None  # None: as its block
    variants: tuple[Identifier, ...] = ()
    recorded: bool = False
    tariffs: TariffRegisters | None = None

    @property
    def point(self) -> PointName:
        """The name from the vocabulary."""
        return PointName.parse(self.name)

    @model_validator(mode="after")
    def _in_the_vocabulary(self) -> Self:
        quantity = self.point.measures
        unit_named(self.unit, quantity=quantity)
        if self.scale == 0:
            raise ValueError("scale 0 would make every value 0")
        if self.rollover is not None and quantity.nature is not Nature.COUNTER:
            raise ValueError(f"{quantity.name} is no counter and has no rollover")
        if self.tariffs:
            PointName.parse(f"{self.name}.t{self.tariffs.count}")
        return self


class ChannelPoint(ProfilePoint):
    """A point that each channel has; `stride` words lie between one channel's register and the next one's."""

    stride: Annotated[int, Field(ge=0, le=0xFFFF)]


class Repeat(Part):
    """Points that a device with several channels has once per channel."""

    over: Literal["channel"]
    count: Annotated[int, Field(ge=2, le=MOST_CHANNELS)]
    variants: tuple[Identifier, ...] = ()
    points: Annotated[tuple[ChannelPoint, ...], Field(min_length=1)]


class Vector(Part):
    """A golden case: these registers of this product must read as these values, in the units used inside."""

    product: str
    at: Address
    raw: Annotated[tuple[Word, ...], Field(min_length=1, max_length=MOST_REGISTERS)]
    channel: Annotated[int, Field(ge=1, le=MOST_CHANNELS)] = 1
    expect: Annotated[dict[str, float | None], Field(min_length=1)]


class Profile(Part):
    """A whole profile file."""

    id: Identifier
    version: Annotated[int, Field(ge=1)]
    name: Text
    family: Text
    status: Status
    sources: Annotated[tuple[Source, ...], Field(min_length=1)]
    variants: Annotated[dict[Identifier, Variant], Field(min_length=1)]
    products: Annotated[tuple[Product, ...], Field(min_length=1)]
    transport: Transport
    limits: Limits = Limits()
    defaults: Defaults = Defaults()
    identify: tuple[IdentifyStep, ...] = ()
    blocks: Annotated[tuple[Block, ...], Field(min_length=1)]
    points: tuple[ProfilePoint, ...] = ()
    repeats: tuple[Repeat, ...] = ()
    clock: Clock | None = None  # None: the device has none, or none that is set over the bus
    tests: tuple[Vector, ...] = ()

    def product(self, ref: str) -> Product:
        """The product called `ref`; raises UnknownProductError."""
        for product in self.products:
            if product.ref == ref:
                return product
        known = ", ".join(product.ref for product in self.products)
        raise UnknownProductError(f"profile {self.id!r} has no product {ref!r}; it has {known}")

    def terminals_of(self, product: Product) -> tuple[int, ...]:
        """The terminals of the server that the product can be wired to; none: it is reached over a bus."""
        return () if self.transport.local is None else self.transport.local.terminals.get(product.variant, ())

    def product_of_code(self, code: str) -> Product | None:
        """The product that says `code` of itself, by the longest beginning that fits; None: none of this profile."""
        fitting = [product for product in self.products if code.startswith(product.match.product_code)]
        return max(fitting, key=lambda product: len(product.match.product_code), default=None)


def profile_json_schema() -> dict[str, object]:
    """The published JSON Schema of profile files, for editors; loading checks more than a schema can say."""
    return Profile.model_json_schema()
