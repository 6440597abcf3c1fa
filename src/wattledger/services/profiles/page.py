"""A profile as people read it, in Markdown: who has these registers, where they come from, what can be measured."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal

from wattledger.catalog import Profile, Status
from wattledger.catalog.operation import Command, DeviceAlarm, Parameter
from wattledger.catalog.schema import ChannelPoint, ProfilePoint
from wattledger.web.terminal import gettext as _
from wattledger.web.terminal import language

Rows = Sequence[Sequence[str]]


def section(profile: Profile) -> str:
    """All that a profile says, as one section."""
    return "\n".join([*overview(profile), *details(profile)]).rstrip()


def overview(profile: Profile) -> Iterator[str]:
    """Name, status, sources, buses, products and notes."""
    yield f"### {profile.name}"
    yield ""
    yield _("Profile `{id}`, version {version}. {status}").format(
        id=profile.id, version=profile.version, status=_status(profile.status)
    )
    yield ""
    yield from _list(_("Notes"), (profile.text(key, language()) for key in profile.notes))
    yield from _list(_("How it is reached"), _buses(profile))
    yield from _list(_("Sources"), _sources(profile))
    named = any(product.name for product in profile.products)
    header = [_("product"), *([_("name")] if named else []), _("kind")]
    rows = [
        [product.ref, *([product.name or ""] if named else []), _kind(product.variant, profile)]
        for product in profile.products
    ]
    yield from _table(header, rows)


def details(profile: Profile) -> Iterator[str]:
    """The tables of points, settings, commands and alarms; those that are empty are left out."""
    header = [_("point"), _("unit"), _("register"), _("type"), _("recorded"), _("only for")]
    yield from _table(header, list(_points(profile)))
    header = [_("setting"), _("unit"), _("register"), _("type"), _("written"), _("only for")]
    yield from _table(header, [_setting(one, profile) for one in profile.parameters])
    header = [_("command"), _("register"), _("value"), _("only for")]
    yield from _table(header, [_command(one, profile) for one in profile.commands])
    header = [_("alarm"), _("register"), _("when"), _("severity"), _("only for")]
    yield from _table(header, [_alarm(one, profile) for one in profile.alarms])


def _kind(variant: str, profile: Profile) -> str:
    """What sort of product it is; with the name by which other tables refer to it, where there are several."""
    title = profile.variants[variant].title
    return f"{variant}: {title}" if len(profile.variants) > 1 else title


def _status(status: Status) -> str:
    return {
        Status.OFFICIAL: _("Official: from the maker's own table."),
        Status.VERIFIED: _("Verified: compared with a real device."),
        Status.DERIVED: _("Derived: from the table of a sister product."),
        Status.UNVERIFIED: _("Unverified: compare the values with the display of the device."),
    }[status]


def _buses(profile: Profile) -> Iterator[str]:
    transport = profile.transport
    if transport.rtu:
        rtu = transport.rtu
        usual, *others = rtu.baud
        text = _("Modbus RTU: {baud}-8-{parity}-{stop}, addresses {first} to {last}")
        units = {"first": rtu.units[0], "last": rtu.units[1]}
        also = _("; also {speeds} baud").format(speeds=", ".join(map(str, others))) if others else ""
        yield text.format(baud=usual, parity=rtu.parity, stop=rtu.stop, **units) + also
    if transport.tcp:
        text = _("Modbus TCP: port {port}, address {unit}")
        yield text.format(port=transport.tcp.port, unit=transport.tcp.unit)
    if transport.local:
        yield _("at the terminals of the server itself")


def _sources(profile: Profile) -> Iterator[str]:
    for source in profile.sources:
        about = "; ".join(part for part in (source.date, source.covers) if part)
        yield source.title + (f" ({about})" if about else "")


def _points(profile: Profile) -> Iterator[list[str]]:
    for point in profile.points:
        yield _point(point, point.variants, profile, name=point.name)
    for repeat in profile.repeats:
        for repeated in repeat.points:
            only = repeated.variants or repeat.variants
            text = _("{point}, each of {count} channels")
            name = text.format(point=repeated.name, count=repeat.count)
            yield _point(repeated, only, profile, name=name)


def _point(point: ProfilePoint, only: Iterable[str], profile: Profile, *, name: str) -> list[str]:
    tariffs = "" if point.tariffs is None else f", t1–t{point.tariffs.count}"
    registers = [_register(point.addr), *(_register(added.addr) for added in point.plus)]
    step = f" (+{point.stride})" if isinstance(point, ChannelPoint) and point.stride else ""
    kind = point.type if point.scale == Decimal(1) else f"{point.type} × {point.scale.normalize():f}"
    recorded = _("yes") if point.recorded else ""
    unit = "" if point.unit == "1" else point.unit
    return [name + tariffs, unit, " + ".join(registers) + step, kind, recorded, _variants(only, profile)]


def _setting(one: Parameter, profile: Profile) -> list[str]:
    kind = one.type if one.scale == Decimal(1) else f"{one.type} × {one.scale.normalize():f}"
    unit = "" if one.unit == "1" else one.unit
    written = _("yes") if one.writable else ""
    return [
        profile.text(one.text, language()),
        unit,
        _register(one.addr),
        kind,
        written,
        _variants(one.variants, profile),
    ]


def _command(one: Command, profile: Profile) -> list[str]:
    value = str(one.value) if isinstance(one.value, int) else f"{one.value.min}–{one.value.max}"
    return [profile.text(one.text, language()), _register(one.addr), value, _variants(one.variants, profile)]


def _alarm(one: DeviceAlarm, profile: Profile) -> list[str]:
    when = _("bit {bit}").format(bit=one.bit) if one.bit is not None else f"= {one.equals}"
    text = profile.text(one.text, language(), one.args)
    return [text, _register(one.addr), when, str(one.severity), _variants(one.variants, profile)]


def _register(address: int) -> str:
    return f"{address} (0x{address:04X})"


def _variants(only: Iterable[str], profile: Profile) -> str:
    given = tuple(only)
    return "" if set(given) >= profile.variants.keys() else ", ".join(given)


def _list(title: str, entries: Iterable[str]) -> Iterator[str]:
    given = list(entries)
    if given:
        yield f"{title}:"
        yield ""
        yield from (f"- {entry}" for entry in given)
        yield ""


def _table(header: Sequence[str], rows: Rows) -> Iterator[str]:
    """The rows as a Markdown table whose columns are aligned, so that it can be read as it is; none: nothing at all."""
    if not rows:
        return
    cells = [[cell.replace("|", "\\|") for cell in row] for row in (header, *rows)]
    used = [number for number in range(len(header)) if any(row[number] for row in cells[1:])]
    widths = {number: max(len(row[number]) for row in cells) for number in used}
    head, *body = ("| " + " | ".join(row[n].ljust(widths[n]) for n in used) + " |" for row in cells)
    yield head
    yield "| " + " | ".join("-" * max(3, widths[number]) for number in used) + " |"
    yield from body
    yield ""
