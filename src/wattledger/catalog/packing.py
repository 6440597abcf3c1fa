"""Making packages: a folder laid out as a package, or a single profile, becomes one `.hes` file.

The same content makes the same bytes, so that two people can compare what they have.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path

import yaml

from wattledger.catalog.documents import read_document
from wattledger.catalog.errors import ProfileError
from wattledger.catalog.loading import load_profile
from wattledger.catalog.package import (
    FORMAT,
    MANIFEST,
    SIGNATURE,
    Package,
    PackageIdentity,
    Signature,
    check_sum,
    identity_of,
    is_content,
    read_package,
)
from wattledger.catalog.package_errors import PackageError, PackageFault
from wattledger.catalog.signing import Signer

EARLIEST = (1980, 1, 1, 0, 0, 0)  # of a zip; the day on which a package is made says nothing of what it holds


def pack(source: Path, *, signer: Signer | None = None) -> Package:
    """The package of a folder, or of one profile's file, which then gives the package its id, version and name.

    A folder holds `manifest.yaml` (id, version, name, author), `profiles/`, `icons/` and `translations/`.
    Raises PackageError for whatever would be refused when somebody installs it.
    """
    identity, files = _folder(source) if source.is_dir() else _single(source)
    sums = {name: check_sum(data) for name, data in sorted(files.items())}
    manifest = {"format": FORMAT, **identity.model_dump(), "files": sums}
    manifest_bytes = _as_yaml(manifest)
    whole = {MANIFEST: manifest_bytes}
    if signer is not None:
        signature = Signature(key=signer.key, signature=signer.sign(manifest_bytes))
        whole[SIGNATURE] = _as_yaml(signature.model_dump())
    return read_package(_zipped(whole | dict(sorted(files.items()))))


def _single(path: Path) -> tuple[PackageIdentity, dict[str, bytes]]:
    try:
        profile = load_profile(path)
        data = path.read_bytes()
    except ProfileError as error:
        raise PackageError(PackageFault.BAD_PROFILE, reason=str(error)) from error
    except OSError as error:
        raise PackageError(PackageFault.UNREADABLE, reason=error.strerror or str(error)) from error
    identity = PackageIdentity(id=profile.id, version=profile.version, name=profile.name)
    return identity, {f"profiles/{profile.id}.yaml": data}


def _folder(folder: Path) -> tuple[PackageIdentity, dict[str, bytes]]:
    try:
        identity = identity_of(read_document(folder / MANIFEST))
        return identity, {name: (folder / name).read_bytes() for name in _content(folder)}
    except ProfileError as error:
        raise PackageError(PackageFault.BAD_MANIFEST, reason=str(error)) from error
    except OSError as error:
        raise PackageError(PackageFault.UNREADABLE, reason=f"{error.filename}: {error.strerror}") from error


def _content(folder: Path) -> Iterator[str]:
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if path.is_dir() or name in (MANIFEST, SIGNATURE):
            continue
        if not is_content(name):
            raise PackageError(PackageFault.UNKNOWN_FILE, name=name)
        yield name


def _as_yaml(document: Mapping[str, object]) -> bytes:
    return yaml.safe_dump(dict(document), sort_keys=False, allow_unicode=True).encode()


def _zipped(files: Mapping[str, bytes]) -> bytes:
    memory = io.BytesIO()
    with zipfile.ZipFile(memory, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            entry = zipfile.ZipInfo(name, EARLIEST)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o100644 << 16
            archive.writestr(entry, data)
    return memory.getvalue()
