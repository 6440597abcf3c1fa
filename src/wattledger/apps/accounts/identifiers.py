"""By which names people may log in."""

from __future__ import annotations

from collections.abc import Iterator

LEAST_LENGTH = 3
MOST_LENGTH = 20


def faults(identifier: str) -> Iterator[tuple[str, dict[str, object]]]:
    """What keeps `identifier` from being taken, as codes of problems with their parameters; nothing when it is good."""
    if len(identifier) < LEAST_LENGTH:
        yield "too_short", {"limit": LEAST_LENGTH}
    if len(identifier) > MOST_LENGTH:
        yield "too_long", {"limit": MOST_LENGTH}
    if any(sign.isspace() for sign in identifier):
        yield "identifier_space", {}
    elif not identifier.isprintable():
        yield "control_characters", {}
