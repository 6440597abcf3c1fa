"""Who may make, change and delete whom, and what becomes of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from wattledger.apps.accounts.models import BrowserSession, User
from wattledger.apps.accounts.rights import Profile
from wattledger.apps.accounts.sessions import begin_session
from wattledger.apps.accounts.users import Details, change_user, create_user, delete_user, set_enabled
from wattledger.apps.rest.problems import FieldError, ProblemError
from wattledger.plant import DataFolder

GOOD = "Tilleul-2026"
VIEWER = Details("Claire", "claire@example.org", "", notification=False, enabled=True, profile=Profile.VIEWER)
NEW = replace(VIEWER, password=GOOD)


@pytest.fixture
def admin(folder: DataFolder) -> User:
    return User.objects.get(identifier="admin")


@pytest.fixture
def second(admin: User) -> User:
    """An administrator for daily work."""
    return create_user("second", replace(NEW, profile=Profile.ADMINISTRATOR), by=admin)


def refusals(error: pytest.ExceptionInfo[FieldError]) -> set[tuple[str, str]]:
    return {(bad.field, bad.code) for bad in error.value.fields}


@pytest.mark.parametrize(
    ("identifier", "code"),
    [("ab", "too_short"), ("a" * 21, "too_long"), ("a b", "identifier_space"), ("a\tb", "identifier_space")],
)
def test_bad_identifiers_are_refused_with_the_reason(admin: User, identifier: str, code: str) -> None:
    with pytest.raises(FieldError) as error:
        create_user(identifier, NEW, by=admin)

    assert refusals(error) == {("identifier", code)}


def test_an_identifier_is_given_once(admin: User) -> None:
    create_user("claire", NEW, by=admin)

    with pytest.raises(FieldError) as error:
        create_user("claire", NEW, by=admin)

    assert refusals(error) == {("identifier", "identifier_taken")}


def test_a_new_user_must_choose_a_password_of_his_own(admin: User) -> None:
    claire = create_user("claire", NEW, by=admin)

    assert (claire.must_change_password, claire.check_password(GOOD)) == (True, True)


def test_administrators_manage_viewers_and_configurators_only(admin: User, second: User) -> None:
    claire = create_user("claire", NEW, by=second)
    change_user(claire, replace(VIEWER, profile=Profile.CONFIGURATOR), by=second)
    third = create_user("third", replace(NEW, profile=Profile.ADMINISTRATOR), by=admin)

    for refused in (
        lambda: create_user("fourth", replace(NEW, profile=Profile.ADMINISTRATOR), by=second),
        lambda: change_user(claire, replace(VIEWER, profile=Profile.ADMINISTRATOR), by=second),
        lambda: change_user(third, VIEWER, by=second),
        lambda: change_user(admin, VIEWER, by=second),
        lambda: delete_user(third, by=second),
        lambda: delete_user(claire, by=claire),
    ):
        with pytest.raises(ProblemError) as error:
            refused()
        assert error.value.code == "forbidden"
    delete_user(third, by=admin)
    assert not User.objects.filter(identifier="third").exists()


def test_the_super_admin_stays_what_he_is(admin: User) -> None:
    himself = replace(VIEWER, profile=Profile.ADMINISTRATOR)

    for details, refusal in (
        (replace(himself, enabled=False), ("enabled", "super_admin_enabled")),
        (replace(himself, profile=Profile.VIEWER), ("profile", "built_in_profile")),
        (replace(himself, password=GOOD), ("password", "super_admin_password")),
    ):
        with pytest.raises(FieldError) as error:
            change_user(admin, details, by=admin)
        assert refusals(error) == {refusal}
    with pytest.raises(ProblemError):
        delete_user(admin, by=admin)
    change_user(admin, himself, by=admin)
    assert User.objects.get(pk=admin.pk).name == "Claire"


def test_the_integrator_is_let_in_with_a_password_that_the_super_admin_sets(admin: User, second: User) -> None:
    integrator = User.objects.get(identifier="integrator")
    details = replace(VIEWER, profile=Profile.ADMINISTRATOR)

    with pytest.raises(FieldError) as error:
        set_enabled(integrator, enabled=True, by=admin)
    assert refusals(error) == {("password", "password_first")}
    with pytest.raises(ProblemError):
        change_user(integrator, replace(details, password=GOOD), by=second)
    change_user(integrator, replace(details, password=GOOD), by=admin)

    integrator.refresh_from_db()
    assert (integrator.enabled, integrator.check_password(GOOD), integrator.must_change_password) == (True, True, True)
    with pytest.raises(ProblemError):
        delete_user(integrator, by=admin)


def test_disabling_and_a_new_password_end_the_logins_of_a_user(admin: User) -> None:
    claire = create_user("claire", NEW, by=admin)
    begin_session(claire, address="192.0.2.7", browser="tests")
    begin_session(admin, address="192.0.2.7", browser="tests")

    change_user(claire, VIEWER, by=admin)
    assert BrowserSession.objects.filter(user=claire).count() == 1
    set_enabled(claire, enabled=False, by=admin)
    assert BrowserSession.objects.filter(user=claire).count() == 0
    set_enabled(claire, enabled=True, by=admin)
    begin_session(claire, address="192.0.2.7", browser="tests")
    change_user(claire, replace(VIEWER, password="Platane-2027"), by=admin)

    assert [session.user for session in BrowserSession.objects.all()] == [admin]


def test_the_page_keeps_what_was_typed_and_says_what_is_wrong(admin: User, visit: Callable[..., Any]) -> None:
    browser = visit()
    typed = {"identifier": "claire", "name": "Claire", "profile": "viewer", "notification": "on", "enabled": "on"}

    refused = browser.post("/preferences/users/new/", {**typed, "phone": "0" * 16, "password": "short"})

    page = refused.content.decode()
    assert refused.status_code == 422
    assert 'value="Claire"' in page
    assert "short" not in page.replace("too_short", "")
    assert "A phone number has at most 15 digits." in page
    assert "A value is missing." in page
    good = {**typed, "email": "claire@example.org", "phone": "+33 1 23 45 67 89", "password": GOOD}
    assert browser.post("/preferences/users/new/", good).headers["Location"] == "/preferences/users/"
    assert "User Claire added" in browser.get("/preferences/users/").content.decode()


def test_disabling_by_the_page_can_be_undone(admin: User, visit: Callable[..., Any]) -> None:
    browser = visit()
    claire = create_user("claire", NEW, by=admin)

    browser.post(f"/preferences/users/{claire.pk}/enabled/", {"enabled": "off"})
    page = browser.get("/preferences/users/").content.decode()
    assert "Claire is logged out and kept out" in page
    assert f'action="/preferences/users/{claire.pk}/enabled/"' in page[page.index("<toast-stack") :]
    browser.post(f"/preferences/users/{claire.pk}/enabled/", {"enabled": "on"})

    claire.refresh_from_db()
    assert claire.enabled
