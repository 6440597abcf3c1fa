"""Packages of profiles come into this server and leave it, as one change of its configuration."""

from __future__ import annotations

from collections.abc import Collection

from wattledger.apps.accounts.changes import CHANGED, CREATED, DELETED
from wattledger.apps.building.revision import changing_as
from wattledger.apps.devices.models import Device
from wattledger.apps.rest.server import data_folder
from wattledger.catalog.installing import Installation, Installed, Use, install, remove

WHAT = "profiles"


def install_package(data: bytes, *, is_forced: bool, actor: str, source: str) -> Installation:
    """Install a package or replace its earlier version, and have the engine use it. Raises PackageError.

    The file counts from the moment it is there; should the revision then not be kept, the engine finds the file itself.
    """
    with changing_as(WHAT, actor=actor, source=source) as change:
        done = install(data, data_folder().profiles, uses=_uses(), is_forced=is_forced)
        if done.is_new:
            change.says(done.package.manifest.name, CREATED if done.before is None else CHANGED)
    return done


def remove_package(package_id: str, *, actor: str, source: str) -> Installed:
    """Remove a package that no device needs. Raises PackageError."""
    with changing_as(WHAT, actor=actor, source=source) as change:
        gone = remove(package_id, data_folder().profiles, uses=_uses())
        change.says(gone.package.manifest.name if gone.package else package_id, DELETED)
    return gone


def _uses() -> Collection[Use]:
    """What the devices need, those that are disabled included."""
    present = Device.objects.filter(retired=None)
    return [Use(*row) for row in present.values_list("profile", "product", "name")]
