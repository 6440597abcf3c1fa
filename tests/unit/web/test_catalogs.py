"""The catalogs of the complete languages: nothing missing, nothing in doubt, no placeholder lost."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

import wattledger

SOURCE = Path(wattledger.__file__).parent
PLACEHOLDER = re.compile(r"%\([a-z_]+\)[sd]|\{[a-z_]*\}")
KEYWORDS = {"_": None, "gettext": None, "gettext_lazy": None, "gettext_noop": None}
# How the field speaks; a word in the source asks for one of these in the translation.
TERMS = {
    ("field bus", "de"): "Feldbus",
    ("field bus", "fr"): "bus de terrain",
    ("field bus", "nl"): "veldbus",
}


@pytest.fixture(scope="module")
def texts() -> set[str]:
    found = extract_from_dir(SOURCE, keywords=KEYWORDS, method_map=[("**.py", "python")])
    return {message for _, _, message, _, _ in found if isinstance(message, str)}


def catalog(language: str) -> Catalog:
    with (SOURCE / "web" / "locale" / language / "LC_MESSAGES" / "django.po").open("rb") as file:
        return read_po(file, locale=language)


@pytest.mark.parametrize("language", ["fr", "de", "nl"])
def test_a_catalog_has_every_text_and_keeps_its_placeholders(language: str, texts: set[str]) -> None:
    have = catalog(language)

    missing = sorted(text for text in texts if not (have.get(text) and have.get(text).string))
    fuzzy = sorted(str(message.id) for message in have if message.id and message.fuzzy)
    broken = sorted(
        str(message.id)
        for message in have
        if message.id
        and sorted(PLACEHOLDER.findall(str(message.id))) != sorted(PLACEHOLDER.findall(str(message.string)))
    )
    assert (missing, fuzzy, broken) == ([], [], [])


@pytest.mark.parametrize("language", ["fr", "de", "nl"])
def test_a_catalog_speaks_as_the_field_does(language: str) -> None:
    for message in catalog(language):
        for (term, of), wanted in TERMS.items():
            if of == language and message.id and term in str(message.id).lower():
                assert wanted.lower() in str(message.string).lower(), message.id
