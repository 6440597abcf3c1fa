"""What people read about a device, by key and language: English always, other languages where somebody wrote them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, TypeAlias

from pydantic import Field

from wattledger.catalog.part import TextKey

FALL_BACK = "en"

Language = Annotated[str, Field(pattern=r"^[a-z]{2,3}(-[a-zA-Z]{2,8})?$")]
LongText = Annotated[str, Field(min_length=1, max_length=1000)]
Texts: TypeAlias = dict[Language, dict[TextKey, LongText]]

_GAP = re.compile(r"\{([a-z0-9_]+)\}")


def text_in(texts: Texts, key: str, language: str, args: Mapping[str, str]) -> str:
    """The text called `key`, with `args` in its gaps ("Phase {phase} is reversed").

    A language, or its country's form, that does not have the text falls back to the plain language, then to English.
    """
    for choice in (language, language.partition("-")[0], FALL_BACK):
        if key in texts.get(choice, {}):
            return _GAP.sub(lambda gap: args.get(gap[1], gap[0]), texts[choice][key])
    return key


def gaps_of(text: str) -> set[str]:
    """The names of what is to be filled in."""
    return set(_GAP.findall(text))
