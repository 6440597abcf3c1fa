"""Opaque ids: a letter for the kind and the number inside, as `d12`. Programs keep them as they are.

The letter keeps the id of a bus from being taken for that of a device.
"""

from __future__ import annotations

import re
from enum import StrEnum

from wattledger.apps.rest.problems import ProblemError, bad_field

_FORM = re.compile(r"([a-z])([1-9][0-9]{0,17})", re.ASCII)  # 18 digits fit into 64 bits


class Kind(StrEnum):
    """Whose id it is."""

    BUS = "b"
    CIRCUIT = "c"
    DEVICE = "d"
    SOURCE = "e"
    JOB = "j"
    CERTIFICATE = "k"
    LANDMARK = "l"
    SERIES = "s"
    TOKEN = "t"  # noqa: S105 - a letter
    USAGE = "u"
    SWITCHBOARD = "w"
    ZONE = "z"


def public_id(kind: Kind, number: int) -> str:
    """How the API calls number `number` of this kind."""
    return f"{kind}{number}"


def optional_id(kind: Kind, number: int | None) -> str | None:
    """The same where there may be none."""
    return None if number is None else public_id(kind, number)


def number_in_path(kind: Kind, text: str) -> int:
    """The number inside an id of the address; raises ProblemError "not found" for anything else."""
    number = _number(kind, text)
    if number is None:
        raise ProblemError("not_found")
    return number


def number_in_field(kind: Kind, text: str, *, field: str) -> int:
    """The number inside an id of a field; raises FieldError for anything else."""
    number = _number(kind, text)
    if number is None:
        raise bad_field(field, "unknown")
    return number


def _number(kind: Kind, text: str) -> int | None:
    found = _FORM.fullmatch(text)
    return int(found[2]) if found and found[1] == kind else None
