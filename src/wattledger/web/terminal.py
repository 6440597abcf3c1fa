"""What commands say, in the language of the terminal (LANGUAGE, LC_ALL, LC_MESSAGES, LANG).

The texts stand in the same catalogs as those of the pages. Read without Django, because the first messages come before
there is a data folder that Django could be set up with.
"""

from __future__ import annotations

import gettext as catalogs
from pathlib import Path

_translations = catalogs.translation("django", localedir=str(Path(__file__).parent / "locale"), fallback=True)


def language() -> str:
    """The language of what `gettext` gives, as in `fr`."""
    return _translations.info().get("language", "") or "en"


def gettext(text: str) -> str:
    """The text in the terminal's language, or as it is where there is no translation."""
    return _translations.gettext(text)
