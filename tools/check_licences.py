"""Fails when a package that the product runs with has a licence that Apache-2.0 software cannot be shipped with."""

import sys
from collections.abc import Iterator
from importlib.metadata import Distribution, distribution

from packaging.requirements import Requirement

EXTRAS = ("", "demo")
FREE_TO_SHIP = (
    "MIT",
    "BSD",
    "Apache",
    "PSF",
    "Python Software Foundation",
    "ISC",
    "MPL-2.0",
    "Zlib",
    "CC0",
    "0BSD",
    "Unlicense",
)
NOT_WITH_US = ("GPL", "AGPL", "SSPL", "Commons Clause")


def shipped(name: str, *, extras: tuple[str, ...] = ("",), seen: set[str] | None = None) -> Iterator[Distribution]:
    """The distribution `name` and all that it needs at run time."""
    seen = set() if seen is None else seen
    if name.lower() in seen:
        return
    seen.add(name.lower())
    found = distribution(name)
    yield found
    for line in found.requires or ():
        needed = Requirement(line)
        if needed.marker is None or any(needed.marker.evaluate({"extra": extra}) for extra in extras):
            yield from shipped(needed.name, extras=("", *needed.extras), seen=seen)


def licence(package: Distribution) -> str:
    """What the package says of its licence: the expression, else the classifiers, else the text's first line."""
    meta = package.metadata
    classifiers = [c.rsplit(" :: ", 1)[-1] for c in meta.get_all("Classifier") or () if c.startswith("License ::")]
    first_line = (meta.get("License") or "").strip().split("\n", 1)[0]
    return meta.get("License-Expression") or "; ".join(classifiers) or first_line


def is_free(text: str) -> bool:
    """Whether such a licence lets us ship; of alternatives ("A OR B") one is enough."""
    choices = text.split(" OR ")
    return any(
        any(good in choice for good in FREE_TO_SHIP) and not any(bad in choice for bad in NOT_WITH_US)
        for choice in choices
    )


def main() -> int:
    packages = {package.name: licence(package) for package in shipped("wattledger", extras=EXTRAS)}
    wrong = {name: text for name, text in packages.items() if not is_free(text)}
    for name, text in sorted(wrong.items()):
        print(f"{name}: {text or 'says no licence'}: cannot be shipped with the product")
    print(f"licences: {len(packages)} packages looked at, {len(wrong)} refused")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
