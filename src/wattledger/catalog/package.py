"""Packages of profiles (`.hes`): one file with profiles, their icons and their translations, refused whole.

A zip of plain files:

    manifest.yaml             who and which version, and the SHA-256 of every file below
    signature.yaml            of the manifest, where somebody signed it
    profiles/<id>.yaml        the profiles; at least one
    icons/<profile id>.png    their pictures
    translations/<language>.yaml   further languages: {profile id: {text key: text}}

Data only: nothing in a package is ever run. It stays one file when it is installed, so that every moment has the old
package or the new one.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Annotated

from pydantic import Field, ValidationError

from wattledger.catalog import documents, png
from wattledger.catalog.documents import Document, parse_document
from wattledger.catalog.errors import ProfileError
from wattledger.catalog.loading import profile_of
from wattledger.catalog.package_errors import PackageError, PackageFault
from wattledger.catalog.part import Identifier, Part, Text
from wattledger.catalog.schema import Profile
from wattledger.catalog.zip_files import MOST_PACKED_BYTES, read_zip

FORMAT = 1
SUFFIX = ".hes"
MANIFEST = "manifest.yaml"
SIGNATURE = "signature.yaml"
PACKED = frozenset({"format", "files"})  # keys of a manifest that nobody writes by hand
NAMES = re.compile(
    r"profiles/[a-z0-9][a-z0-9-]{0,39}\.yaml|icons/[a-z0-9][a-z0-9-]{0,39}\.png|translations/[a-z]{2}\.yaml",
    re.ASCII,
)


class PackageIdentity(Part):
    """Who a package is."""

    id: Identifier
    version: Annotated[int, Field(ge=1)]
    name: Text
    author: Annotated[str, Field(max_length=200)] = ""


class Manifest(PackageIdentity):
    """What a package says of itself; `files`: the SHA-256 of all but the manifest and its signature, in hex."""

    format: int
    files: dict[str, Annotated[str, Field(pattern="^[0-9a-f]{64}$")]]


class Signature(Part):
    """An Ed25519 signature (RFC 8032) of the manifest's bytes and the public key that it was made for, in hex."""

    key: Annotated[str, Field(pattern="^[0-9a-f]{64}$")]
    signature: Annotated[str, Field(pattern="^[0-9a-f]{128}$")]


@dataclass(frozen=True, slots=True)
class Package:
    """What one package holds, checked but for its signature: whether that is right, `signing` tells.

    `icons` are PNG files by the id of their profile. `data` is the package itself, `manifest_bytes` what was signed.
    """

    manifest: Manifest
    profiles: tuple[Profile, ...]
    icons: Mapping[str, bytes]
    signature: Signature | None
    manifest_bytes: bytes
    data: bytes


def read_package(data: bytes) -> Package:
    """The package that `data` is. Raises PackageError, and then nothing of it may be used."""
    files = read_zip(data, most_bytes_of=_most_bytes_of)
    manifest = _manifest(files)
    _check_sums(manifest, files)
    return Package(
        manifest=manifest,
        profiles=tuple(_profiles(files)),
        icons=_icons(files),
        signature=_signature(files),
        manifest_bytes=files[MANIFEST],
        data=data,
    )


def read_package_file(path: Path) -> Package:
    """The package in a file; raises PackageError."""
    try:
        with path.open("rb") as file:
            data = file.read(MOST_PACKED_BYTES + 1)
    except OSError as error:
        raise PackageError(PackageFault.UNREADABLE, reason=f"{path}: {error.strerror}") from error
    return read_package(data)


def check_sum(data: bytes) -> str:
    """How the manifest names the content of a file."""
    return hashlib.sha256(data).hexdigest()


def identity_of(document: Document) -> PackageIdentity:
    """What a person writes into the manifest of a package to be; raises PackageError.

    What packing adds may stand there already, from a package that was unpacked to be changed.
    """
    written = {key: value for key, value in document.items() if key not in PACKED} if isinstance(document, dict) else {}
    try:
        return PackageIdentity.model_validate_json(json.dumps(written, default=str), strict=True)
    except ValidationError as error:
        raise PackageError(PackageFault.BAD_MANIFEST, reason=_first_of(error)) from error


def is_content(name: str) -> bool:
    """Whether a package may hold a file of this name beside its manifest and signature."""
    return NAMES.fullmatch(name) is not None


def _most_bytes_of(name: str) -> int | None:
    if name in (MANIFEST, SIGNATURE) or (is_content(name) and name.endswith(".yaml")):
        return documents.MOST_BYTES
    return png.MOST_BYTES if is_content(name) else None


