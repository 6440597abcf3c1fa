"""Whether every text that a profile uses is there, in English, and its gaps are filled."""

from __future__ import annotations

from collections.abc import Iterator
from difflib import get_close_matches

from wattledger.catalog.errors import ProfileError
from wattledger.catalog.schema import Profile
from wattledger.catalog.texts import FALL_BACK, gaps_of


def check_texts(profile: Profile) -> None:
    """Raises ProfileError for a key without an English text, and for a text that nobody would ever see."""
    english = profile.texts.get(FALL_BACK, {})
    for place, key in keys_of(profile):
        if key not in english:
            raise ProfileError(f"{place}: text '{key}' is not in texts.{FALL_BACK}; {_advice(key, english)}")
    for language, texts in profile.texts.items():
        for key in texts:
            if key not in english:
                raise ProfileError(f"texts {language}: '{key}' is not in texts.{FALL_BACK}; {_advice(key, english)}")
            if missing := gaps_of(texts[key]) - gaps_of(english[key]):
                gap = f"{{{min(missing)}}}"
                raise ProfileError(f"texts {language}: '{key}' has a gap {gap} that the English one has not")
    for alarm in profile.alarms:
        if unfilled := gaps_of(english[alarm.text]) - alarm.args.keys():
            raise ProfileError(f"alarm '{alarm.name}': its text has a gap {{{min(unfilled)}}}; add it to 'args'")


def keys_of(profile: Profile) -> Iterator[tuple[str, str]]:
    """Every text key that the profile uses, and where."""
    for point in (*profile.points, *(repeated for repeat in profile.repeats for repeated in repeat.points)):
        for key in point.values.values():
            yield f"point '{point.name}'", key
    for parameter in profile.parameters:
        for key in (parameter.text, *parameter.values.values()):
            yield f"parameter '{parameter.name}'", key
    for command in profile.commands:
        yield f"command '{command.name}'", command.text
    for alarm in profile.alarms:
        yield f"alarm '{alarm.name}'", alarm.text
    for key in profile.notes:
        yield "notes", key


def _advice(key: str, known: dict[str, str]) -> str:
    near = get_close_matches(key, known, n=1)
    return f"did you mean '{near[0]}'?" if near else f"add it there: '{key}: …'"
