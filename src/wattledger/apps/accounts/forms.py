"""The forms of accounts. They check what a field is; what an act allows, its action decides."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django import forms
from django.conf import settings
from django.core.validators import EmailValidator
from django.utils.translation import gettext_lazy as _

from wattledger.apps.accounts.actions import MOST_PASSWORD
from wattledger.apps.accounts.models import User
from wattledger.apps.accounts.rights import Profile
from wattledger.apps.rest.problems import FieldError, ProblemError
from wattledger.apps.rest.texts import text_of

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

MOST_PHONE_DIGITS = 15  # ITU-T E.164
REQUIRED = {"required": _("A value is missing.")}


def add_problems(form: forms.Form, error: ProblemError) -> None:
    """Say in the form what an action refused: each field its own, the rest on top."""
    if not isinstance(error, FieldError):
        form.add_error(None, text_of(error.code, error.params))
        return
    for bad in error.fields:
        field = bad.field if bad.field in form.fields else None
        form.add_error(field, text_of(bad.code, bad.params))


class PasswordInput(forms.PasswordInput):
    """What is typed is never sent back; `autocomplete` tells password managers which password it is."""

    def __init__(self, *, autocomplete: str) -> None:
        super().__init__(attrs={"class": "form-control", "autocomplete": autocomplete})


def _line(label: _StrPromise, *, required: bool = True, most: int = 100, autocomplete: str = "off") -> forms.CharField:
    widget = forms.TextInput(attrs={"class": "form-control", "autocomplete": autocomplete})
    return forms.CharField(
        label=label, required=required, max_length=most, widget=widget, error_messages=REQUIRED, strip=True
    )


def _password(label: _StrPromise, *, autocomplete: str, required: bool = True) -> forms.CharField:
    return forms.CharField(
        label=label,
        required=required,
        max_length=MOST_PASSWORD,
        strip=False,
        widget=PasswordInput(autocomplete=autocomplete),
        error_messages=REQUIRED,
    )


class LoginForm(forms.Form):
    """Capital letters count in both fields."""

    identifier = _line(_("Identifier"), autocomplete="username")
    password = _password(_("Password"), autocomplete="current-password")


class NewPasswordForm(forms.Form):
    """The old password, and the new one twice."""

    old = _password(_("Old password"), autocomplete="current-password")
    new = _password(_("New password"), autocomplete="new-password")
    repeated = _password(_("New password again"), autocomplete="new-password")

    def clean(self) -> None:
        """Both new ones are the same."""
        given = super().clean() or {}
        if given.get("new") and given.get("repeated") and given["new"] != given["repeated"]:
            self.add_error("repeated", text_of("password_repeated", {}))


class SettingsForm(forms.Form):
    """What everybody may say of himself."""

    name = _line(_("Name"), autocomplete="name")
    email = forms.CharField(
        label=_("E-mail"),
        required=False,
        max_length=254,
        widget=forms.EmailInput(attrs={"class": "form-control", "autocomplete": "email"}),
    )
    phone = _line(_("Phone"), required=False, most=30, autocomplete="tel")
    notification = forms.BooleanField(
        label=_("Tell me of alarms by e-mail"),
        required=False,
        widget=forms.CheckboxInput(attrs={"class": "form-check-input"}),
    )
    language = forms.ChoiceField(
        label=_("Language"), required=False, widget=forms.Select(attrs={"class": "form-select"})
    )

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        language = self.fields.get("language")
        if isinstance(language, forms.ChoiceField):
            language.choices = [("", _("As this server")), *settings.LANGUAGE_NAMES.items()]

    def clean_email(self) -> str:
        """Of the form of an address."""
        email = str(self.cleaned_data["email"])
        if email:
            EmailValidator(message=text_of("not_email", {}))(email)
        return email

    def clean_phone(self) -> str:
        """Digits are counted, and how they are grouped is everybody's own business."""
        phone = str(self.cleaned_data["phone"])
        if sum(sign.isdecimal() for sign in phone) > MOST_PHONE_DIGITS:
            raise forms.ValidationError(text_of("phone_digits", {"limit": MOST_PHONE_DIGITS}))
        return phone

    def clean(self) -> None:
        """Who wants mails has an address."""
        given = super().clean() or {}
        if given.get("notification") and not given.get("email") and "email" not in self.errors:
            self.add_error("email", text_of("email_needed", {}))


class UserForm(SettingsForm):
    """What an administrator says of a user; the identifier only of a new one."""

    language = None  # type: ignore[assignment]  # everybody's own choice
    identifier = _line(_("Identifier"), most=100)
    profile = forms.ChoiceField(label=_("Profile"), widget=forms.Select(attrs={"class": "form-select"}))
    password = _password(_("Password"), autocomplete="new-password")
    enabled = forms.BooleanField(
        label=_("May log in"),
        required=False,
        initial=True,
        widget=forms.CheckboxInput(attrs={"class": "form-check-input"}),
    )
    field_order = ("identifier", "name", "profile", "email", "phone", "notification", "password", "enabled")

    def __init__(
        self, data: object = None, *, profiles: list[Profile], user: User | None = None, initial: object = None
    ) -> None:
        super().__init__(data, initial=initial)
        profile = self.fields["profile"]
        if isinstance(profile, forms.ChoiceField):
            profile.choices = [(choice.value, choice.label) for choice in profiles]
        self.user = user
        self.fields["email"].required = user is None or not user.built_in
        self.fields["email"].error_messages = dict(REQUIRED)
        if user is not None:
            del self.fields["identifier"]
            self.fields["password"].required = False
            self.fields["password"].label = _("New password")
