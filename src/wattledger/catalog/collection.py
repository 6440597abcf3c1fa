"""The catalog: the built-in profiles and those that the user added, as files or in packages."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TypeAlias

from wattledger.catalog.errors import ProfileError, UnknownProfileError
from wattledger.catalog.loading import BUILT_IN, load_profile
from wattledger.catalog.package import SUFFIX, read_package_file
from wattledger.catalog.package_errors import PackageError
from wattledger.catalog.schema import Profile

_Stamps: TypeAlias = tuple[tuple[str, int, int, int], ...]


@dataclass(frozen=True, slots=True)
class BrokenProfile:
    """A file of the user's that cannot be used, and why (English, for who wrote it)."""

    path: Path
    reason: str


@dataclass(frozen=True, slots=True)
class Catalog:
    """All profiles that can be used, by id, and the files that cannot; `origins` are the files they come from."""

    profiles: tuple[Profile, ...]
    broken: tuple[BrokenProfile, ...] = ()
    origins: dict[str, Path] = field(default_factory=dict)
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
    """The built-in profiles and every `*.yaml` and `*.hes` of the user's folders (one that does not exist holds none).

    A user's file that cannot be used is reported in `Catalog.broken`, also when an id in it is taken already; a package
    is then left out whole. A broken built-in profile raises ProfileError.
    """
    built_in = _built_in()
    profiles = {profile.id: profile for profile in built_in.values()}
    origins = {profile.id: path for path, profile in built_in.items()}
    broken: list[BrokenProfile] = []
    for path in (path for folder in folders for path in _files(folder)):
        try:
            found = _profiles_in(path)
        except (ProfileError, PackageError) as error:
            name = "" if isinstance(error, ProfileError) else f"{path.name}: "  # a ProfileError says it itself
            broken.append(BrokenProfile(path, f"{name}{error}"))
            continue
        taken = [profile.id for profile in found if profile.id in profiles]
        if taken:
            reason = f"{path.name}: id {taken[0]!r} is taken by another profile; choose another id"
            broken.append(BrokenProfile(path, reason))
            continue
        for profile in found:
            profiles[profile.id], origins[profile.id] = profile, path
    return Catalog(tuple(profiles.values()), tuple(broken), origins)


class CatalogFolder:
    """The catalog with one folder of the user's, read anew when a file in it came, changed or went.

    May be asked from several threads.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._one_at_a_time = threading.Lock()
        self._stamps: _Stamps | None = None
        self._catalog = Catalog(())

    def catalog(self) -> Catalog:
        """The catalog as the files are now. Raises ProfileError for a broken built-in profile."""
        with self._one_at_a_time:
            stamps = _stamps(self._folder)
            if stamps != self._stamps:
                self._catalog = load_catalog(self._folder)
                self._stamps = stamps  # those from before reading: what changed meanwhile is read again
            return self._catalog

    def is_changed(self) -> bool:
        """Whether the files are others than those of the catalog that was given last."""
        return _stamps(self._folder) != self._stamps


def built_in_profiles() -> tuple[Profile, ...]:
    """The profiles that come with the release, read once per process.

    They take longer than all the rest of loading, so the parent of the services reads them for all its children.
    """
    return tuple(_built_in().values())


@cache
def _built_in() -> dict[Path, Profile]:
    return {path: load_profile(path) for path in sorted(BUILT_IN.glob("*.yaml"))}


def _files(folder: Path) -> Iterator[Path]:
    yield from sorted(path for path in folder.glob("*") if path.suffix in (".yaml", SUFFIX))


def _profiles_in(path: Path) -> tuple[Profile, ...]:
    return read_package_file(path).profiles if path.suffix == SUFFIX else (load_profile(path),)


def _stamps(folder: Path) -> _Stamps:
    return tuple(_stamp(path) for path in _files(folder))


def _stamp(path: Path) -> tuple[str, int, int, int]:
    try:
        about = path.stat()
    except OSError:  # gone since it was listed, or not ours to see
        return path.name, 0, 0, 0
    return path.name, about.st_mtime_ns, about.st_size, about.st_ino
