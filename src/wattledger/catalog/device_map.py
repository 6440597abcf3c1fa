"""The view of one product: its points resolved to registers, scale and resolution, ready to be read."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction

from wattledger.catalog.clock import Clock
from wattledger.catalog.errors import ProfileError
from wattledger.catalog.line import line_of, unit_factor
from wattledger.catalog.schema import (
    Block,
    ChannelPoint,
    Defaults,
    IdentifyStep,
    Limits,
    PollClass,
    Product,
    Profile,
    ProfilePoint,
    RegisterType,
    WordOrder,
)
from wattledger.measure import Nature, PointName


@dataclass(frozen=True, slots=True)
class MappedPoint:
    """One point of one product.

    The value in the quantity's inside unit is (raw * multiplier + offset) / divisor, in this order, so that decimal
    scales give the decimal number (23012 → 230.12). `nan` are the raw values, unsigned, that mean "not available".
    `decimals` is the resolution with which the point is recorded. `modulus` is where its counter starts anew, in the
    inside unit; None: not known, or no counter.
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
    _hash: int = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        # Values are looked up by point some hundred times at each poll: hashing costs nothing there.
        object.__setattr__(self, "_hash", hash((self.channel, self.address, self.name.order)))

    @property
    def words(self) -> int:
        """Registers that the value takes."""
        return self.type.words

    @property
    def end(self) -> int:
        """The first address behind the value."""
        return self.address + self.type.words

    @property
    def scale(self) -> float:
        """What one step of the raw number is worth in the inside unit; also the resolution of a counter."""
        return self.multiplier / self.divisor

    def __hash__(self) -> int:
        return self._hash


@dataclass(frozen=True, slots=True)
class MappedBlock:
    """A range that one read may cover whole: [start, end)."""

    function: int
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class DeviceMap:
    """All that reading one product needs to know. Points are in the order of the profile, channel by channel."""

    profile: str
    version: int
    product: str
    channels: int
    points: tuple[MappedPoint, ...]
    blocks: tuple[MappedBlock, ...]
    limits: Limits
    identify: tuple[IdentifyStep, ...]
    clock: Clock | None = None  # None: there is none to be set

    def point(self, name: str, *, channel: int = 1) -> MappedPoint | None:
        """The point of this name; None: this product does not offer it."""
        for point in self.points:
            if point.channel == channel and str(point.name) == name:
                return point
        return None


def device_map(profile: Profile, product: Product) -> DeviceMap:
    """What `product` offers of its profile; raises ProfileError for a point that lies in no block of its variant."""
    blocks = tuple(block for block in profile.blocks if _concerns(block.variants, product.variant))
    return DeviceMap(
        profile=profile.id,
        version=profile.version,
        product=product.ref,
        channels=max((channel for channel, _, _ in _placed(profile, product.variant)), default=1),
        points=tuple(_points(profile, product.variant, blocks)),
        blocks=tuple(MappedBlock(profile.defaults.fc, block.start, block.end) for block in blocks),
        limits=profile.limits,
        identify=profile.identify,
        clock=profile.clock if profile.clock and _concerns(profile.clock.variants, product.variant) else None,
    )


def _concerns(variants: tuple[str, ...], variant: str) -> bool:
    return not variants or variant in variants


def _placed(profile: Profile, variant: str) -> Iterator[tuple[int, ProfilePoint, int]]:
    """Channel, point and address of everything that the variant has, tariff registers still in one."""
    for point in profile.points:
        if _concerns(point.variants, variant):
            yield 1, point, point.addr
    for repeat in profile.repeats:
        if not _concerns(repeat.variants, variant):
            continue
        for channel in range(1, repeat.count + 1):
            for repeated in repeat.points:
                if _concerns(repeated.variants, variant):
                    yield channel, repeated, _channel_address(repeated, channel)


def _channel_address(point: ChannelPoint, channel: int) -> int:
    return point.addr + (channel - 1) * point.stride


def _points(profile: Profile, variant: str, blocks: tuple[Block, ...]) -> Iterator[MappedPoint]:
    rollover = profile.variants[variant].rollover
    for channel, point, address in _placed(profile, variant):
        for name, place in _per_tariff(point, address):
            block = _block_of(name, place, point.type.words, blocks, variant)
            yield _mapped(
                point, profile.defaults, name=name, channel=channel, address=place, block=block, rollover=rollover
            )


def _per_tariff(point: ProfilePoint, address: int) -> Iterator[tuple[PointName, int]]:
    if point.tariffs is None:
        yield point.point, address
        return
    for tariff in range(1, point.tariffs.count + 1):
        yield PointName.parse(f"{point.name}.t{tariff}"), address + (tariff - 1) * point.tariffs.stride


def _block_of(name: PointName, address: int, words: int, blocks: tuple[Block, ...], variant: str) -> Block:
    for block in blocks:
        if block.start <= address and address + words <= block.end:
            return block
    raise ProfileError(f"point '{name}': register 0x{address:04X} lies in no block of variant {variant!r}")


def _mapped(
    point: ProfilePoint,
    defaults: Defaults,
    *,
    name: PointName,
    channel: int,
    address: int,
    block: Block,
    rollover: int | None,
) -> MappedPoint:
    quantity = name.measures
    unit = unit_factor(point.unit, quantity)
    own_scale = Fraction(point.scale)
    line = line_of(own_scale * unit, Fraction(point.offset) * unit)
    highest = point.rollover or rollover
    counts = quantity.nature is Nature.COUNTER and highest is not None
    return MappedPoint(
        channel=channel,
        name=name,
        function=defaults.fc,
        address=address,
        type=point.type,
        word_order=defaults.word_order,
        multiplier=line.multiplier,
        divisor=line.divisor,
        nan=defaults.nan_of(point.type),
        decimals=quantity.decimals if point.decimals is None else point.decimals,
        # after the highest value comes zero: 99,999 with a step of 1 makes 100,000
        modulus=float((Fraction(highest) + own_scale) * unit) if counts and highest else None,
        poll=point.poll or block.poll,
        recorded_by_default=point.recorded,
        offset=line.offset,
    )
