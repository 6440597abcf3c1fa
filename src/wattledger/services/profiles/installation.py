"""`wattledger profile install` and `remove`: packages come into a server and leave it, whether it runs or not."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.db import DatabaseError

from wattledger.apps.devices.packages import install_package, remove_package
from wattledger.apps.rest.server import data_folder
from wattledger.catalog.installing import is_forcible
from wattledger.catalog.package import SUFFIX, read_package_file
from wattledger.catalog.package_errors import PackageError
from wattledger.catalog.packing import pack
from wattledger.services.errors import CommandRefusedError, ExitCode, ServiceError
from wattledger.services.local_tokens import LOCAL, SOURCE
from wattledger.services.profiles.packages import package_fault, signed_by
from wattledger.web.terminal import gettext as _


def install_file(path: Path, *, is_forced: bool) -> ExitCode:
    """Install a package; a single profile is packed under its own id first. Raises ServiceError."""
    with _telling():
        package = read_package_file(path) if path.suffix == SUFFIX else pack(path)
        done = install_package(package.data, is_forced=is_forced, actor=LOCAL, source=SOURCE)
    manifest = done.package.manifest
    if not done.is_new:
        text = _("Package {id}, version {version}, is installed already: nothing changed.")
    elif done.before is None:
        text = _("Installed package {id}, version {version}, {signed}.")
    else:
        text = _("Installed package {id}, version {version} in place of {before}, {signed}.")
    signed = signed_by(done.signer)
    print(text.format(id=manifest.id, version=manifest.version, before=done.before, signed=signed))
    for profile in done.package.profiles:
        print(f"  {profile.id}: {', '.join(product.ref for product in profile.products)}")
    return ExitCode.OK


def remove_installed(package_id: str) -> ExitCode:
    """Remove a package that no device needs. Raises ServiceError."""
    with _telling():
        remove_package(package_id, actor=LOCAL, source=SOURCE)
    print(_("Removed package {id}.").format(id=package_id))
    return ExitCode.OK


@contextmanager
def _telling() -> Iterator[None]:
    try:
        yield
    except PackageError as error:
        reason = package_fault(error)
        if is_forcible(error):
            reason = _("{reason} To install it nevertheless: --force").format(reason=reason)
        raise CommandRefusedError(reason) from error
    except DatabaseError as error:
        text = _("The configuration {file} cannot be changed: {reason}")
        raise ServiceError(text.format(file=data_folder().configuration, reason=error)) from error
