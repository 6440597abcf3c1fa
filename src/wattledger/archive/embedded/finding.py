"""What a look over an archive finds."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Finding:
    """Something wrong: where, and what. English, for people who look after the machine."""

    place: str
    text: str
