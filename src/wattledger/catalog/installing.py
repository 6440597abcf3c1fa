"""Installing packages into the user's folder and removing them: a package is one file there, so it is never half there.

Who calls says which profiles are in use; what would take one of them away is refused.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from wattledger.catalog.collection import load_catalog
from wattledger.catalog.loading import BUILT_IN
from wattledger.catalog.package import SUFFIX, Package, read_package, read_package_file
from wattledger.catalog.package_errors import FORCIBLE, PackageError, PackageFault
from wattledger.catalog.schema import Profile
from wattledger.catalog.signing import UNSIGNED, signer_of

READABLE_BY_ALL = 0o644  # nothing in it is secret, and whoever installs need not be the one who reads


@dataclass(frozen=True, slots=True)
class Use:
    """A device that needs a product of a profile."""

    profile: str
    product: str
    device: str  # its name


@dataclass(frozen=True, slots=True)
class Installed:
    """A package of the user's folder; `signer` as `signer_of` gives it. `fault` is why it cannot be used, if so."""

    path: Path
    package: Package | None
    signer: str = UNSIGNED
    fault: PackageError | None = None


@dataclass(frozen=True, slots=True)
class Installation:
    """What an installation did: `before` is the version that was replaced (None: none, or one that was damaged)."""

    package: Package
    signer: str
    before: int | None
    is_new: bool  # False: this very package was installed already


def installed(folder: Path) -> tuple[Installed, ...]:
    """The packages of the folder, also those that cannot be used."""
    return tuple(_installed(path) for path in sorted(folder.glob(f"*{SUFFIX}")))


def install(data: bytes, folder: Path, *, uses: Collection[Use] = (), is_forced: bool = False) -> Installation:
    """Install a package, or replace its earlier version; when this returns it is on the card.

    `is_forced`: a person insists on an earlier or another same version, or on another signer. Raises PackageError, and
    then all is as it was.
    """
    package = read_package(data)
    signer = signer_of(package)
    path = _path(folder, package.manifest.id)
    with _alone(folder):
        _check_ids(package, folder, path)
        present = _installed(path) if path.exists() else None
        before = present.package if present else None
        if before is not None:
            if before.data == data:
                return Installation(package, signer, before.manifest.version, is_new=False)
            if not is_forced:
                _check_succession(before, present.signer if present else UNSIGNED, package, signer)
            _check_uses(before.profiles, package.profiles, uses)
        _write(path, data)
    return Installation(package, signer, before.manifest.version if before else None, is_new=True)


def remove(package_id: str, folder: Path, *, uses: Collection[Use] = ()) -> Installed:
    """Remove a package, also one that cannot be used; gives what it was. Raises PackageError."""
    with _alone(folder):
        present = {one.path.stem: one for one in installed(folder)}
        if package_id not in present:
            raise PackageError(PackageFault.NOT_INSTALLED, id=package_id, installed=", ".join(present) or "-")
        gone = present[package_id]
        if gone.package is not None:
            _check_uses(gone.package.profiles, (), uses)
        with _telling():
            gone.path.unlink()
            _keep_names(folder)
    return gone


def is_forcible(error: PackageError) -> bool:
    """Whether a person may insist."""
    return error.fault in FORCIBLE


def _path(folder: Path, package_id: str) -> Path:
    return folder / f"{package_id}{SUFFIX}"


def _installed(path: Path) -> Installed:
    try:
        package = read_package_file(path)
        return Installed(path, package, signer_of(package))
    except PackageError as error:
        return Installed(path, None, fault=error)


def _check_ids(package: Package, folder: Path, path: Path) -> None:
    catalog = load_catalog(folder)
    for profile in package.profiles:
        owner = catalog.origins.get(profile.id, path)
        if owner.parent == BUILT_IN:
            raise PackageError(PackageFault.ID_BUILT_IN, id=profile.id)
        if owner != path:
            raise PackageError(PackageFault.ID_TAKEN, id=profile.id, owner=owner.name)


def _check_succession(before: Package, signed_before: str, package: Package, signer: str) -> None:
    version, present = package.manifest.version, before.manifest.version
    if version < present:
        raise PackageError(PackageFault.OLDER, version=str(version), installed=str(present))
    if version == present:
        raise PackageError(PackageFault.SAME_VERSION, version=str(version))
    if signed_before not in (UNSIGNED, signer):
        fault = PackageFault.NO_SIGNER if signer == UNSIGNED else PackageFault.OTHER_SIGNER
        raise PackageError(fault, before=signed_before, now=signer)


def _check_uses(before: Collection[Profile], after: Collection[Profile], uses: Collection[Use]) -> None:
    lost = _products(before) - _products(after)
    users = sorted({use.device for use in uses if (use.profile, use.product) in lost})
    if users:
        raise PackageError(PackageFault.IN_USE, users=", ".join(users))


def _products(profiles: Collection[Profile]) -> set[tuple[str, str]]:
    return {(profile.id, product.ref) for profile in profiles for product in profile.products}


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """One change of the folder at a time, whichever process makes it."""
    with _telling():
        folder.mkdir(parents=True, exist_ok=True)
        handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _write(path: Path, data: bytes) -> None:
    """Written beside and renamed: at every moment there is the old package or the new one, whole."""
    beside = path.with_suffix(".new")
    with _telling():
        try:
            handle = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, READABLE_BY_ALL)
            with os.fdopen(handle, "wb") as file:
                os.fchmod(file.fileno(), READABLE_BY_ALL)
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            beside.replace(path)
            _keep_names(path.parent)
        except OSError:
            with suppress(OSError):
                beside.unlink(missing_ok=True)
            raise


def _keep_names(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@contextmanager
def _telling() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise PackageError(PackageFault.FOLDER, reason=f"{error.filename or error}: {error.strerror}") from error
