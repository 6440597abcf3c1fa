"""What the command line says, in the language of the terminal (LANGUAGE, LC_ALL, LC_MESSAGES, LANG).

The texts stand in the same catalogs as those of the pages. Read without Django, because the first messages come before
there is a data folder that Django could be set up with.
"""

from __future__ import annotations

import gettext as catalogs
from importlib.resources import as_file, files

DOMAIN = "django"


def _catalog() -> catalogs.NullTranslations:
    with as_file(files("wattledger.web") / "locale") as folder:
        return catalogs.translation(DOMAIN, localedir=str(folder), fallback=True)


_translations = _catalog()


def gettext(text: str) -> str:
    """The text in the terminal's language, or as it is where there is no translation."""
    return _translations.gettext(text)
