"""`wattledger profile copy`: a profile of one's own, begun from one of the catalog."""

from __future__ import annotations

import io
import re
import zipfile
from pathlib import Path

from wattledger.catalog import CatalogError, load_profile
from wattledger.catalog.package import SUFFIX, read_package_file
from wattledger.services.errors import CommandRefusedError, ExitCode
from wattledger.services.profiles.chosen import known_catalog
from wattledger.web.terminal import gettext as _

EDITOR_LINE = "# yaml-language-server: $schema={url}\n"
SCHEMA_FILE = "profile.schema.json"
HEAD = re.compile(r"^(id|version):.*$", re.MULTILINE)
ID = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")


def copy_profile(profile_id: str, path: Path, *, data: Path | None) -> ExitCode:
    """Write the profile's file under a new id, that of the file's name. Raises CommandRefusedError."""
    new_id = path.stem
    if path.suffix != ".yaml" or not ID.fullmatch(new_id):
        text = _("{file} gives no id; name the file with small letters, digits and hyphens, and .yaml at its end.")
        raise CommandRefusedError(text.format(file=path.name))
    catalog = known_catalog(data)
    try:
        catalog.profile(profile_id)
    except CatalogError as error:
        raise CommandRefusedError(_("The profile cannot be used: {reason}").format(reason=error)) from error
    if new_id in catalog.origins:
        text = _("The catalog has a profile {id} already; choose another name for the file.")
        raise CommandRefusedError(text.format(id=new_id))
    heads = {"id": f"id: {new_id}", "version": "version: 1"}
    source = HEAD.sub(lambda line: heads[line[1]], _source(catalog.origins[profile_id], profile_id), count=2)
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(EDITOR_LINE.format(url=SCHEMA_FILE) + source)
        load_profile(path)
    except (OSError, CatalogError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        text = _("{file} cannot be written: {reason}")
        raise CommandRefusedError(text.format(file=path, reason=reason)) from error
    text = _("{file} is profile {id} now. Change it, then: wattledger profile check {file}")
    print(text.format(file=path, id=new_id))
    return ExitCode.OK


def _source(path: Path, profile_id: str) -> str:
    """The text of a profile's file as it was written, comments included."""
    if path.suffix != SUFFIX:
        return path.read_text(encoding="utf-8")
    with zipfile.ZipFile(io.BytesIO(read_package_file(path).data)) as archive:
        return archive.read(f"profiles/{profile_id}.yaml").decode("utf-8")
