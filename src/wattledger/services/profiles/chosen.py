"""The profile that somebody means: a file of his, or one of the catalog."""

from __future__ import annotations

from pathlib import Path

from wattledger.catalog import Catalog, CatalogError, Profile, load_catalog, load_profile
from wattledger.plant import DataFolder
from wattledger.services.errors import CommandRefusedError
from wattledger.web.terminal import gettext as _


def chosen_profile(name: str, data: Path | None) -> Profile:
    """The profile in the file `name`, else the one of the catalog with this id. Raises CommandRefusedError."""
    path = Path(name)
    try:
        if path.suffix == ".yaml" or path.is_file():
            return load_profile(path)
        return known_catalog(data).profile(name)
    except CatalogError as error:
        raise CommandRefusedError(_("The profile cannot be used: {reason}").format(reason=error)) from error


def known_catalog(data: Path | None) -> Catalog:
    """The built-in profiles, and those of a data folder where one is given."""
    return load_catalog(*([] if data is None else [DataFolder(data).profiles]))
