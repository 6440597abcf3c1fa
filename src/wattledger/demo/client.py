"""A small client of the product's own API, as any integrator would write it."""

from __future__ import annotations

import json
import ssl
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any, cast

TIMEOUT_S = 10.0


class ApiError(Exception):
    """The server refused, or does not answer; the text says why."""


class Api:
    """Asks one server over HTTPS, trusting exactly its own certificate."""

    def __init__(self, address: str, *, certificate: Path, token: str = "") -> None:
        self._address = address
        self._context = ssl.create_default_context(cafile=str(certificate))
        self._token = token

    def get(self, path: str) -> dict[str, Any]:
        """The object at `path`; raises ApiError."""
        return cast("dict[str, Any]", self._ask("GET", path, None))

    def list(self, path: str) -> list[dict[str, Any]]:
        """The objects listed at `path`, first page; raises ApiError."""
        answer = self._ask("GET", path, None)
        return cast("list[dict[str, Any]]", answer["items"] if isinstance(answer, dict) else answer)

    def post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        """Create something; raises ApiError with the server's own words."""
        return cast("dict[str, Any]", self._ask("POST", path, body))

    def patch(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        """Change something; raises ApiError with the server's own words."""
        return cast("dict[str, Any]", self._ask("PATCH", path, body))

    def _ask(self, method: str, path: str, body: dict[str, Any] | None) -> Any:
        request = urllib.request.Request(  # noqa: S310 - the address is the demo's own, always https
            f"{self._address}/api/v1/{path}",
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"Authorization": f"Bearer {self._token}", "Content-Type": "application/json"},
        )
        try:
            with urllib.request.urlopen(request, timeout=TIMEOUT_S, context=self._context) as answer:  # noqa: S310
                return json.load(answer)
        except urllib.error.HTTPError as error:
            raise ApiError(f"{method} {path}: {error.code} {error.read().decode(errors='replace')}") from error
        except (OSError, ValueError) as error:
            raise ApiError(f"{method} {path}: {error}") from error
