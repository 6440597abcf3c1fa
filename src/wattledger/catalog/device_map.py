"""The view of one product of a profile: its variant's points, settings, commands and alarms, ready to be used."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from fractions import Fraction
from typing import Protocol, TypeVar

from wattledger.catalog.anchor import Anchor
from wattledger.catalog.errors import ProfileError
from wattledger.catalog.identity import Product
from wattledger.catalog.line import Lines, line_of, lines_of, unit_factor
from wattledger.catalog.mapped import (
    AddedNumber,
    DeviceMap,
    Layout,
    MappedAlarm,
    MappedAnchor,
    MappedBlock,
    MappedParameter,
    MappedPoint,
    Writing,
)
from wattledger.catalog.operation import DeviceAlarm, Parameter
from wattledger.catalog.registers import listed
from wattledger.catalog.schema import Block, ChannelPoint, Defaults, Profile, ProfilePoint
from wattledger.measure import Nature, PointName


class _OfVariants(Protocol):
    @property
    def variants(self) -> tuple[str, ...]: ...


T = TypeVar("T", bound=_OfVariants)


def device_map(profile: Profile, product: Product) -> DeviceMap:
    """What `product` offers of its profile; raises ProfileError for a point that lies in no block of its variant."""
    variant, defaults = product.variant, profile.defaults
    blocks = tuple(_of(variant, profile.blocks))
    return DeviceMap(
        profile=profile.id,
        version=profile.version,
        product=product.ref,
        channels=max((channel for channel, _, _ in _placed(profile, variant)), default=1),
        points=tuple(_points(profile, variant, blocks)),
        blocks=_mapped_blocks(blocks, defaults),
        limits=profile.limits,
        identify=profile.identify,
        clock=profile.clock if profile.clock and _concerns(profile.clock, variant) else None,
        parameters=tuple(_parameter(one, defaults) for one in _of(variant, profile.parameters)),
        store=profile.store,
        commands=tuple(_of(variant, profile.commands)),
        alarms=tuple(_alarm(one, defaults) for one in _of(variant, profile.alarms)),
        notes=profile.notes,
        anchor=None if profile.anchor is None else _anchor(profile, profile.anchor, product),
    )


def _anchor(profile: Profile, anchor: Anchor, product: Product) -> MappedAnchor:
    variants = (product.variant, *product.alternatives)
    first, *others = (_layout(profile, variant, anchor.models.get(variant, ())) for variant in variants)
    return MappedAnchor((first, *(_in_order_of(first, other, product) for other in others)), product.instance)


def _layout(profile: Profile, variant: str, models: tuple[int, ...]) -> Layout:
    blocks = tuple(_of(variant, profile.blocks))
    points = tuple(_points(profile, variant, blocks))
    alarms = tuple(_alarm(one, profile.defaults) for one in _of(variant, profile.alarms))
    ends = (*(point.end for point in points), *(alarm.address + alarm.words for alarm in alarms))
    return Layout(models, points, alarms, _mapped_blocks(blocks, profile.defaults), max(ends, default=0))


def _in_order_of(first: Layout, other: Layout, product: Product) -> Layout:
    """The other layout in the order of the first; raises ProfileError where they do not have the same."""
    points = {(point.channel, point.name): point for point in other.points}
    names = [(point.channel, point.name) for point in first.points]
    for _, name in sorted(points.keys() ^ set(names)):
        raise ProfileError(f"product '{product.ref}': not all of its variants have the point '{name}'")
    alarms = {alarm.name: alarm for alarm in other.alarms}
    for alarm in sorted(alarms.keys() ^ {alarm.name for alarm in first.alarms}):
        raise ProfileError(f"product '{product.ref}': not all of its variants have the alarm '{alarm}'")
    return replace(
        other, points=tuple(points[name] for name in names), alarms=tuple(alarms[one.name] for one in first.alarms)
    )


def _mapped_blocks(blocks: Iterable[Block], defaults: Defaults) -> tuple[MappedBlock, ...]:
    return tuple(MappedBlock(block.fc or defaults.fc, block.start, block.end) for block in blocks)


def _of(variant: str, parts: Iterable[T]) -> Iterator[T]:
    return (part for part in parts if _concerns(part, variant))


def _concerns(part: _OfVariants, variant: str) -> bool:
    return not part.variants or variant in part.variants


def _placed(profile: Profile, variant: str) -> Iterator[tuple[int, ProfilePoint, int]]:
    """Channel, point and how far its registers are shifted, of all that the variant has; tariffs still in one."""
    for point in _of(variant, profile.points):
        yield 1, point, 0
    for repeat in _of(variant, profile.repeats):
        for channel in range(1, repeat.count + 1):
            for repeated in _of(variant, repeat.points):
                yield channel, repeated, _channel_shift(repeated, channel)


def _channel_shift(point: ChannelPoint, channel: int) -> int:
    return (channel - 1) * point.stride


def _points(profile: Profile, variant: str, blocks: tuple[Block, ...]) -> Iterator[MappedPoint]:
    rollover = profile.variants[variant].rollover
    for channel, point, shift in _placed(profile, variant):
        for name, place in _per_tariff(point, shift):
            registers = _Registers(point, place, fc=profile.defaults.fc)
            block = registers.block(name, blocks, profile.defaults, variant)
            yield _mapped(
                point, profile.defaults, name=name, channel=channel, registers=registers, block=block, rollover=rollover
            )


def _per_tariff(point: ProfilePoint, shift: int) -> Iterator[tuple[PointName, int]]:
    if point.tariffs is None:
        yield point.point, shift
        return
    for tariff in range(1, point.tariffs.count + 1):
        yield PointName.parse(f"{point.name}.t{tariff}"), shift + (tariff - 1) * point.tariffs.stride


class _Registers:
    """Where a point and what belongs to it stand, shifted to its channel and tariff."""

    def __init__(self, point: ProfilePoint, shift: int, *, fc: int) -> None:
        self.function = point.fc or fc
        self.number_at = point.addr + shift
        self.plus_at = [added.addr + shift for added in point.plus]
        self.exponent_at = point.scale_register  # one for all channels
        spans = [(self.number_at, point.type.words)]
        spans += [(at, added.type.words) for at, added in zip(self.plus_at, point.plus, strict=True)]
        spans += [] if self.exponent_at is None else [(self.exponent_at, 1)]
        self.start = min(at for at, _ in spans)
        self.end = max(at + words for at, words in spans)
        self.is_composed = len(spans) > 1

    def block(self, name: PointName, blocks: tuple[Block, ...], defaults: Defaults, variant: str) -> Block:
        """The block of the point's own function that all its registers lie in."""
        holding = [block for block in blocks if block.start <= self.start and self.end <= block.end]
        for block in holding:
            if (block.fc or defaults.fc) == self.function:
                return block
        if holding:
            other = f"its block with function {holding[0].fc or defaults.fc}; give both the same 'fc'"
            raise ProfileError(f"point '{name}': read with function {self.function}, but {other}")
        what = f"register 0x{self.start:04X} lies in no block"
        if self.is_composed:
            what = f"its registers, 0x{self.start:04X} to 0x{self.end - 1:04X}, lie in no single block"
        raise ProfileError(f"point '{name}': {what} of variant {variant!r}")


