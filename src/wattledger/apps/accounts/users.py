"""What administrators do about other users.

Administrators manage viewers and configurators; the super admin manages everybody. The built-in users are neither
deleted nor given another profile; the super admin is never disabled, and changes his password himself.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.contrib.auth.hashers import make_password
from django.db import IntegrityError, transaction

from wattledger.apps.accounts.changes import CHANGED, CREATED, DELETED, note_change
from wattledger.apps.accounts.identifiers import faults
from wattledger.apps.accounts.models import User
from wattledger.apps.accounts.passwords import weaknesses
from wattledger.apps.accounts.rights import Profile, Right
from wattledger.apps.accounts.sessions import end_sessions
from wattledger.apps.rest.problems import FieldError, FieldProblem, ProblemError, bad_field


@dataclass(frozen=True, slots=True)
class Details:
    """What an administrator says of a user; `password` empty: it stays as it is."""

    name: str
    email: str
    phone: str
    notification: bool
    enabled: bool
    profile: Profile
    password: str = ""


def may_manage(by: User, user: User) -> bool:
    """Whether `by` may change or delete that user."""
    return by.may(Right.ADMINISTER) and (by.is_super_admin or user.profile != Profile.ADMINISTRATOR)


def profiles_for(by: User) -> list[Profile]:
    """The profiles that `by` may give."""
    return [profile for profile in Profile if by.is_super_admin or profile is not Profile.ADMINISTRATOR]


def create_user(identifier: str, details: Details, *, by: User) -> User:
    """Make a user, who must choose a password of his own at the first login. Raises FieldError and ProblemError."""
    _check_profile(details, by)
    wrong = [FieldProblem("identifier", code, params) for code, params in faults(identifier)]
    wrong += _weak(details.password, identifier)
    if wrong:
        raise FieldError(*wrong)
    kept = make_password(details.password)
    try:
        with transaction.atomic():
            user = User.objects.create(
                identifier=identifier, password=kept, **_fields(details), must_change_password=True
            )
            note_change(what="user", name=identifier, change=CREATED, actor=by.identifier)
    except IntegrityError:
        raise bad_field("identifier", "identifier_taken") from None
    return user


def change_user(user: User, details: Details, *, by: User) -> None:
    """Change a user; a disabled one is logged out at once, a new password must be replaced at his next login.

    Raises FieldError and ProblemError.
    """
    if not may_manage(by, user):
        raise ProblemError("forbidden")
    if user.built_in and details.profile != user.profile:
        raise bad_field("profile", "built_in_profile")
    if user.is_super_admin and not details.enabled:
        raise bad_field("enabled", "super_admin_enabled")
    if user.is_super_admin and details.password:
        raise bad_field("password", "super_admin_password")
    if not user.built_in:
        _check_profile(details, by)
    if details.enabled and not details.password and not user.has_usable_password():
        raise bad_field("password", "password_first")
    if details.password and (weak := _weak(details.password, user.identifier)):
        raise FieldError(*weak)
    password = {"password": make_password(details.password), "must_change_password": True} if details.password else {}
    with transaction.atomic():
        User.objects.filter(pk=user.pk).update(**_fields(details), **password)
        if details.password or not details.enabled:
            end_sessions(user)
        note_change(what="user", name=user.identifier, change=CHANGED, actor=by.identifier)


def set_enabled(user: User, *, enabled: bool, by: User) -> None:
    """Let a user in or keep him out, from one moment to the next. Raises ProblemError and FieldError."""
    profile = Profile(user.profile)
    details = Details(user.name, user.email, user.phone, user.notification, enabled, profile)
    change_user(user, details, by=by)


def delete_user(user: User, *, by: User) -> None:
    """Delete a user with his logins and tokens; what he did stays in the list of events. Raises ProblemError."""
    if not may_manage(by, user) or user.built_in or user.pk == by.pk:
        raise ProblemError("forbidden")
    with transaction.atomic():
        user.delete()
        note_change(what="user", name=user.identifier, change=DELETED, actor=by.identifier)


def _check_profile(details: Details, by: User) -> None:
    if details.profile not in profiles_for(by):
        raise ProblemError("forbidden")


def _weak(password: str, identifier: str) -> list[FieldProblem]:
    return [FieldProblem("password", code, params) for code, params in weaknesses(password, identifier=identifier)]


def _fields(details: Details) -> dict[str, str | bool]:
    return {
        "name": details.name,
        "email": details.email,
        "phone": details.phone,
        "notification": details.notification,
        "enabled": details.enabled,
        "profile": details.profile,
    }
