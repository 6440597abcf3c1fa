"""Finds the texts of templates for the catalogs; named as an extractor in tools/babel.cfg."""

import ast
import re
from collections.abc import Collection, Iterator, Mapping
from typing import IO, Any

from django.utils.translation.template import templatize

# How Django writes what it found in a template: calls among blanked-out text.
_STRING = r"""[uf]?(?:'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")"""
_CALL = re.compile(rf"\b(gettext|ngettext|pgettext|npgettext|_)\(\s*({_STRING}(?:\s*,\s*{_STRING})*)")
_PLURAL = {"ngettext": 2, "npgettext": 3}


def extract(
    file: IO[bytes],
    keywords: Mapping[str, Any],  # noqa: ARG001 - Babel's signature
    comment_tags: Collection[str],  # noqa: ARG001
    options: Mapping[str, str],
) -> Iterator[tuple[int, str, str | tuple[str, ...], list[str]]]:
    """Line, function, text and no comments for each text of one template."""
    found = templatize(file.read().decode(options.get("encoding", "utf-8")), origin="template")
    for call in _CALL.finditer(found):
        name, strings = call[1], ast.literal_eval(f"({call[2]},)")
        texts = tuple(str(text) for text in strings[: _PLURAL.get(name, len(strings))])
        yield found.count("\n", 0, call.start()) + 1, name, texts if len(texts) > 1 else texts[0], []
