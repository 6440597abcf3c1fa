"""Loading the catalog: the built-in profiles and those that the user added."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from difflib import get_close_matches
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import ValidationError

from wattledger.catalog.consistency import check_profile
from wattledger.catalog.documents import Document, read_document
from wattledger.catalog.errors import ProfileError, UnknownProfileError
from wattledger.catalog.part import Part
from wattledger.catalog.schema import Profile
from wattledger.measure import MeasureError

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

BUILT_IN = Path(__file__).parent / "profiles"


@dataclass(frozen=True, slots=True)
class BrokenProfile:
    """A profile of the user's that cannot be used, and why (English, for who wrote it)."""

    path: Path
    reason: str


@dataclass(frozen=True, slots=True)
class Catalog:
    """All profiles that can be used, by id, and those that cannot."""

    profiles: tuple[Profile, ...]
    broken: tuple[BrokenProfile, ...] = ()
    _by_id: dict[str, Profile] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_by_id", {profile.id: profile for profile in self.profiles})

    def profile(self, profile_id: str) -> Profile:
        """The profile of this id; raises UnknownProfileError."""
        try:
            return self._by_id[profile_id]
        except KeyError:
            raise UnknownProfileError(f"no profile {profile_id!r}; there are {', '.join(self._by_id)}") from None


def load_catalog(*folders: Path) -> Catalog:
    """The built-in profiles and every `*.yaml` of the user's folders (one that does not exist holds none).

    A user's profile that cannot be used is reported in `Catalog.broken`, also when its id is taken already. A broken
    built-in one raises ProfileError.
    """
    profiles = {profile.id: profile for profile in built_in_profiles()}
    broken: list[BrokenProfile] = []
    for path in (path for folder in folders for path in _files(folder)):
        try:
            profile = load_profile(path)
        except ProfileError as error:
            broken.append(BrokenProfile(path, str(error)))
            continue
        if profile.id in profiles:
            reason = f"{path.name}: id {profile.id!r} is taken by another profile; choose another id"
            broken.append(BrokenProfile(path, reason))
            continue
        profiles[profile.id] = profile
    return Catalog(tuple(profiles.values()), tuple(broken))


@cache
def built_in_profiles() -> tuple[Profile, ...]:
    """The profiles that come with the release, read once per process.

    They take longer than all the rest of loading, so the parent of the services reads them for all its children.
    """
    return tuple(load_profile(path) for path in _files(BUILT_IN))


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


def _files(folder: Path) -> Iterator[Path]:
    yield from sorted(folder.glob("*.yaml"))


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
    key = next((step for step in reversed(details["loc"]) if isinstance(step, str)), "profile")
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
