"""What must hold between the parts of a profile, checked once at loading so that nothing behind it checks again."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import pairwise
from typing import TypeVar

from wattledger.catalog.anchor_rules import check_anchor
from wattledger.catalog.device_map import device_map
from wattledger.catalog.errors import ProfileError
from wattledger.catalog.mapped import DeviceMap, MappedAlarm, MappedParameter
from wattledger.catalog.operation import AfterWriting
from wattledger.catalog.schema import Profile, Vector
from wattledger.catalog.wording import check_texts
from wattledger.measure import PointName

T = TypeVar("T")


def check_profile(profile: Profile) -> None:
    """Raises ProfileError with the place and what is wrong; the file's name is added by the caller."""
    _check_variants(profile)
    _check_products(profile)
    check_anchor(profile)
    _check_operation(profile)
    check_texts(profile)
    # Products of one variant have one map: a family of twenty is checked as quickly as its few variants.
    samples = {(one.variant, one.alternatives): one for one in reversed(profile.products)}
    by_variant = {variants: device_map(profile, product) for variants, product in samples.items()}
    for mapped in by_variant.values():
        _check_map(mapped)
        for layout in mapped.anchor.layouts if mapped.anchor else ():
            _check_map(mapped.settled(layout, at=0))
    maps = {one.ref: by_variant[one.variant, one.alternatives] for one in profile.products}
    _check_that_points_or_notes_are_given(profile)
    for number, vector in enumerate(profile.tests, start=1):
        _check_vector(vector, profile, maps, place=f"test vector {number}")


def _check_variants(profile: Profile) -> None:
    for place, variants in _mentions(profile):
        for variant in variants:
            if variant not in profile.variants:
                raise ProfileError(f"{place}: unknown variant {variant!r}; one of {', '.join(profile.variants)}")


def _mentions(profile: Profile) -> Iterator[tuple[str, tuple[str, ...]]]:
    for product in profile.products:
        yield f"product '{product.ref}'", (product.variant, *product.alternatives)
    if profile.anchor:
        yield "anchor", tuple(profile.anchor.models)
    if profile.transport.local:
        yield "transport local", tuple(profile.transport.local.terminals)
    for block in profile.blocks:
        yield f"block 0x{block.start:04X}", block.variants
    for point in profile.points:
        yield f"point '{point.name}'", point.variants
    for repeat in profile.repeats:
        yield f"repeat over {repeat.over}", repeat.variants
        for repeated in repeat.points:
            yield f"point '{repeated.name}'", repeated.variants
    if profile.clock is not None:
        yield "clock", profile.clock.variants
    for parameter in profile.parameters:
        yield f"parameter '{parameter.name}'", parameter.variants
    for command in profile.commands:
        yield f"command '{command.name}'", command.variants
    for alarm in profile.alarms:
        yield f"alarm '{alarm.name}'", alarm.variants


def _check_products(profile: Profile) -> None:
    for name in _repeated(product.ref for product in profile.products):
        raise ProfileError(f"product '{name}': its ref is given twice")
    for code in _repeated(product.match.product_code for product in profile.products if product.match):
        raise ProfileError(f"product '{code}': its product code is given twice")


def _check_operation(profile: Profile) -> None:
    for parameter in profile.parameters:
        if parameter.after is AfterWriting.STORE and profile.store is None:
            remedy = "add 'store: {addr: …, value: …}'"
            raise ProfileError(f"parameter '{parameter.name}': after: store needs what is written then; {remedy}")


def _check_map(mapped: DeviceMap) -> None:
    for channel, name in _repeated((point.channel, point.name) for point in mapped.points):
        raise ProfileError(f"point '{name}': {mapped.product} has it twice in channel {channel}")
    for kind, names in (
        ("parameter", [parameter.name for parameter in mapped.parameters]),
        ("command", [command.name for command in mapped.commands]),
        ("alarm", [alarm.name for alarm in mapped.alarms]),
    ):
        for repeated in _repeated(names):
            raise ProfileError(f"{kind} '{repeated}': {mapped.product} has it twice")
    _check_blocks(mapped)
    _check_overlaps(mapped)
    for point in mapped.points:
        if point.words > mapped.limits.max_registers:
            raise ProfileError(f"point '{point.name}': takes more registers than one request may ask")


