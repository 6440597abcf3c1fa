"""`wattledger profile list`: what the catalog has, and where it comes from."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from wattledger.catalog import Catalog, Profile
from wattledger.catalog.installing import installed
from wattledger.catalog.loading import BUILT_IN
from wattledger.plant import DataFolder
from wattledger.services.errors import ExitCode
from wattledger.services.profiles.chosen import known_catalog
from wattledger.services.profiles.packages import signed_by
from wattledger.services.profiles.tables import aligned
from wattledger.web.terminal import gettext as _


def list_profiles(data: Path | None) -> ExitCode:
    """Print the profiles, the packages of the data folder, and the files in it that cannot be used."""
    catalog = known_catalog(data)
    header = [_("profile"), _("version"), _("status"), _("products"), _("from"), _("name")]
    rows = sorted(_row(profile, catalog) for profile in catalog.profiles)
    for line in aligned([header, *rows], right=(1, 3)):
        print(line)
    if data is not None:
        for line in _packages(DataFolder(data).profiles):
            print(line)
        for broken in catalog.broken:
            print(_("Cannot be used: {reason}").format(reason=broken.reason))
    return ExitCode.OK


def _row(profile: Profile, catalog: Catalog) -> list[str]:
    path = catalog.origins[profile.id]
    origin = _("built in") if path.parent == BUILT_IN else path.name
    return [profile.id, str(profile.version), str(profile.status), str(len(profile.products)), origin, profile.name]


def _packages(folder: Path) -> Iterator[str]:
    usable = [(one.package.manifest, one.signer) for one in installed(folder) if one.package is not None]
    if usable:
        header = [_("package"), _("version"), _("name"), _("author"), _("signature")]
        rows = [[m.id, str(m.version), m.name, m.author or "-", signed_by(signer)] for m, signer in usable]
        yield ""
        yield from aligned([header, *rows], right=(1,))
