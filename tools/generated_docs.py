"""Writes the documents that are made from the code: docs/profile.schema.json and docs/catalog.md.

With `--check` it writes nothing and fails when one of them is not what the code would make of it now.
"""

import os
import sys
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path

os.environ["LANGUAGE"] = "en"  # the pages are English, whatever terminal they are made in

from wattledger.catalog import Profile, load_catalog
from wattledger.catalog.editor_schema import schema_text
from wattledger.services.profiles.page import details, overview

SCHEMA = Path("docs/profile.schema.json")
CATALOG = Path("docs/catalog.md")
INTRODUCTION = """\
# Catalog of devices

Made from the built-in profiles by `make docs`; change those. `wattledger profile show ID` prints the same section, also
of a profile of your own, and [profiles.md](profiles.md) tells how to write one.
"""


def catalog_page() -> str:
    """All built-in profiles, by family."""
    return "\n".join(_catalog_lines()).rstrip() + "\n"


def _catalog_lines() -> Iterator[str]:
    yield INTRODUCTION
    profiles = sorted(load_catalog().profiles, key=lambda profile: (profile.family, profile.id))
    yield "| family | profile | status | products |"
    yield "| --- | --- | --- | --- |"
    for profile in profiles:
        products = ", ".join(product.ref for product in profile.products)
        yield f"| {profile.family} | [{profile.id}](#{_anchor(profile)}) | {profile.status} | {products} |"
    yield ""
    for family, of_family in groupby(profiles, key=lambda profile: profile.family):
        yield f"## {family}"
        yield ""
        for profile in of_family:
            yield from overview(profile)
            tables = list(details(profile))
            if tables:
                yield from ("<details><summary>Registers</summary>", "", *tables, "</details>", "")


def _anchor(profile: Profile) -> str:
    """What Markdown viewers call the heading."""
    kept = (character for character in profile.name.lower() if character.isalnum() or character in " -_")
    return "".join(kept).replace(" ", "-")


def main() -> int:
    wanted = {SCHEMA: schema_text(), CATALOG: catalog_page()}
    old = [path for path, text in wanted.items() if not path.exists() or path.read_text(encoding="utf-8") != text]
    if "--check" in sys.argv[1:]:
        print("\n".join(f"{path}: not as the code makes it; run make docs" for path in old) or "documents: as the code")
        return 1 if old else 0
    for path in old:
        path.write_text(wanted[path], encoding="utf-8")
        print(f"{path}: written")
    return 0


if __name__ == "__main__":
    sys.exit(main())
