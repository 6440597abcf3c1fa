"""What must hold between the parts of a profile, checked once at loading so that nothing behind it checks again."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import pairwise
from typing import TypeVar

from wattledger.catalog.device_map import DeviceMap, MappedPoint, device_map
from wattledger.catalog.errors import ProfileError
from wattledger.catalog.schema import Profile, Vector
from wattledger.measure import PointName

T = TypeVar("T")


def check_profile(profile: Profile) -> None:
    """Raises ProfileError with the place and what is wrong; the file's name is added by the caller."""
    _check_variants(profile)
    _check_products(profile)
    maps = {product.ref: device_map(profile, product) for product in profile.products}
    for mapped in maps.values():
        _check_map(mapped)
    for number, vector in enumerate(profile.tests, start=1):
        _check_vector(vector, maps, place=f"test vector {number}")


def _check_variants(profile: Profile) -> None:
    for place, variants in _mentions(profile):
        for variant in variants:
            if variant not in profile.variants:
                raise ProfileError(f"{place}: unknown variant {variant!r}; one of {', '.join(profile.variants)}")


def _mentions(profile: Profile) -> Iterator[tuple[str, tuple[str, ...]]]:
    for product in profile.products:
        yield f"product '{product.ref}'", (product.variant,)
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


def _check_products(profile: Profile) -> None:
    for what, names in (
        ("ref", [product.ref for product in profile.products]),
        ("product code", [product.match.product_code for product in profile.products]),
    ):
        for name in _repeated(names):
            raise ProfileError(f"product '{name}': its {what} is given twice")


def _check_map(mapped: DeviceMap) -> None:
    for channel, name in _repeated((point.channel, point.name) for point in mapped.points):
        raise ProfileError(f"point '{name}': {mapped.product} has it twice in channel {channel}")
    _check_blocks(mapped)
    _check_overlaps(mapped)
    for point in mapped.points:
        if point.words > mapped.limits.max_registers:
            raise ProfileError(f"point '{point.name}': takes more registers than one request may ask")


def _check_blocks(mapped: DeviceMap) -> None:
    for block in mapped.blocks:
        if block.end > 1 << 16:
            raise ProfileError(f"block 0x{block.start:04X}: reaches beyond the last address 0xFFFF")
    for block, after in pairwise(sorted(mapped.blocks, key=lambda block: block.start)):
        if after.start < block.end:
            raise ProfileError(f"block 0x{after.start:04X}: overlaps block 0x{block.start:04X} on {mapped.product}")


def _check_overlaps(mapped: DeviceMap) -> None:
    """Two points may share their registers whole (one frequency for all channels), never in part."""
    places: dict[tuple[int, int], MappedPoint] = {(point.address, point.end): point for point in mapped.points}
    for (_, end), (start, later_end) in pairwise(sorted(places)):
        if start < end:
            name = places[start, later_end].name
            raise ProfileError(f"point '{name}': register 0x{start:04X} belongs in part to another point")


def _check_vector(vector: Vector, maps: dict[str, DeviceMap], *, place: str) -> None:
    mapped = maps.get(vector.product)
    if mapped is None:
        raise ProfileError(f"{place}: unknown product {vector.product!r}")
    for name in vector.expect:
        point = mapped.point(str(PointName.parse(name)), channel=vector.channel)
        if point is None:
            raise ProfileError(f"{place}: {vector.product} has no point '{name}' in channel {vector.channel}")
        if not (vector.at <= point.address and point.end <= vector.at + len(vector.raw)):
            raise ProfileError(f"{place}: the given registers do not hold '{name}' (0x{point.address:04X})")


def _repeated(names: Iterable[T]) -> list[T]:
    return [name for name, count in Counter(names).items() if count > 1]
