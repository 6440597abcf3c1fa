"""What a profile file may say: one register map, the products that have it, and how to recognise them.

Addresses are those on the wire, counted from zero. A profile is data only; unknown keys are errors, so that a typing
mistake never silently drops a point. What concerns several parts at once is checked in `consistency`.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from wattledger.catalog.anchor import Anchor, ModelId
from wattledger.catalog.clock import Clock
from wattledger.catalog.errors import UnknownProductError
from wattledger.catalog.identity import IdentifyStep, Product
from wattledger.catalog.lint_rules import LintRule
from wattledger.catalog.operation import Command, DeviceAlarm, Parameter, Store, check_register
from wattledger.catalog.part import Address, Identifier, ItemName, Part, Text, TextKey, Word
from wattledger.catalog.registers import (
    MOST_REGISTERS,
    Form,
    RawValues,
    ReadFunction,
    RegisterType,
    WordOrder,
    check_fit,
    listed,
)
from wattledger.catalog.texts import Texts, text_in
from wattledger.measure import Kind, Nature, PointName, unit_named

MOST_CHANNELS = 100


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

    fc: ReadFunction = 3
    word_order: WordOrder = WordOrder.BIG
    nan: dict[RegisterType, RawValues] = Field(default_factory=dict)

    def nan_of(self, register_type: RegisterType) -> tuple[int, ...]:
        """Raw values, as unsigned numbers of that size, that stand for "not available"."""
        return listed(self.nan.get(register_type, ()))

    @model_validator(mode="after")
    def _fitting_nans(self) -> Self:
        for register_type in self.nan:
            check_fit(self.nan_of(register_type), register_type)
        return self


class Block(Part):
    """A range that one read may cover whole, fillers included; no point outside the blocks is ever read.

    `fc` None: as in the file's defaults.
    """

    start: Address
    words: Annotated[int, Field(ge=1, le=0x10000)]
    fc: ReadFunction | None = None
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


class AddedRegister(Part):
    """A further register whose number is added to a point's: kilowatt hours, and what is left over in watt hours.

    One step of it is worth `scale`, in the unit of the point; its word order and its function are the point's.
    """

    addr: Address
    type: RegisterType
    scale: Decimal = Decimal(1)

    @model_validator(mode="after")
    def _adds_something(self) -> Self:
        check_register(self.addr, self.type)
        if self.scale == 0:
            raise ValueError("plus: scale 0 would add nothing")
        return self


class ProfilePoint(Part):
    """One measured quantity: where it stands and how to read it.

    raw * `scale` + `offset` is the value in `unit`. `fc`, `word_order` and `nan` None: as in the file's defaults.
    `plus` are further numbers that are added. `scale_register` holds (as a s16) the exponent of ten by which the number
    is multiplied too; it stays where it is when the point is repeated per channel or tariff. All of them are read in
    one request. `values` says what each number of a state means (number: text key). `variants` empty: all. `rollover`
    overrides that of the variant. `decimals` refines the resolution with which it is recorded.
    """

    name: str
    addr: Address
    type: RegisterType
    fc: ReadFunction | None = None
    word_order: WordOrder | None = None
    nan: RawValues | None = None
    scale: Decimal = Decimal(1)
    offset: Decimal = Decimal(0)
    plus: tuple[AddedRegister, ...] = ()
    scale_register: Address | None = None
    form: Form | None = None
    values: dict[int, TextKey] = Field(default_factory=dict)
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

    @model_validator(mode="after")
    def _of_fitting_registers(self) -> Self:
        check_register(self.addr, self.type)
        if self.nan is not None:
            check_fit(listed(self.nan), self.type)
        quantity = self.point.measures
        if self.form is not None and quantity.kind is not Kind.POWER_FACTOR:
            raise ValueError(f"form {self.form} folds a power factor, and {quantity.name} is none")
        if self.values and quantity.nature is not Nature.STATE:
            raise ValueError(f"values name the states of a state, and {quantity.name} is a {quantity.nature}")
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
    """A golden case: these registers of this product must read as these values, in the units used inside.

    `source` is which of the profile's sources it comes from, counted from 0. `alarms` are those that the registers
    raise. `model` is whose registers they are, in an anchored profile; None: the first that the product may have.
    """

    product: str
    model: ModelId | None = None
    source: Annotated[int, Field(ge=0)] = 0
    at: Address
    raw: Annotated[tuple[Word, ...], Field(min_length=1, max_length=MOST_REGISTERS)]
    channel: Annotated[int, Field(ge=1, le=MOST_CHANNELS)] = 1
    fc: ReadFunction | None = None  # None: as in the file's defaults
    expect: dict[str, float | None] = Field(default_factory=dict)
    alarms: tuple[ItemName, ...] = ()

    @model_validator(mode="after")
    def _expects_something(self) -> Self:
        if not self.expect and not self.alarms:
            raise ValueError("nothing is expected; give 'expect' or 'alarms'")
        return self


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
    anchor: Anchor | None = None  # None: the registers of all devices stand at the same addresses
    identify: tuple[IdentifyStep, ...] = ()
    blocks: tuple[Block, ...] = ()
    points: tuple[ProfilePoint, ...] = ()
    repeats: tuple[Repeat, ...] = ()
    clock: Clock | None = None  # None: the device has none, or none that is set over the bus
    parameters: tuple[Parameter, ...] = ()
    store: Store | None = None  # None: settings need no further write to be kept
    commands: tuple[Command, ...] = ()
    alarms: tuple[DeviceAlarm, ...] = ()
    notes: tuple[TextKey, ...] = ()  # what whoever commissions the device must know
    texts: Texts = Field(default_factory=dict)
    tests: tuple[Vector, ...] = ()
    lint: dict[LintRule, Text] = Field(default_factory=dict)  # what the linter need not tell, and why

    def text(self, key: str, language: str, args: Mapping[str, str] | None = None) -> str:
        """The text called `key`, in this language or else in English, with `args` in its gaps."""
        return text_in(self.texts, key, language, args or {})

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
        """The product that says `code` of itself, by the longest match that fits; None: none of this profile."""
        fitting = [(product.match, product) for product in self.products if product.match and product.match.fits(code)]
        longest = max(fitting, key=lambda one: (len(one[0].product_code), one[0].exact), default=None)
        return longest[1] if longest else None
