"""What the parser says about a request, told as problems of its fields."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from wattledger.apps.rest.problems import FieldError, FieldProblem
from wattledger.apps.rest.texts import TEXTS

# What pydantic calls it → our code, and which of its facts fills the text.
_CODES = {
    "missing": ("required", None),
    "extra_forbidden": ("unknown_field", None),
    "string_type": ("not_text", None),
    "string_unicode": ("not_text", None),
    "string_too_short": ("too_short", "min_length"),
    "string_too_long": ("too_long", "max_length"),
    "too_short": ("too_few", "min_length"),
    "too_long": ("too_many", "max_length"),
    "int_type": ("not_integer", None),
    "int_parsing": ("not_integer", None),
    "int_parsing_size": ("not_integer", None),
    "int_from_float": ("not_integer", None),
    "float_type": ("not_number", None),
    "float_parsing": ("not_number", None),
    "finite_number": ("not_number", None),
    "bool_type": ("not_boolean", None),
    "bool_parsing": ("not_boolean", None),
    "list_type": ("not_list", None),
    "tuple_type": ("not_list", None),
    "dict_type": ("not_object", None),
    "model_type": ("not_object", None),
    "model_attributes_type": ("not_object", None),
    "greater_than_equal": ("too_small", "ge"),
    "less_than_equal": ("too_big", "le"),
    "greater_than": ("not_above", "gt"),
    "less_than": ("not_below", "lt"),
    "enum": ("not_one_of", "expected"),
    "literal_error": ("not_one_of", "expected"),
    "union_tag_invalid": ("not_one_of", "expected_tags"),
    "union_tag_not_found": ("required", None),
    "timezone_aware": ("not_time", None),
    "datetime_type": ("not_time", None),
    "datetime_parsing": ("not_time", None),
    "datetime_from_date_parsing": ("not_time", None),
    "datetime_object_invalid": ("not_time", None),
}

# How pydantic calls the branches of a union; where a field tells them apart, by its value, as modbus-tcp. No field has
# a hyphen in its name.
_BRANCH = re.compile(r"[\[(-]|^(str|int|float|bool)$")


def field_error(errors: Sequence[Mapping[str, object]]) -> FieldError:
    """The problem that pydantic's list of errors tells of; `loc` begins with where the value stood."""
    return FieldError(*(_problem(error) for error in errors))


def _problem(error: Mapping[str, object]) -> FieldProblem:
    kind = str(error.get("type"))
    context = error.get("ctx")
    facts = context if isinstance(context, Mapping) else {}
    code, fact = _CODES.get(kind, (kind if kind in TEXTS else "not_valid", None))
    path = _path(error.get("loc"))
    if "discriminator" in facts:
        path = ".".join(filter(None, (path, _listed(facts["discriminator"]))))
    if fact is None:
        return FieldProblem(path, code)
    name = "choice" if code == "not_one_of" else "limit"
    return FieldProblem(path, code, {name: _listed(facts.get(fact, ""))})


def _listed(fact: object) -> str:
    """`'a', 'b' or 'c'` as `a, b, c`."""
    return str(fact).replace(" or ", ", ").replace("'", "")


def _path(location: object) -> str:
    """`("body", "draft", "circuits", 0, "zone")` as `circuits.0.zone`."""
    parts = [str(part) for part in location] if isinstance(location, (tuple, list)) else []
    skipped = 2 if parts[:1] == ["body"] else 1  # ninja names the argument of the view, too
    return ".".join(part for part in parts[skipped:] if not _BRANCH.search(part))
