"""Every route of the API by every role, against a file that a person reads: a new route fails until it stands there."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from wattledger.apps.accounts.gate import Gate
from wattledger.apps.accounts.rights import RIGHTS, Profile, Right
from wattledger.plant import DataFolder
from wattledger.web.api import api as ninja_api

GOLDEN = Path(__file__).parent / "rights.txt"
ROLES = ("anonymous", "viewer", "configurator", "administrator")
REFUSED = {"anonymous": 401, "viewer": 403, "configurator": 403, "administrator": 403}


def operations() -> Iterator[tuple[str, str, Any]]:
    for path, view in (found for _, router in ninja_api._routers for found in router.path_operations.items()):
        for operation in view.operations:
            for method in operation.methods:
                yield method, path, operation


def golden() -> dict[tuple[str, str], tuple[str, set[str]]]:
    """Lines as `GET /devices operate viewer configurator administrator`."""
    rows = [line.split() for line in GOLDEN.read_text().splitlines() if line and not line.startswith("#")]
    return {(method, path): (right, set(roles)) for method, path, right, *roles in rows}


def test_every_operation_declares_the_right_that_the_matrix_names() -> None:
    declared = {}
    for method, path, operation in operations():
        gates = [gate for gate in operation.auth_callbacks if isinstance(gate, Gate)]
        assert len(gates) == 1, f"{method} {path}: no @requires"
        declared[method, path] = str(gates[0].right)

    assert declared == {route: right for route, (right, _) in golden().items()}


def test_the_roles_of_the_matrix_are_those_whose_profile_has_the_right() -> None:
    for route, (right, roles) in golden().items():
        with_right = {profile.value for profile in Profile if Right(right) in RIGHTS[profile]}
        assert roles == with_right | ({"anonymous"} if right == "open" else set()), route


@pytest.mark.parametrize("role", ROLES)
def test_the_server_lets_exactly_these_roles_through(role: str, folder: DataFolder, caller: Callable[..., Any]) -> None:
    call = caller(role)

    for (method, path), (_, roles) in golden().items():
        address = re.sub(r"\{\w+\}", "x1", path)
        if method == "GET" and path == "/live/stream":
            address += "?device=x1"  # passes the gate and ends at once
        response = call(method, address, {} if method in ("POST", "PATCH") else None)
        if role in roles:
            assert response.status_code not in (401, 403), f"{method} {path}: {response.content}"
        else:
            assert response.status_code == REFUSED[role], f"{method} {path}: {response.content}"
            assert response.headers["Content-Type"] == "application/problem+json"


def test_posts_can_be_repeated_and_nothing_else_is_a_post() -> None:
    for method, path, operation in operations():
        assert bool(getattr(operation, "_run_decorators", [])) is (method == "POST"), f"{method} {path}"


def test_the_description_of_the_api_is_open_and_complete(folder: DataFolder, caller: Callable[..., Any]) -> None:
    described = caller("anonymous").get("/openapi.json")

    routes = {
        (method.upper(), path.removeprefix("/api/v1"))
        for path, methods in described["paths"].items()
        for method in methods
    }
    assert routes == set(golden())
    for path, methods in described["paths"].items():
        for method, operation in methods.items():
            assert "application/problem+json" in operation["responses"]["default"]["content"], (method, path)
