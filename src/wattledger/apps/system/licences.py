"""The components that this server is made of and their licences, read from what is installed."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path

from django.conf import settings

OURS = "wattledger"
IN_BROWSERS = "licences.json"  # left by the build of what browsers load
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_LICENCE_FILE = re.compile(r"(licen[cs]e|copying|notice)[^/]*$", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Component:
    """One component; `text` is its whole licence, empty where it brings none."""

    name: str
    version: str
    licence: str
    text: str


@lru_cache(maxsize=1)
def components() -> tuple[Component, ...]:
    """This software first, then what it needs, by name; read once, because nothing changes while it runs."""
    ours, *needed = (_component(found) for found in _needed(OURS, set()))
    others = [*needed, *_in_browsers()]
    return (ours, *sorted(others, key=lambda component: component.name.lower()))


def _needed(name: str, seen: set[str]) -> Iterator[Distribution]:
    """The package and all that it needs and is installed; what only an extra asks for is left out."""
    if name.lower() in seen:
        return
    seen.add(name.lower())
    try:
        found = distribution(name)
    except PackageNotFoundError:  # for another system than this
        return
    yield found
    for line in found.requires or ():
        needed = _NAME.match(line)
        if needed is not None and "extra ==" not in line:
            yield from _needed(needed[0], seen)


def _component(found: Distribution) -> Component:
    meta = found.metadata
    classifiers = [line.rsplit(" :: ", 1)[-1] for line in meta.get_all("Classifier") or () if line.startswith("Lic")]
    expression, text = (meta[name] if name in meta else "" for name in ("License-Expression", "License"))  # noqa: SIM401 - it has no get

    licence = expression or "; ".join(classifiers) or text.strip().split("\n", 1)[0]
    texts = [file.read_text(encoding="utf-8") for file in found.files or () if _LICENCE_FILE.search(str(file))]
    return Component(found.name, found.version, licence, "\n\n".join(texts))


def _in_browsers() -> list[Component]:
    listed = json.loads((Path(settings.STATIC_ROOT) / IN_BROWSERS).read_text(encoding="utf-8"))
    return [Component(**component) for component in listed]