def _check_blocks(mapped: DeviceMap) -> None:
    for block in mapped.blocks:
        if block.end > 1 << 16:
            raise ProfileError(f"block 0x{block.start:04X}: reaches beyond the last address 0xFFFF")
    in_order = sorted(mapped.blocks, key=lambda block: (block.function, block.start))
    for block, after in pairwise(in_order):
        if after.function == block.function and after.start < block.end:
            raise ProfileError(f"block 0x{after.start:04X}: overlaps block 0x{block.start:04X} on {mapped.product}")


def _check_overlaps(mapped: DeviceMap) -> None:
    """Numbers may share their registers whole (one frequency for all channels), never in part."""
    places = {span: f"point '{point.name}'" for point in mapped.points for span in _spans(point.function, point.spans)}
    _check_shares(places)
    kinds: tuple[tuple[str, tuple[MappedParameter | MappedAlarm, ...]], ...] = (
        ("parameter", mapped.parameters),
        ("alarm", mapped.alarms),
    )
    for kind, numbers in kinds:
        for one in numbers:
            for span in _spans(one.function, [(one.address, one.address + one.words)]):
                _check_shares({**places, span: f"{kind} '{one.name}'"})


def _spans(function: int, spans: Iterable[tuple[int, int]]) -> Iterator[tuple[int, int, int]]:
    for start, end in spans:
        yield function, start, end


def _check_shares(places: dict[tuple[int, int, int], str]) -> None:
    for before, after in pairwise(sorted(places)):
        (function, _, end), (later_function, start, _) = before, after
        if function == later_function and start < end:
            raise ProfileError(f"{places[after]}: register 0x{start:04X} belongs in part to another point")


def _check_that_points_or_notes_are_given(profile: Profile) -> None:
    if not profile.points and not profile.repeats and not profile.notes:
        raise ProfileError("there are no points; give some, or 'notes' that say that nobody published the registers")


def _check_vector(vector: Vector, profile: Profile, maps: dict[str, DeviceMap], *, place: str) -> None:
    mapped = maps.get(vector.product)
    if mapped is None:
        raise ProfileError(f"{place}: unknown product {vector.product!r}")
    if vector.source >= len(profile.sources):
        raise ProfileError(
            f"{place}: there is no source {vector.source}; the first is 0, the last {len(profile.sources) - 1}"
        )
    if vector.model is not None:
        layout = mapped.layout_of(vector.model)
        if layout is None:
            raise ProfileError(f"{place}: {vector.product} is never in a block of model {vector.model}")
        mapped = mapped.settled(layout, at=0)
    function = vector.fc or profile.defaults.fc
    end = vector.at + len(vector.raw)
    for name in vector.expect:
        point = mapped.point(str(PointName.parse(name)), channel=vector.channel)
        if point is None:
            raise ProfileError(f"{place}: {vector.product} has no point '{name}' in channel {vector.channel}")
        if point.function != function:
            raise ProfileError(f"{place}: '{name}' is read with function {point.function}; add 'fc: {point.function}'")
        if not (vector.at <= point.address and point.end <= end):
            raise ProfileError(f"{place}: the given registers do not hold '{name}' (0x{point.address:04X})")
    _check_alarms_of(vector, mapped, function=function, end=end, place=place)


def _check_alarms_of(vector: Vector, mapped: DeviceMap, *, function: int, end: int, place: str) -> None:
    known = {alarm.name: alarm for alarm in mapped.alarms}
    for name in vector.alarms:
        alarm = known.get(name)
        if alarm is None:
            raise ProfileError(f"{place}: {vector.product} has no alarm '{name}'")
        if alarm.function != function or not (vector.at <= alarm.address and alarm.address + alarm.words <= end):
            raise ProfileError(f"{place}: the given registers do not hold alarm '{name}' (0x{alarm.address:04X})")


def _repeated(names: Iterable[T]) -> list[T]:
    return [name for name, count in Counter(names).items() if count > 1]
