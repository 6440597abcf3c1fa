"""The pages around the login: who enters, what comes first, how one leaves."""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.middleware.csrf import rotate_token
from django.shortcuts import redirect, render
from django.utils.translation import gettext, ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from wattledger.apps.accounts.actions import (
    LoginRefusedError,
    Origin,
    accept_licence,
    change_own_password,
    log_in,
    reset_super_admin,
)
from wattledger.apps.accounts.forms import LoginForm, NewPasswordForm, add_problems
from wattledger.apps.accounts.models import SUPER_ADMIN
from wattledger.apps.accounts.pages import asked_next, login_of, requires, visitor
from wattledger.apps.accounts.rights import Right
from wattledger.apps.accounts.sessions import give_cookie, session_of, take_cookie
from wattledger.apps.accounts.toasts import toast
from wattledger.apps.rest.problems import ProblemError

PASSWORD_RULES = ("length", "upper", "lower", "digit", "special", "identifier")


@never_cache
@require_http_methods(["GET", "POST"])
@requires(Right.OPEN)
def login(request: HttpRequest) -> HttpResponseBase:
    """Ask for name and password, and let in who has both."""
    if request.method == "GET" and session_of(request) is not None:
        return redirect(asked_next(request))
    form = LoginForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        try:
            secret = log_in(given["identifier"], given["password"], origin=origin_of(request))
        except LoginRefusedError as error:
            form.add_error("password", _refusal_text(error))
        else:
            rotate_token(request)
            response = redirect(asked_next(request))
            give_cookie(response, secret)
            return response
    context = {"form": form, "next": asked_next(request), "setup_mode": settings.SETUP_MODE, "super_admin": SUPER_ADMIN}
    return render(request, "accounts/login.html", context, status=422 if form.errors else 200)


@require_POST
@requires(Right.OWN, before_duties=True)
def logout(request: HttpRequest) -> HttpResponse:
    """End this login."""
    login_of(request).delete()
    response = redirect("login")
    take_cookie(response)
    return response


@require_POST
@requires(Right.OPEN)
def reset_password(request: HttpRequest) -> HttpResponse:
    """Give the super admin the factory's password again; in setup mode, which takes a hand on the server."""
    if not settings.SETUP_MODE:
        return render(request, "errors/403.html", status=403)
    reset_super_admin()
    toast(request, gettext("The password of admin is admin again. Log in and change it."))
    return redirect("login")


@never_cache
@require_http_methods(["GET", "POST"])
@requires(Right.OWN, before_duties=True)
def first_licence(request: HttpRequest) -> HttpResponse:
    """Show the licence and record the agreement to it."""
    if request.method == "POST":
        accept_licence(visitor(request))
        return redirect(asked_next(request))  # which asks for the next duty itself
    return render(request, "accounts/first_licence.html", {"next": asked_next(request)})


@never_cache
@require_http_methods(["GET", "POST"])
@requires(Right.OWN, before_duties=True)
def first_password(request: HttpRequest) -> HttpResponse:
    """Have a password replaced that somebody else knows."""
    form = NewPasswordForm(request.POST or None)
    if request.method == "POST" and changed_password(request, form):
        toast(request, gettext("Password changed"))
        return redirect(asked_next(request))
    context = {"form": form, "next": asked_next(request), "rules": PASSWORD_RULES, "user": visitor(request)}
    return render(request, "accounts/first_password.html", context, status=422 if form.errors else 200)


def changed_password(request: HttpRequest, form: NewPasswordForm) -> bool:
    """Change one's own password as the form says; False when the form now says what is wrong."""
    if not form.is_valid():
        return False
    given = form.cleaned_data
    try:
        change_own_password(visitor(request), old=given["old"], new=given["new"], keep=login_of(request))
    except ProblemError as error:
        add_problems(form, error)
        return False
    return True


def origin_of(request: HttpRequest) -> Origin:
    """Where a request comes from."""
    return Origin(request.META.get("REMOTE_ADDR", "")[:45], request.headers.get("User-Agent", ""))


def _refusal_text(error: LoginRefusedError) -> str:
    minutes = max(1, round(error.pause / timedelta(minutes=1)))
    if error.left == 0:
        return ngettext(
            "Too many wrong passwords. Wait %(minutes)d minute and try again.",
            "Too many wrong passwords. Wait %(minutes)d minutes and try again.",
            minutes,
        ) % {"minutes": minutes}
    return ngettext(
        "Unknown name or password. %(left)d try left before a %(minutes)d-minute pause.",
        "Unknown name or password. %(left)d tries left before a %(minutes)d-minute pause.",
        error.left,
    ) % {"left": error.left, "minutes": minutes}
