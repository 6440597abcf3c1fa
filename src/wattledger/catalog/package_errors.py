"""What can be wrong with a package of profiles.

PackageError   a package is refused, whole; `fault` says why
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from wattledger.catalog.errors import CatalogError


class PackageFault(StrEnum):
    """Why a package is refused; part of the API, so only ever added to."""

    UNREADABLE = "package_unreadable"
    NO_PACKAGE = "no_package"
    TOO_LARGE = "package_too_large"
    UNSAFE = "package_unsafe"
    UNKNOWN_FILE = "package_unknown_file"
    MISSING_FILE = "package_missing_file"
    WRONG_CHECK_SUM = "package_wrong_check_sum"
    BAD_MANIFEST = "package_bad_manifest"
    NEWER_FORMAT = "package_newer_format"
    BAD_PROFILE = "package_bad_profile"
    BAD_ICON = "package_bad_icon"
    BAD_TRANSLATION = "package_bad_translation"
    BAD_SIGNATURE = "package_bad_signature"
    ID_BUILT_IN = "package_id_built_in"
    ID_TAKEN = "package_id_taken"
    OLDER = "package_older"
    SAME_VERSION = "package_same_version"
    OTHER_SIGNER = "package_other_signer"
    NO_SIGNER = "package_no_signer"
    IN_USE = "package_in_use"
    NOT_INSTALLED = "package_not_installed"
    FOLDER = "package_folder"


TEXTS: Mapping[PackageFault, str] = {
    PackageFault.UNREADABLE: "cannot be read: {reason}",
    PackageFault.NO_PACKAGE: "no package of profiles ({reason}); choose the right .hes file",
    PackageFault.TOO_LARGE: "larger than a package may be: {reason}",
    PackageFault.UNSAFE: "holds what no package holds: {reason}",
    PackageFault.UNKNOWN_FILE: "holds the file {name!r}, which its manifest does not name or no package has",
    PackageFault.MISSING_FILE: "lacks the file {name!r} that its manifest names",
    PackageFault.WRONG_CHECK_SUM: "the file {name!r} is not the one that was packed: its check sum differs",
    PackageFault.BAD_MANIFEST: "its manifest cannot be used: {reason}",
    PackageFault.NEWER_FORMAT: "of format {format}; this release reads format {readable}: bring the server up to date",
    PackageFault.BAD_PROFILE: "a profile in it cannot be used: {reason}",
    PackageFault.BAD_ICON: "the icon {name!r} cannot be used: {reason}",
    PackageFault.BAD_TRANSLATION: "the translation {name!r} cannot be used: {reason}",
    PackageFault.BAD_SIGNATURE: "its signature is wrong: it was changed after it was signed, or damaged",
    PackageFault.ID_BUILT_IN: "its profile {id!r} is built in; choose another id",
    PackageFault.ID_TAKEN: "its profile {id!r} is there already, from {owner}",
    PackageFault.OLDER: "version {version} is older than version {installed}, which is installed",
    PackageFault.SAME_VERSION: "version {version} is installed already, with other content",
    PackageFault.OTHER_SIGNER: "the installed version is signed by {before}, this one by {now}",
    PackageFault.NO_SIGNER: "the installed version is signed by {before}, this one is unsigned",
    PackageFault.IN_USE: "devices use what would go: {users}",
    PackageFault.NOT_INSTALLED: "no package {id!r} is installed; there are: {installed}",
    PackageFault.FOLDER: "the folder of the profiles cannot be changed: {reason}",
}
FORCIBLE = frozenset(  # where a person may insist
    {PackageFault.OLDER, PackageFault.SAME_VERSION, PackageFault.OTHER_SIGNER, PackageFault.NO_SIGNER}
)


class PackageError(CatalogError):
    """A package is refused, whole; `params` are what the text of the fault names."""

    def __init__(self, fault: PackageFault, **params: str) -> None:
        super().__init__(TEXTS[fault].format_map(params))
        self.fault = fault
        self.params = params
