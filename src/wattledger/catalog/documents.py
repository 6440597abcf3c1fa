"""YAML files of unknown origin as plain values: bounded in size, without aliases, without keys that hide each other."""

from __future__ import annotations

from collections.abc import Hashable
from pathlib import Path
from typing import Any, TypeAlias

import yaml

from wattledger.catalog.errors import ProfileError

MOST_BYTES = 256 * 1024  # the largest built-in profile takes 35 kB; a file beyond this is no profile
MOST_DEPTH = 12  # a profile nests five deep; far deeper input only tries the parser's stack

Document: TypeAlias = "dict[str, Document] | list[Document] | str | int | float | bool | None"


def read_document(path: Path) -> Document:
    """What the YAML file holds, as mappings, lists and scalars.

    Raises ProfileError for a file that cannot be read, is too large, is no YAML, repeats a key or uses aliases.
    """
    try:
        with path.open("rb") as file:
            text = file.read(MOST_BYTES + 1)
    except OSError as error:
        raise ProfileError(f"{path.name}: cannot be read: {error.strerror}") from error
    if len(text) > MOST_BYTES:
        raise ProfileError(f"{path.name}: larger than {MOST_BYTES // 1024} kB, which no profile needs")
    return parse_document(text, file=path.name)


def parse_document(text: bytes | str, *, file: str) -> Document:
    """What the YAML text holds; `file` is how errors call it. Raises ProfileError."""
    try:
        loader = _ProfileLoader(text)
        try:
            document: Document = loader.get_single_data()
        finally:
            loader.dispose()
    except yaml.MarkedYAMLError as error:
        place = f"line {error.problem_mark.line + 1}: " if error.problem_mark else ""
        raise ProfileError(f"{file}: {place}{error.problem or error.context}") from error
    except (yaml.YAMLError, ValueError) as error:  # ValueError: digits without end, impossible dates
        raise ProfileError(f"{file}: no readable YAML: {error}") from error
    return document


class _ProfileLoader(yaml.SafeLoader):
    """Plain YAML without what can hide or blow up: aliases, repeated keys, keys of any other kind than text and whole
    numbers (which become text), deep nesting.

    Where PyYAML has libyaml, that reads the text, four times as fast. What decides over its nodes stays here: libyaml's
    own composer would follow aliases, and nested text down to the end of its stack.
    """

    _depth = 0

    def __init__(self, text: bytes | str) -> None:
        super().__init__(text)
        if yaml.__with_libyaml__:
            quick = yaml.CSafeLoader(text)
            self.check_event = quick.check_event  # type: ignore[method-assign]
            self.peek_event = quick.peek_event  # type: ignore[method-assign]
            self.get_event = quick.get_event  # type: ignore[method-assign]

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        if self.check_event(yaml.AliasEvent):
            mark = self.peek_event().start_mark  # type: ignore[no-untyped-call]
            raise yaml.composer.ComposerError(None, None, "aliases (*name) are not allowed; write it out", mark)
        self._depth += 1
        if self._depth > MOST_DEPTH:
            mark = self.peek_event().start_mark  # type: ignore[no-untyped-call]
            raise yaml.composer.ComposerError(None, None, f"nested deeper than {MOST_DEPTH} levels", mark)
        node = super().compose_node(parent, index)
        self._depth -= 1
        return node

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:  # noqa: FBT001, FBT002
        seen: set[str] = set()
        for key_node, _ in node.value:
            given = self.construct_object(key_node)
            if not isinstance(given, str | int) or isinstance(given, bool):
                problem = f"key {given!r} is neither text nor a whole number; put it in quotes"
                raise yaml.constructor.ConstructorError(None, None, problem, key_node.start_mark)
            key = str(given)  # as in JSON: 0x10 and 16 are one key
            if key in seen:
                raise yaml.constructor.ConstructorError(None, None, f"key {key!r} is given twice", key_node.start_mark)
            seen.add(key)
        return {str(key): value for key, value in super().construct_mapping(node, deep=deep).items()}
