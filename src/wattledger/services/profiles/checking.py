"""`wattledger profile check`: what is wrong, or should be looked at again, in files that somebody wrote."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from wattledger.catalog import Profile, ProfileError, load_profile
from wattledger.catalog.linting import lint
from wattledger.catalog.package import SUFFIX, read_package_file
from wattledger.catalog.package_errors import PackageError
from wattledger.catalog.signing import signer_of
from wattledger.fieldbus.vectors import vector_faults
from wattledger.services.errors import ExitCode
from wattledger.services.profiles.packages import package_fault, signed_by
from wattledger.web.terminal import gettext as _


def check_files(paths: Sequence[Path]) -> ExitCode:
    """Print each finding as a line; FAILED when there are any."""
    findings = [finding for path in paths for finding in _findings(path)]
    for finding in findings:
        print(finding)
    return ExitCode.FAILED if findings else ExitCode.OK


def _findings(path: Path) -> Iterator[str]:
    """What is found in one file; what it is, is printed when it can be read at all."""
    if path.suffix == SUFFIX:
        try:
            package = read_package_file(path)
            signer = signer_of(package)
        except PackageError as error:
            yield f"{path}: {package_fault(error)}"
            return
        manifest = package.manifest
        text = _("{file}: package {id}, version {version}, {signed}")
        print(text.format(file=path, id=manifest.id, version=manifest.version, signed=signed_by(signer)))
        profiles = {f"{path}, {profile.id}": profile for profile in package.profiles}
    else:
        try:
            profiles = {str(path): load_profile(path)}
        except ProfileError as error:
            yield str(error) if path.parent == Path() else f"{path.parent}/{error}"
            return
    for place, profile in profiles.items():
        yield from _findings_in(profile, place)


def _findings_in(profile: Profile, place: str) -> Iterator[str]:
    found = [*vector_faults(profile), *map(str, lint(profile))]
    for finding in found:
        yield f"{place}: {finding}"
    for rule, reason in profile.lint.items():
        print(_("{place}: not looked at: {rule} ({reason})").format(place=place, rule=rule, reason=reason))
    if not found:
        text = _("{place}: no findings: profile {id}, version {version}, {products} products, {vectors} test vectors")
        counts = {"products": len(profile.products), "vectors": len(profile.tests)}
        print(text.format(place=place, id=profile.id, version=profile.version, **counts))
