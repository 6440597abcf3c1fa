"""Loading a profile: from a file of unknown origin to a checked profile, or to an error that names place and remedy."""

from __future__ import annotations

import json
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import ValidationError

from wattledger.catalog.consistency import check_profile
from wattledger.catalog.documents import Document, read_document
from wattledger.catalog.errors import ProfileError
from wattledger.catalog.part import Part
from wattledger.catalog.schema import Profile
from wattledger.measure import MeasureError

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

BUILT_IN = Path(__file__).parent / "profiles"


def load_profile(path: Path) -> Profile:
    """The profile in one file, checked; raises ProfileError that names file, place and remedy."""
    return profile_of(read_document(path), file=path.name)


def profile_of(document: Document, *, file: str) -> Profile:
    """The profile that a parsed document describes; `file` is how errors call it. Raises ProfileError."""
    if not isinstance(document, dict):
        raise ProfileError(f"{file}: a profile is a mapping that starts with 'id: …'")
    try:
        # Strict, and as JSON: there 'yes' is no number, and 0.001 becomes the decimal that was written.
        profile = Profile.model_validate_json(json.dumps(document, default=str), strict=True)
    except ValidationError as error:
        raise ProfileError(f"{file}: {_report(error, document)}") from error
    try:
        check_profile(profile)
    except (ProfileError, MeasureError) as error:
        raise ProfileError(f"{file}: {error}") from error
    return profile


def _report(error: ValidationError, document: Document) -> str:
    details = error.errors(include_url=False)
    more = f" (and {len(details) - 1} more)" if len(details) > 1 else ""
    return f"{_place(details[0]['loc'], document)}{_problem(details[0], document)}{more}"


SINGULAR = ("plus",)
NAMED_BY = ("name", "ref", "addr", "start", "title")  # what a person would call an entry by


def _place(location: tuple[int | str, ...], document: Document) -> str:
    """Where in the file: `point 'voltage.l1-n': `, `products entry 2: `."""
    words: list[str] = []
    part = document
    group = ""
    for step in location:
        if isinstance(part, dict) and isinstance(step, str):
            part, group = part.get(step), step
        elif isinstance(part, list) and isinstance(step, int) and step < len(part):
            part = part[step]
            words.append(_entry(part, group, step))
    return "".join(f"{word}: " for word in words)


def _entry(part: Document, group: str, index: int) -> str:
    kind = group if group in SINGULAR else group.removesuffix("s")
    for key in NAMED_BY if isinstance(part, dict) else ():
        name = part.get(key) if isinstance(part, dict) else None
        if isinstance(name, str):
            return f"{kind} '{name}'"
        if isinstance(name, int) and not isinstance(name, bool):
            return f"{kind} 0x{name:04X}"
    return f"{kind} {index + 1}"


def _problem(details: ErrorDetails, document: Document) -> str:
    key = next((step for step in reversed(details["loc"]) if isinstance(step, str) and step != "[key]"), "profile")
    match details["type"]:
        case "value_error":
            return str(details["ctx"]["error"])
        case "missing":
            return f"key {key!r} is missing"
        case "extra_forbidden":
            return _unknown_key(key)
        case _:
            return f"{_written_key(details['loc'], document)}: {details['msg']}, found {details['input']!r}"


def _written_key(location: tuple[int | str, ...], document: Document) -> str:
    """The last key on the way that stands in the file; steps between name what a value was taken for."""
    key, part = "profile", document
    for step in location:
        if isinstance(part, dict) and isinstance(step, str) and step in part:
            key, part = step, part[step]
        elif isinstance(part, list) and isinstance(step, int) and step < len(part):
            part = part[step]
    return key


def _unknown_key(key: str) -> str:
    near = get_close_matches(key, sorted(_known_keys(Part)), n=1)
    return f"unknown key {key!r}; " + (f"did you mean {near[0]!r}?" if near else "see the profile's JSON Schema")


def _known_keys(part: type[Part]) -> set[str]:
    """The keys of a part and of all that derive from it."""
    return set(part.model_fields).union(*(_known_keys(one) for one in part.__subclasses__()))
