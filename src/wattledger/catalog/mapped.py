"""What one product offers, resolved: registers, scale and resolution, with the file's defaults filled in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from wattledger.catalog.clock import Clock
from wattledger.catalog.identity import IdentifyStep
from wattledger.catalog.operation import AfterWriting, AlarmSeverity, Command, SettingDanger, Store
from wattledger.catalog.registers import Form, RegisterType, WordOrder, WriteFunction
from wattledger.catalog.schema import Limits, PollClass
from wattledger.measure import PointName


@dataclass(frozen=True, slots=True)
class AddedNumber:
    """A further number of a point, at an address of its own: raw * `multiplier` is added before the point's division.

    `nan` are the raw values, unsigned, that mean "not available"; the point has no value then.
    """

    address: int
    type: RegisterType
    multiplier: int
    nan: tuple[int, ...]

    @property
    def end(self) -> int:
        """The first address behind the number."""
        return self.address + self.type.words


@dataclass(frozen=True, slots=True)
class MappedPoint:
    """One point of one product.

    The value in the quantity's inside unit is (raw * multiplier + offset) / divisor, in this order, so that decimal
    scales give the decimal number (23012 → 230.12). `nan` are the raw values, unsigned, that mean "not available".
    `decimals` is the resolution with which the point is recorded. `modulus` is where its counter starts anew, in the
    inside unit; None: not known, or no counter.

    A few points take several numbers: those of `plus` are added before the division, the register at `exponent_at`
    (a s16) says by which power of ten all but the offset is multiplied. `address` and `end` span them all, as they are
    read at once; the point's own number stands `inset` registers behind `address`. `values` are the text keys of a
    state's numbers.
    """

    channel: int
    name: PointName
    function: int
    address: int
    type: RegisterType
    word_order: WordOrder
    multiplier: int
    divisor: int
    nan: tuple[int, ...]
    decimals: int
    modulus: float | None
    poll: PollClass
    recorded_by_default: bool
    offset: int = 0
    inset: int = 0
    plus: tuple[AddedNumber, ...] = ()
    exponent_at: int | None = None
    form: Form | None = None
    values: Mapping[int, str] = field(default_factory=dict)
    end: int = field(init=False, compare=False)  # the first address behind the point's registers
    _hash: int = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "end", max(end for _, end in self.spans))
        # Values are looked up by point some hundred times at each poll: hashing costs nothing there.
        object.__setattr__(self, "_hash", hash((self.channel, self.function, self.address, self.name.order)))

    @property
    def words(self) -> int:
        """Registers from the point's first to its last."""
        return self.end - self.address

    @property
    def number_at(self) -> int:
        """Where the point's own number stands."""
        return self.address + self.inset

    @property
    def spans(self) -> tuple[tuple[int, int], ...]:
        """The registers that the point takes: [start, end) of each number, its own first."""
        added = ((number.address, number.end) for number in self.plus)
        exponent = () if self.exponent_at is None else ((self.exponent_at, self.exponent_at + 1),)
        return ((self.number_at, self.number_at + self.type.words), *added, *exponent)

    def moved(self, by: int) -> MappedPoint:
        """The point with all its registers so much further back."""
        return replace(
            self,
            address=self.address + by,
            plus=tuple(replace(number, address=number.address + by) for number in self.plus),
            exponent_at=None if self.exponent_at is None else self.exponent_at + by,
        )

    @property
    def is_plain(self) -> bool:
        """Whether the value follows from one number by its line alone."""
        return not self.plus and self.exponent_at is None and self.form is None

    @property
    def scale(self) -> float:
        """What one step of the raw number is worth in the inside unit; also the resolution of a counter."""
        return min((self.multiplier, *(number.multiplier for number in self.plus)), key=abs) / self.divisor

    def __hash__(self) -> int:
        return self._hash


@dataclass(frozen=True, slots=True)
class Writing:
    """How a setting is written: with which function, how many registers, and what it does and takes."""

    function: WriteFunction
    words: int
    danger: SettingDanger
    after: AfterWriting