def _mapped(
    point: ProfilePoint,
    defaults: Defaults,
    *,
    name: PointName,
    channel: int,
    registers: _Registers,
    block: Block,
    rollover: int | None,
) -> MappedPoint:
    quantity = name.measures
    unit = unit_factor(point.unit, quantity)
    own_scale = Fraction(point.scale)
    steps = [own_scale, *(Fraction(added.scale) for added in point.plus)]
    lines = lines_of([step * unit for step in steps], Fraction(point.offset) * unit)
    highest = point.rollover or rollover
    counts = quantity.nature is Nature.COUNTER and highest is not None
    return MappedPoint(
        channel=channel,
        name=name,
        function=registers.function,
        address=registers.start,
        type=point.type,
        word_order=point.word_order or defaults.word_order,
        multiplier=lines.multipliers[0],
        divisor=lines.divisor,
        nan=defaults.nan_of(point.type) if point.nan is None else listed(point.nan),
        decimals=quantity.decimals if point.decimals is None else point.decimals,
        # after the highest value comes zero: 99,999 with a step of 1 makes 100,000
        modulus=float((Fraction(highest) + own_scale) * unit) if counts and highest else None,
        poll=point.poll or block.poll,
        recorded_by_default=point.recorded,
        offset=lines.offset,
        inset=registers.number_at - registers.start,
        plus=tuple(_added(point, defaults, registers, lines)),
        exponent_at=registers.exponent_at,
        form=point.form,
        values=point.values,
    )


def _added(point: ProfilePoint, defaults: Defaults, registers: _Registers, lines: Lines) -> Iterator[AddedNumber]:
    for added, at, multiplier in zip(point.plus, registers.plus_at, lines.multipliers[1:], strict=True):
        yield AddedNumber(at, added.type, multiplier, defaults.nan_of(added.type))


def _parameter(one: Parameter, defaults: Defaults) -> MappedParameter:
    line = line_of(Fraction(one.scale), Fraction(one.offset))
    return MappedParameter(
        name=one.name,
        text=one.text,
        function=one.fc or defaults.fc,
        address=one.addr,
        type=one.type,
        word_order=one.word_order or defaults.word_order,
        multiplier=line.multiplier,
        divisor=line.divisor,
        offset=line.offset,
        nan=defaults.nan_of(one.type) if one.nan is None else listed(one.nan),
        unit=one.unit,
        values=one.values,
        least=None if one.min is None else float(one.min),
        most=None if one.max is None else float(one.max),
        writing=Writing(one.function_written, one.words_sent, one.danger, one.after) if one.writable else None,
    )


def _alarm(one: DeviceAlarm, defaults: Defaults) -> MappedAlarm:
    return MappedAlarm(
        name=one.name,
        severity=one.severity,
        text=one.text,
        args=one.args,
        function=one.fc or defaults.fc,
        address=one.addr,
        type=one.type,
        word_order=one.word_order or defaults.word_order,
        bit=one.bit,
        equals=one.equals,
        nan=defaults.nan_of(one.type),
    )
