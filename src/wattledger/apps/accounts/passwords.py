"""Which passwords are good enough."""

from __future__ import annotations

from collections.abc import Iterator

LEAST_LENGTH = 8
MOST_LENGTH = 128
SPECIAL = "!$'*-:,=@]`}\"%(+.;>[^{~#&)/<?\\_|"


def weaknesses(password: str, *, identifier: str) -> Iterator[tuple[str, dict[str, object]]]:
    """What keeps `password` from being taken, as codes of problems with their parameters; nothing when it is good.

    Other special characters than those listed may stand in it but do not count as special.
    """
    if len(password) < LEAST_LENGTH:
        yield "password_short", {"limit": LEAST_LENGTH}
    if len(password) > MOST_LENGTH:
        yield "password_long", {"limit": MOST_LENGTH}
    if not any(sign.isupper() for sign in password):
        yield "password_upper", {}
    if not any(sign.islower() for sign in password):
        yield "password_lower", {}
    if not any(sign.isdecimal() for sign in password):
        yield "password_digit", {}
    if not any(sign in SPECIAL for sign in password):
        yield "password_special", {"choice": " ".join(SPECIAL)}
    if identifier.lower() in password.lower():
        yield "password_identifier", {}
