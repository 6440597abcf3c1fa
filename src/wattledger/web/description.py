"""The description of the API (OpenAPI), completed by what is true of every operation."""

from __future__ import annotations

from ninja import NinjaAPI
from ninja.openapi.schema import OpenAPISchema
from ninja.operation import Operation
from ninja.types import DictStrAny

from wattledger.apps.accounts.idempotency import HEADER, MOST_KEY
from wattledger.apps.rest.problems import CONTENT_TYPE

PROBLEM = {
    "type": "object",
    "required": ["type", "title", "status", "code", "detail"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "code": {"type": "string", "description": "for programs; the same in every language"},
        "detail": {"type": "string", "description": "for people, in the language of Accept-Language"},
        "field": {"type": "string", "description": "the first field that is wrong"},
        "errors": {
            "type": "array",
            "description": "all fields that are wrong",
            "items": {
                "type": "object",
                "required": ["field", "code", "detail"],
                "properties": {
                    "field": {"type": "string"},
                    "code": {"type": "string"},
                    "detail": {"type": "string"},
                },
            },
        },
    },
}
ANY_PROBLEM = {
    "description": "What went wrong",
    "content": {CONTENT_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
}
KEY = {
    "in": "header",
    "name": HEADER,
    "required": False,
    "description": "Repeated with the same key within 24 hours, the request is done once.",
    "schema": {"type": "string", "minLength": 1, "maxLength": MOST_KEY, "pattern": "^[ -~]+$"},
}


class DescribedAPI(NinjaAPI):
    """An API whose description tells of problems and idempotency keys, and calls operations as the code does."""

    _described: OpenAPISchema | None = None

    def get_openapi_operation_id(self, operation: Operation) -> str:
        """The name of the view: stable while it keeps its meaning."""
        return operation.view_func.__name__

    def get_openapi_schema(
        self, *, path_prefix: str | None = None, path_params: DictStrAny | None = None
    ) -> OpenAPISchema:
        """Ninja's description, completed; made once, because anybody may ask for it."""
        if self._described is None:
            self._described = super().get_openapi_schema(path_prefix=path_prefix, path_params=path_params)
            self._described["components"].setdefault("schemas", {})["Problem"] = PROBLEM
            for operations in self._described["paths"].values():
                for method, operation in operations.items():
                    operation["responses"]["default"] = ANY_PROBLEM
                    if method == "post":
                        operation.setdefault("parameters", []).append(KEY)
        return self._described
