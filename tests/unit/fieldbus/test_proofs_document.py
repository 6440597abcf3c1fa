"""docs/field-bus-proofs.md names only tests and faults that exist."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

import modbus_faults

ROOT = Path(__file__).parents[3]
DOCUMENT = ROOT / "docs" / "field-bus-proofs.md"
NAMED = re.findall(r"`((?:tests|bench)/[\w/]+\.py)(?:::([^`]+))?`", DOCUMENT.read_text(encoding="utf-8"))


@pytest.mark.parametrize("path", sorted({path for path, _ in NAMED}))
def test_what_is_named_exists(path: str) -> None:
    code = ast.parse((ROOT / path).read_text(encoding="utf-8"))
    functions = {node.name for node in ast.walk(code) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}
    faults = {fault.name for fault in modbus_faults.FAULTS} if path == "tests/modbus_faults.py" else set()

    assert {name for named, name in NAMED if named == path and name} <= functions | faults


def test_the_document_names_what_it_is_about() -> None:
    assert len(NAMED) > 50