@dataclass(frozen=True, slots=True)
class MappedParameter:
    """A setting of one product; its value in `unit` is (raw * multiplier + offset) / divisor.

    `values` are the text keys of its numbers where it is a choice. `least` and `most` bound what it may be, in `unit`.
    `writing` None: it is only shown.
    """

    name: str
    text: str
    function: int
    address: int
    type: RegisterType
    word_order: WordOrder
    multiplier: int
    divisor: int
    offset: int
    nan: tuple[int, ...]
    unit: str
    values: Mapping[int, str] = field(hash=False)
    least: float | None
    most: float | None
    writing: Writing | None

    @property
    def words(self) -> int:
        """Registers that the setting takes."""
        return self.type.words


@dataclass(frozen=True, slots=True)
class MappedAlarm:
    """Something is wrong while `bit` of a number is set, or while it `equals` a code: one of the two is None.

    A number of `nan` (raw, unsigned) means "not available" and raises nothing.
    """

    name: str
    severity: AlarmSeverity
    text: str
    args: Mapping[str, str] = field(hash=False)
    function: int
    address: int
    type: RegisterType
    word_order: WordOrder
    bit: int | None
    equals: int | None
    nan: tuple[int, ...] = ()

    @property
    def words(self) -> int:
        """Registers that the number takes."""
        return self.type.words


@dataclass(frozen=True, slots=True)
class MappedBlock:
    """A range that one read may cover whole: [start, end)."""

    function: int
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Layout:
    """How some models lay out the registers of a product: its points and alarms, in the order of its map, at addresses
    that count from the start of the model's block.
    """

    models: tuple[int, ...]
    points: tuple[MappedPoint, ...]
    alarms: tuple[MappedAlarm, ...]
    blocks: tuple[MappedBlock, ...]
    end: int  # the first address behind all of them


@dataclass(frozen=True, slots=True)
class MappedAnchor:
    """In which block of a device its registers stand: the `instance`-th of the models that one of the layouts has."""

    layouts: tuple[Layout, ...]
    instance: int


@dataclass(frozen=True, slots=True)
class DeviceMap:
    """All that reading one product needs to know. Points are in the order of the profile, channel by channel.

    `notes` are keys of texts. Without points, nobody published the registers: the device only tells who it is. With an
    `anchor` the addresses mean nothing before its block was found and the map settled there; the points name what is
    read until then.
    """

    profile: str
    version: int
    product: str
    channels: int
    points: tuple[MappedPoint, ...]
    blocks: tuple[MappedBlock, ...]
    limits: Limits
    identify: tuple[IdentifyStep, ...]
    clock: Clock | None = None  # None: there is none to be set
    parameters: tuple[MappedParameter, ...] = ()
    store: Store | None = None  # None: settings need no further write to be kept
    commands: tuple[Command, ...] = ()
    alarms: tuple[MappedAlarm, ...] = ()
    notes: tuple[str, ...] = ()
    anchor: MappedAnchor | None = field(default=None, repr=False)

    def settled(self, layout: Layout, *, at: int) -> DeviceMap:
        """The map of a device whose block has this layout and starts at the address `at`; points in the same order."""
        return replace(
            self,
            points=tuple(point.moved(at) for point in layout.points),
            alarms=tuple(replace(alarm, address=alarm.address + at) for alarm in layout.alarms),
            blocks=tuple(MappedBlock(block.function, block.start + at, block.end + at) for block in layout.blocks),
            anchor=None,
        )

    def layout_of(self, model: int) -> Layout | None:
        """The layout that a model has; None: the product is never in such a block."""
        layouts = self.anchor.layouts if self.anchor else ()
        return next((layout for layout in layouts if model in layout.models), None)

    def point(self, name: str, *, channel: int = 1) -> MappedPoint | None:
        """The point of this name; None: this product does not offer it."""
        for point in self.points:
            if point.channel == channel and str(point.name) == name:
                return point
        return None
