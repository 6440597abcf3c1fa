"""Users, the tokens of their programs, their sessions, and how often a password was wrong."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models
from django.db.models import Q
from django.db.models.functions import Length
from django.db.models.lookups import Exact, GreaterThanOrEqual, LessThanOrEqual
from django.utils.translation import gettext_lazy as _

from wattledger.apps.accounts.rights import RIGHTS, Profile, Right

SUPER_ADMIN = "admin"
INTEGRATOR = "integrator"


class Theme(models.TextChoices):
    """How pages look to a user; without a choice, as his system does."""

    LIGHT = "light", _("Light")
    DARK = "dark", _("Dark")


class Duty(StrEnum):
    """What a user must do before he may do anything else."""

    LICENCE = "licence"
    PASSWORD = "password"  # noqa: S105 - the name of a duty


class User(AbstractBaseUser):
    """Somebody who may use the server.

    `identifier` is what is typed at the login and never changes. The built-in users are the super admin, who can
    neither be disabled nor deleted, and the integrator, who is disabled until the super admin enables him.
    """

    identifier = models.CharField(max_length=20, unique=True)
    name = models.CharField(max_length=100)
    email = models.EmailField(blank=True)  # the built-in users have none until somebody enters one
    phone = models.CharField(max_length=30, blank=True)  # at most 15 digits, written as people like
    notification = models.BooleanField(default=False)
    enabled = models.BooleanField(default=True)
    profile = models.CharField(max_length=16, choices=Profile.choices)
    built_in = models.BooleanField(default=False)
    must_change_password = models.BooleanField(default=False)
    language = models.CharField(max_length=8, blank=True)  # empty: the application's
    theme = models.CharField(max_length=8, choices=Theme.choices, blank=True)  # empty: the system's
    licence_accepted = models.DateTimeField(null=True)
    created = models.DateTimeField(auto_now_add=True)

    objects = BaseUserManager["User"]()

    USERNAME_FIELD = "identifier"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["name", "profile"]

    class Meta:
        constraints = (
            models.CheckConstraint(
                name="user_identifier_3_to_20",
                condition=GreaterThanOrEqual(Length("identifier"), 3) & LessThanOrEqual(Length("identifier"), 20),
            ),
            models.CheckConstraint(name="user_identifier_no_space", condition=~Q(identifier__contains=" ")),
            models.CheckConstraint(name="user_profile_known", condition=Q(profile__in=Profile.values)),
            models.CheckConstraint(name="user_theme_known", condition=Q(theme__in=["", *Theme.values])),
            models.CheckConstraint(
                name="user_super_admin_enabled",
                condition=~Q(built_in=True, identifier=SUPER_ADMIN) | Q(enabled=True, profile=Profile.ADMINISTRATOR),
            ),
        )

    def __str__(self) -> str:
        return self.identifier

    @property
    def is_active(self) -> bool:  # type: ignore[override]
        """What Django calls enabled."""
        return self.enabled

    @property
    def is_super_admin(self) -> bool:
        """Whether this is the one who may do everything."""
        return self.built_in and self.identifier == SUPER_ADMIN

    @property
    def duty(self) -> Duty | None:
        """What comes first at the login: to accept the licence, then to replace a password that others know."""
        if self.licence_accepted is None:
            return Duty.LICENCE
        return Duty.PASSWORD if self.must_change_password else None

    def may(self, right: Right) -> bool:
        """Whether the profile of this user has that right; a disabled user has none."""
        return self.enabled and right in RIGHTS[Profile(self.profile)]


class ApiToken(models.Model):
    """What a program shows to act as its user. Only a hash of the secret is kept."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="tokens")
    name = models.CharField(max_length=100)
    prefix = models.CharField(max_length=12)  # the beginning of the secret, to tell tokens apart in a list
    digest = models.CharField(max_length=64, unique=True)  # SHA-256 of the secret, hexadecimal
    created = models.DateTimeField(auto_now_add=True)
    last_used = models.DateTimeField(null=True)  # within two minutes
    expires = models.DateTimeField(null=True)  # None: never
    revoked = models.DateTimeField(null=True)

    class Meta:
        constraints = (models.CheckConstraint(name="token_digest_64", condition=Exact(Length("digest"), 64)),)

    def __str__(self) -> str:
        return f"{self.user}: {self.name}"

    def is_valid(self, *, at: datetime) -> bool:
        """Whether the token opens anything at that time."""
        return self.revoked is None and (self.expires is None or at < self.expires) and self.user.enabled


class BrowserSession(models.Model):
    """A login. Only a hash of what the browser's cookie holds is kept; the row goes when the login ends."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="sessions")
    digest = models.CharField(max_length=64, unique=True)  # SHA-256 of the cookie, hexadecimal
    address = models.CharField(max_length=45)  # of the browser
    browser = models.CharField(max_length=200, blank=True)  # as it calls itself
    started = models.DateTimeField()
    last_used = models.DateTimeField()  # within a minute
    expires = models.DateTimeField(db_index=True)  # moves on with use

    class Meta:
        constraints = (models.CheckConstraint(name="session_digest_64", condition=Exact(Length("digest"), 64)),)

    def __str__(self) -> str:
        return f"{self.user}: {self.address}"

    def is_valid(self, *, at: datetime) -> bool:
        """Whether the login still stands at that time."""
        return at < self.expires and self.user.enabled


class WrongTries(models.Model):
    """How often a password was wrong lately: for a name from an address, for a name, from an address."""

    scope = models.CharField(max_length=64, unique=True)  # keyed hash; people type passwords into the field of the name
    count = models.PositiveSmallIntegerField()
    last = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return self.scope


class KeptAnswer(models.Model):
    """The answer to a request that carried an idempotency key, given again when the request is repeated."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    key = models.CharField(max_length=200)
    request = models.CharField(max_length=64)  # keyed hash of method, address and body: a key belongs to one request
    status = models.PositiveSmallIntegerField(null=True)  # None: the first request is still at work
    body = models.BinaryField()
    content_type = models.CharField(max_length=100, blank=True)
    location = models.CharField(max_length=200, blank=True)
    created = models.DateTimeField(auto_now_add=True, db_index=True)

    class Meta:
        constraints = (models.UniqueConstraint(name="kept_answer_key_unique", fields=["user", "key"]),)

    def __str__(self) -> str:
        return self.key
