"""What changes buses."""

from __future__ import annotations

import posixpath
import re
from ipaddress import ip_address

from wattledger.apps.accounts.changes import CHANGED, CREATED, DELETED
from wattledger.apps.accounts.models import User
from wattledger.apps.building.revision import changing
from wattledger.apps.devices.bus_security import SECURITY_FIELDS, settle_security
from wattledger.apps.devices.drafts import BusFields
from wattledger.apps.devices.models import Bus, BusKind, Device
from wattledger.apps.rest.problems import ProblemError, bad_field, in_use

WHAT = "bus"
_LABEL = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?<!-)", re.ASCII | re.IGNORECASE)


def find_bus(bus_id: int) -> Bus:
    """The bus; raises ProblemError when there is none."""
    bus = Bus.objects.filter(pk=bus_id).first()
    if bus is None:
        raise ProblemError("not_found")
    return bus


def create_bus(fields: BusFields, *, by: User) -> Bus:
    """Make a bus; `fields` are all of its kind.

    Raises FieldError for a host or device file that is none, for a name or address that another bus has, and for a
    security that cannot be.
    """
    with changing(WHAT, by=by) as change:
        bus = Bus(**_checked(fields))
        settle_security(bus, fields, shown_before=None)
        _check_free(bus)
        bus.save()
        change.says(bus.name, CREATED)
    return bus


def change_bus(bus_id: int, fields: BusFields, *, version: int | None, by: User) -> Bus:
    """Change what `fields` name; with `version` only when the bus still has it. Raises ProblemError, FieldError."""
    with changing(WHAT, by=by) as change:
        bus = _present(bus_id, version)
        concerned = {*fields, *SECURITY_FIELDS}
        before = {name: getattr(bus, name) for name in concerned}
        for name, value in _checked(fields).items():
            setattr(bus, name, value)
        settle_security(bus, fields, shown_before=before["certificate_id"])
        _check_free(bus)
        changed = [name for name in concerned if getattr(bus, name) != before[name]]
        if changed:
            bus.version += 1
            bus.save(update_fields=[*changed, "version"])
            change.says(bus.name, CHANGED)
    return bus


def delete_bus(bus_id: int, *, version: int | None, by: User) -> None:
    """Delete a bus on which no device is any more; raises ProblemError that names those that are."""
    with changing(WHAT, by=by) as change:
        bus = _present(bus_id, version)
        users = list(Device.objects.filter(bus=bus, retired=None).order_by("name").values_list("name", flat=True))
        if users:
            raise in_use(users)
        bus.delete()
        change.says(bus.name, DELETED)


def _present(bus_id: int, version: int | None) -> Bus:
    bus = find_bus(bus_id)
    if version is not None and version != bus.version:
        raise ProblemError("version_conflict")
    return bus


def _checked(fields: BusFields) -> BusFields:
    checked = fields.copy()
    if "host" in checked:
        checked["host"] = _host(checked["host"])
    if "device_file" in checked:
        _check_device_file(checked["device_file"])
    return checked


def _host(host: str) -> str:
    try:
        return str(ip_address(host))
    except ValueError:
        name = host.removesuffix(".").lower()
    if not name or not all(_LABEL.fullmatch(label) for label in name.split(".")) or name.split(".")[-1].isdecimal():
        raise bad_field("host", "not_host") from None
    return name


def _check_device_file(path: str) -> None:
    """Only what lies below /dev, and only by its one plain name, so that two buses cannot share a file unseen."""
    if not path.startswith("/dev/") or posixpath.normpath(path) != path or not path.isprintable():
        raise bad_field("port", "not_device_file")


def _check_free(bus: Bus) -> None:
    others = Bus.objects.exclude(pk=bus.pk)
    if others.filter(name=bus.name).exists():
        raise bad_field("name", "taken", owner=bus.name)
    alike = others.filter(kind=bus.kind)
    match BusKind(bus.kind):
        case BusKind.MODBUS_RTU:
            field, owner = "port", alike.filter(device_file=bus.device_file).first()
        case BusKind.MODBUS_TCP:
            field, owner = "host", alike.filter(host=bus.host, port=bus.port).first()
        case BusKind.LOCAL_IO:
            field, owner = "kind", alike.first()
    if owner is not None:
        raise bad_field(field, "taken", owner=owner.name)
