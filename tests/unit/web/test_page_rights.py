"""Every page by every role, against a file that a person reads: a new address fails until it stands there."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.test import override_settings
from django.urls import URLPattern, URLResolver, get_resolver, path

from wattledger.apps.accounts.models import User
from wattledger.apps.accounts.pages import RIGHT
from wattledger.apps.accounts.rights import RIGHTS, Profile, Right
from wattledger.plant import DataFolder
from wattledger.web import urls

GOLDEN = Path(__file__).parent / "page_rights.txt"
ROLES = ("anonymous", "viewer", "configurator", "administrator")


def pages(resolver: Any = None, prefix: str = "/") -> Iterator[tuple[str, Any]]:
    """Address and view of every page; the API has a matrix of its own."""
    for pattern in (resolver or get_resolver(urls)).url_patterns:
        route = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver) and route != "/api/v1/":
            yield from pages(pattern, route)
        elif isinstance(pattern, URLPattern):
            yield route, pattern.callback


def golden() -> dict[tuple[str, str], tuple[str, set[str]]]:
    """Lines as `GET /me/ own viewer configurator administrator`."""
    rows = [line.split() for line in GOLDEN.read_text().splitlines() if line and not line.startswith("#")]
    return {(method, route): (right, set(roles)) for method, route, right, *roles in rows}


def test_every_page_declares_the_right_that_the_matrix_names() -> None:
    declared = {route: str(getattr(view, RIGHT, "none")) for route, view in pages()}
    named = {route: right for (_, route), (right, _) in golden().items()}

    assert declared == named


def test_the_roles_of_the_matrix_are_those_whose_profile_has_the_right() -> None:
    for route, (right, roles) in golden().items():
        with_right = {profile.value for profile in Profile if Right(right) in RIGHTS[profile]}
        assert roles == with_right | ({"anonymous"} if right == "open" else set()), route


@pytest.mark.parametrize("role", ROLES)
def test_the_server_opens_exactly_these_pages(role: str, folder: DataFolder, visit: Callable[..., Any]) -> None:
    browser = visit(role)
    somebody = User.objects.get_or_create(identifier="somebody", name="Somebody", profile="viewer")[0]

    for (method, route), (_, roles) in golden().items():
        if route == "/logout/" and role in roles:
            continue  # it would end the login that the others are tried with
        address = re.sub(r"<int:\w+>", str(somebody.pk), re.sub(r"<str:\w+>", "x", route))
        answer = browser.generic(method, address)
        is_at_the_door = answer.headers.get("Location", "").startswith("/login/?next=")
        if role in roles:
            assert not is_at_the_door, f"{method} {route}"
            assert answer.status_code != 403 or route == "/login/reset/", f"{method} {route}"
            assert answer.status_code < 500, f"{method} {route}"
        elif role == "anonymous":
            assert is_at_the_door, f"{method} {route}: {answer.status_code}"
        else:
            assert answer.status_code == 403, f"{method} {route}: {answer.status_code}"


def test_no_page_takes_a_method_that_the_matrix_does_not_name(folder: DataFolder, visit: Callable[..., Any]) -> None:
    browser = visit("administrator")
    named = golden()

    for route, _ in pages():
        address = re.sub(r"<int:\w+>", "1", re.sub(r"<str:\w+>", "x", route))
        for method in ("GET", "POST", "PUT", "DELETE", "PATCH"):
            if (method, route) not in named:
                assert browser.generic(method, address).status_code == 405, f"{method} {route}"


def test_a_view_that_declares_no_right_stays_closed(folder: DataFolder, visit: Callable[..., Any]) -> None:
    def forgotten(request: Any) -> Any:
        raise AssertionError("it ran")

    class Addresses:
        urlpatterns = (path("forgotten/", forgotten), *urls.urlpatterns)
        handler403 = urls.handler403

    with override_settings(ROOT_URLCONF=Addresses):
        assert visit("administrator").get("/forgotten/").status_code == 403
