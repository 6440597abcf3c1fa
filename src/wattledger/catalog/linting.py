"""What a person should look at again in a profile that can be loaded; pure.

Loading refuses what cannot be used. Here is what can be used and is probably a slip, or a gap: a scale by which a
voltage never reaches 48 V, a counter of which nobody says where it starts anew. Where it is meant, the profile says so
and why: `lint: {rollover: "the maker does not tell"}`. Texts are English, for who writes profiles.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from wattledger.catalog.device_map import device_map
from wattledger.catalog.lint_rules import LintRule
from wattledger.catalog.mapped import DeviceMap, MappedPoint
from wattledger.catalog.plausibility import implausible
from wattledger.catalog.registers import RegisterType
from wattledger.catalog.schema import Block, Profile, Status
from wattledger.catalog.texts import FALL_BACK
from wattledger.measure import Nature, OrderKind, PointName

LANGUAGES = ("fr", "de", "nl")  # those that the product speaks, beside English
MOST_NAMED = 5  # of what is wrong alike
WIDE = frozenset({RegisterType.U64, RegisterType.S64})  # no counter lives to see their end
TABLE_WORDS = ("register", "point")  # how a source says that the map was typed from it


@dataclass(frozen=True, slots=True)
class Finding:
    """Something to look at again; `remedy` says what would be right. `rule` None: no excuse is possible."""

    rule: LintRule | None
    place: str
    text: str
    remedy: str

    def __str__(self) -> str:
        name = f" [{self.rule}]" if self.rule else ""
        return f"{self.place}: {self.text}; {self.remedy}{name}"


def lint(profile: Profile) -> tuple[Finding, ...]:
    """What should be looked at again, without what the profile excuses; an excuse that is not needed is found too."""
    found = tuple(_findings(profile))
    met = {finding.rule for finding in found}
    unneeded = tuple(
        Finding(None, "lint", f"there is nothing to excuse by '{rule}'", "leave it away")
        for rule in profile.lint
        if rule not in met
    )
    return (*(finding for finding in found if finding.rule not in profile.lint), *unneeded)


def _findings(profile: Profile) -> Iterator[Finding]:
    maps = [device_map(profile, product) for product in profile.products]
    yield from _once(finding for mapped in maps for finding in _in_map(mapped))
    yield from _rollovers(maps)
    yield from _nans(profile)
    yield from _empty_blocks(profile, maps)
    yield from _long_blocks(profile, maps)
    if any(mapped.points for mapped in maps):
        yield from _proofs(profile)
    yield from _translations(profile)


def _once(findings: Iterable[Finding]) -> Iterator[Finding]:
    """Each finding once, however many products have it."""
    yield from dict.fromkeys(findings)


def _in_map(mapped: DeviceMap) -> Iterator[Finding]:
    yield from _shared(mapped)
    for point in mapped.points:
        place = f"point '{_without_tariff(point.name)}'"
        if reason := implausible(point):
            yield Finding(LintRule.SCALE, place, reason, "look at its scale, type and unit")
    if mapped.points and not any(point.recorded_by_default for point in mapped.points):
        remedy = "add 'recorded: true' to what most people want to keep"
        yield Finding(LintRule.NOTHING_RECORDED, f"product '{mapped.product}'", "no point is recorded", remedy)


def _shared(mapped: DeviceMap) -> Iterator[Finding]:
    users: defaultdict[tuple[int, int], list[MappedPoint]] = defaultdict(list)
    for point in (point for point in mapped.points if not point.plus):  # a sum shares registers with its parts
        users[point.function, point.number_at].append(point)
    for (_, address), points in users.items():
        first = points[0]
        for other in points[1:]:
            if (other.name, other.type, other.scale) != (first.name, first.type, first.scale):
                text = f"register 0x{address:04X} is that of '{first.name}' too"
                remedy = "one of the two addresses is wrong"
                yield Finding(LintRule.SHARED_REGISTERS, f"point '{other.name}'", text, remedy)


def _rollovers(maps: list[DeviceMap]) -> Iterator[Finding]:
    points = {str(_without_tariff(point.name)) for mapped in maps for point in mapped.points if _is_endless(point)}
    if points:
        text = f"nothing says where these counters start anew: {_named(points)}"
        remedy = "give 'rollover', the highest value shown, in the unit of the point; once for all in the variant"
        yield Finding(LintRule.ROLLOVER, "points", text, remedy)


def _is_endless(point: MappedPoint) -> bool:
    is_counter = point.name.measures.nature is Nature.COUNTER
    return is_counter and point.modulus is None and point.type not in WIDE and not point.type.is_float


def _without_tariff(name: PointName) -> PointName:
    return replace(name, order=0) if name.measures.order is OrderKind.TARIFF else name


def _nans(profile: Profile) -> Iterator[Finding]:
    silent: defaultdict[RegisterType, set[str]] = defaultdict(set)
    for point in (*profile.points, *(point for repeat in profile.repeats for point in repeat.points)):
        types = [point.type] if point.nan is None else []
        for register_type in (*types, *(added.type for added in point.plus)):
            if not register_type.is_float and register_type is not RegisterType.BITS:
                silent[register_type].add(point.name)
    for register_type, names in silent.items():
        if register_type not in profile.defaults.nan:
            text = f'nothing says which raw {register_type} means "not available" ({_named(names)})'
            remedy = f"give it as '{register_type}: 0x…', or '{register_type}: []' where the device has none"
            yield Finding(LintRule.NAN, "defaults nan", text, remedy)


def _empty_blocks(profile: Profile, maps: list[DeviceMap]) -> Iterator[Finding]:
    for block in profile.blocks:
        if not any(_points_in(block, profile, mapped) for mapped in maps):
            remedy = "leave it away, or give the points that it was meant for"
            yield Finding(LintRule.EMPTY_BLOCK, _place(block), "no point lies in it", remedy)


def _long_blocks(profile: Profile, maps: list[DeviceMap]) -> Iterator[Finding]:
    most = profile.limits.max_registers
    for block in (block for block in profile.blocks if block.words > most):
        longest = max((_longest_run(_points_in(block, profile, mapped)) for mapped in maps), default=0)
        if longest > most:
            text = f"{longest} registers hang together, and one request may ask for {most}"
            remedy = "look at 'plus' and 'scale_register', which tie points together, or at 'max_registers'"
            yield Finding(LintRule.LONG_BLOCK, _place(block), text, remedy)


def _place(block: Block) -> str:
    return f"block 0x{block.start:04X}"


def _points_in(block: Block, profile: Profile, mapped: DeviceMap) -> list[MappedPoint]:
    function = block.fc or profile.defaults.fc
    return [
        point
        for point in mapped.points
        if point.function == function and block.start <= point.address and point.end <= block.end
    ]


def _longest_run(points: list[MappedPoint]) -> int:
    """The most registers that no read can be cut within, because points lie across one another."""
    longest = start = end = 0
    for point in sorted(points, key=lambda point: point.address):
        if point.address >= end:
            start = point.address
        end = max(end, point.end)
        longest = max(longest, end - start)
    return longest


def _proofs(profile: Profile) -> Iterator[Finding]:
    if not profile.tests:
        remedy = "add registers as a device (or its manual) shows them and the values that they mean"
        yield Finding(LintRule.NO_VECTORS, "tests", "nothing proves the map", remedy)
        return
    table = _table_source(profile)
    if profile.status is not Status.UNVERIFIED and all(vector.source == table for vector in profile.tests):
        text = f"all vectors come from the source of the table ({profile.sources[table].title})"
        remedy = f"add one from another ('source: …'), or say 'status: {Status.UNVERIFIED}'"
        yield Finding(LintRule.ONE_SOURCE, "tests", text, remedy)


def _table_source(profile: Profile) -> int:
    """Which source the map was typed from: the first that says it covers registers or points, else the first."""
    covering = (
        number
        for number, source in enumerate(profile.sources)
        if any(word in source.covers.casefold() for word in TABLE_WORDS)
    )
    return next(covering, 0)


def _translations(profile: Profile) -> Iterator[Finding]:
    for language in LANGUAGES:
        missing = profile.texts.get(FALL_BACK, {}).keys() - profile.texts.get(language, {}).keys()
        if missing:
            remedy = "people who read that language are shown English until they are there"
            yield Finding(LintRule.TRANSLATION, f"texts {language}", f"not there: {_named(missing)}", remedy)


def _named(names: Iterable[str]) -> str:
    in_order = sorted(names)
    more = f" and {len(in_order) - MOST_NAMED} more" if len(in_order) > MOST_NAMED else ""
    return ", ".join(in_order[:MOST_NAMED]) + more
