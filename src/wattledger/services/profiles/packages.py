"""What is said of packages of profiles, and `wattledger profile pack`."""

from __future__ import annotations

from pathlib import Path

from wattledger.apps.devices.package_texts import TEXTS
from wattledger.catalog.package import SUFFIX
from wattledger.catalog.package_errors import PackageError
from wattledger.catalog.packing import pack
from wattledger.catalog.signing import UNSIGNED, Signer, signer_of
from wattledger.services.errors import CommandRefusedError, ExitCode
from wattledger.web.terminal import gettext as _


def package_fault(error: PackageError) -> str:
    """Why a package is refused, in the terminal's language."""
    return _(TEXTS[error.fault]).format_map(error.params)


def signed_by(signer: str) -> str:
    """Who vouches for a package, by what `signer_of` gives."""
    return _("unsigned") if signer == UNSIGNED else _("signed with the key {fingerprint}").format(fingerprint=signer)


def pack_profiles(source: Path, target: Path, *, key_file: Path | None) -> ExitCode:
    """Make a package of a folder or a profile. Raises CommandRefusedError, and then there is none."""
    if target.suffix != SUFFIX:
        raise CommandRefusedError(_("The file of a package ends in {suffix}.").format(suffix=SUFFIX))
    signer = None if key_file is None else _signer(key_file)
    try:
        package = pack(source, signer=signer)
        target.write_bytes(package.data)
    except PackageError as error:
        raise CommandRefusedError(package_fault(error)) from error
    except OSError as error:
        text = _("{file} cannot be written: {reason}")
        raise CommandRefusedError(text.format(file=target, reason=error.strerror)) from error
    text = _("{file}: package {id}, version {version}, {signed}")
    manifest = package.manifest
    print(text.format(file=target, id=manifest.id, version=manifest.version, signed=signed_by(signer_of(package))))
    return ExitCode.OK


def _signer(key_file: Path) -> Signer:
    try:
        return Signer.of_pem(key_file.read_bytes())
    except OSError as error:
        text = _("The key {file} cannot be read: {reason}")
        raise CommandRefusedError(text.format(file=key_file, reason=error.strerror)) from error
    except ValueError as error:
        text = _("The key {file} cannot be used: {reason}")
        raise CommandRefusedError(text.format(file=key_file, reason=error)) from error