def _manifest(files: Mapping[str, bytes]) -> Manifest:
    if MANIFEST not in files:
        raise PackageError(PackageFault.NO_PACKAGE, reason=f"it has no {MANIFEST}")
    try:
        document = parse_document(files[MANIFEST], file=MANIFEST)
        _check_format(document)
        return Manifest.model_validate_json(json.dumps(document, default=str), strict=True)
    except ProfileError as error:
        raise PackageError(PackageFault.BAD_MANIFEST, reason=str(error)) from error
    except ValidationError as error:
        raise PackageError(PackageFault.BAD_MANIFEST, reason=_first_of(error)) from error


def _check_format(document: Document) -> None:
    """A newer format may have keys that this release does not know, so it is looked at before all else."""
    given = document.get("format") if isinstance(document, dict) else None
    if isinstance(given, int) and given != FORMAT:
        raise PackageError(PackageFault.NEWER_FORMAT, format=str(given), readable=str(FORMAT))


def _check_sums(manifest: Manifest, files: Mapping[str, bytes]) -> None:
    content = {name: data for name, data in files.items() if name not in (MANIFEST, SIGNATURE)}
    for name in manifest.files:
        if name not in content:
            raise PackageError(PackageFault.MISSING_FILE, name=name)
    for name, data in content.items():
        if name not in manifest.files:
            raise PackageError(PackageFault.UNKNOWN_FILE, name=name)
        if manifest.files[name] != check_sum(data):
            raise PackageError(PackageFault.WRONG_CHECK_SUM, name=name)


def _profiles(files: Mapping[str, bytes]) -> Iterator[Profile]:
    given = _in_folder(files, "profiles")
    if not given:
        raise PackageError(PackageFault.BAD_MANIFEST, reason="the package holds no profile")
    translations = _translations(files, given)
    for profile_id, data in given.items():
        file = f"{profile_id}.yaml"
        try:
            document = parse_document(data, file=file)
            profile = profile_of(_translated(document, translations[profile_id]), file=file)
        except ProfileError as error:
            raise PackageError(PackageFault.BAD_PROFILE, reason=str(error)) from error
        if profile.id != profile_id:
            raise PackageError(PackageFault.BAD_PROFILE, reason=f"{file}: its id is {profile.id!r}")
        yield profile


def _translations(files: Mapping[str, bytes], profiles: Collection[str]) -> dict[str, dict[str, Document]]:
    """What the package adds to the texts of each profile, by language."""
    added: dict[str, dict[str, Document]] = {profile_id: {} for profile_id in profiles}
    for language, data in _in_folder(files, "translations").items():
        name = f"{language}.yaml"
        try:
            document = parse_document(data, file=name)
        except ProfileError as error:
            raise PackageError(PackageFault.BAD_TRANSLATION, name=name, reason=str(error)) from error
        if not isinstance(document, dict):
            raise PackageError(PackageFault.BAD_TRANSLATION, name=name, reason="it is no mapping of profiles to texts")
        for profile_id, texts in document.items():
            if profile_id not in added:
                raise PackageError(
                    PackageFault.BAD_TRANSLATION, name=name, reason=f"there is no profile {profile_id!r}"
                )
            added[profile_id][language] = texts
    return added


def _translated(profile: Document, added: Mapping[str, Document]) -> Document:
    """The profile with the languages that the package adds to those of its own; the profile's check judges them."""
    if not isinstance(profile, dict) or not added:
        return profile
    texts = profile.get("texts") or {}
    if not isinstance(texts, dict):
        return profile
    for language in added:
        if language in texts:
            raise ProfileError(f"texts: {language!r} is given in the profile and in translations/{language}.yaml")
    return {**profile, "texts": {**texts, **added}}


def _icons(files: Mapping[str, bytes]) -> dict[str, bytes]:
    icons = _in_folder(files, "icons")
    for profile_id, data in icons.items():
        if f"profiles/{profile_id}.yaml" not in files:
            raise PackageError(PackageFault.BAD_ICON, name=f"{profile_id}.png", reason="no profile of the package")
        try:
            png.check_png(data)
        except ValueError as error:
            raise PackageError(PackageFault.BAD_ICON, name=f"{profile_id}.png", reason=str(error)) from error
    return icons


def _signature(files: Mapping[str, bytes]) -> Signature | None:
    if SIGNATURE not in files:
        return None
    try:
        document = parse_document(files[SIGNATURE], file=SIGNATURE)
        return Signature.model_validate_json(json.dumps(document, default=str), strict=True)
    except (ProfileError, ValidationError) as error:
        raise PackageError(PackageFault.BAD_SIGNATURE) from error


def _in_folder(files: Mapping[str, bytes], folder: str) -> dict[str, bytes]:
    """The files of one folder by the name without ending."""
    paths = {PurePosixPath(name): data for name, data in files.items()}
    return {path.stem: data for path, data in paths.items() if str(path.parent) == folder}


def _first_of(error: ValidationError) -> str:
    details = error.errors(include_url=False)[0]
    place = ".".join(str(step) for step in details["loc"])
    return f"{place}: {details['msg']}"
