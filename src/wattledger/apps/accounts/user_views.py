"""The pages of administrators: who may use the server."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render, resolve_url
from django.utils.translation import gettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from wattledger.apps.accounts.forms import UserForm, add_problems
from wattledger.apps.accounts.models import User
from wattledger.apps.accounts.pages import requires, visitor
from wattledger.apps.accounts.rights import Profile, Right
from wattledger.apps.accounts.toasts import Undo, toast
from wattledger.apps.accounts.users import (
    Details,
    change_user,
    create_user,
    delete_user,
    may_manage,
    profiles_for,
    set_enabled,
)
from wattledger.apps.accounts.views import PASSWORD_RULES
from wattledger.apps.rest.problems import ProblemError
from wattledger.apps.rest.texts import text_of

EDITED = ("name", "email", "phone", "notification", "enabled", "profile")


@require_GET
@requires(Right.ADMINISTER)
def users(request: HttpRequest) -> HttpResponse:
    """All users."""
    by = visitor(request)
    rows = [
        {"user": user, "manageable": may_manage(by, user), "switchable": not user.is_super_admin}
        for user in User.objects.order_by("-built_in", "identifier")
    ]
    return render(request, "accounts/users.html", {"rows": rows, "by": by})


@require_http_methods(["GET", "POST"])
@requires(Right.ADMINISTER)
def new_user(request: HttpRequest) -> HttpResponse:
    """Make a user."""
    by = visitor(request)
    form = UserForm(request.POST or None, profiles=profiles_for(by))
    if request.method == "POST" and form.is_valid():
        try:
            made = create_user(form.cleaned_data["identifier"], _details(form), by=by)
        except ProblemError as error:
            add_problems(form, error)
        else:
            toast(request, gettext("User %(name)s added") % {"name": made.name})
            return redirect("users")
    return _page(request, form, None)


@require_http_methods(["GET", "POST"])
@requires(Right.ADMINISTER)
def user(request: HttpRequest, user_id: int) -> HttpResponse:
    """Show and change a user."""
    by, found = visitor(request), get_object_or_404(User, pk=user_id)
    if not may_manage(by, found):
        return render(request, "errors/403.html", status=403)
    profiles = [Profile(found.profile)] if found.built_in else profiles_for(by)
    initial = {name: getattr(found, name) for name in EDITED}
    form = UserForm(request.POST or None, profiles=profiles, user=found, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            change_user(found, _details(form), by=by)
        except ProblemError as error:
            add_problems(form, error)
        else:
            toast(request, gettext("User %(name)s saved") % {"name": form.cleaned_data["name"]})
            return redirect("users")
    return _page(request, form, found)


@require_POST
@requires(Right.ADMINISTER)
def user_enabled(request: HttpRequest, user_id: int) -> HttpResponse:
    """Let a user in or keep him out."""
    found = get_object_or_404(User, pk=user_id)
    enabled = request.POST.get("enabled") == "on"
    try:
        set_enabled(found, enabled=enabled, by=visitor(request))
    except ProblemError as error:
        bad = error.fields[0] if error.fields else error
        toast(request, text_of(bad.code, bad.params), is_error=True)
        return redirect("users")
    undo = Undo(resolve_url("user-enabled", user_id), {"enabled": "off" if enabled else "on"})
    text = gettext("%(name)s may log in again") if enabled else gettext("%(name)s is logged out and kept out")
    toast(request, text % {"name": found.name}, undo=undo)
    return redirect("users")


@require_http_methods(["GET", "POST"])
@requires(Right.ADMINISTER)
def user_delete(request: HttpRequest, user_id: int) -> HttpResponse:
    """Ask, then delete a user."""
    found = get_object_or_404(User, pk=user_id)
    if request.method == "GET":
        return render(request, "accounts/user_delete.html", {"user": found})
    try:
        delete_user(found, by=visitor(request))
    except ProblemError as error:
        toast(request, text_of(error.code, error.params), is_error=True)
        return redirect("users")
    toast(request, gettext("User %(name)s deleted") % {"name": found.name})
    return redirect("users")


def _details(form: UserForm) -> Details:
    given = form.cleaned_data
    return Details(
        name=given["name"],
        email=given["email"],
        phone=given["phone"],
        notification=given["notification"],
        enabled=given["enabled"],
        profile=Profile(given["profile"]),
        password=given["password"],
    )


def _page(request: HttpRequest, form: UserForm, found: User | None) -> HttpResponse:
    by = visitor(request)
    context = {
        "form": form,
        "user": found,
        "rules": PASSWORD_RULES,
        "deletable": found is not None and not found.built_in and found.pk != by.pk,
    }
    return render(request, "accounts/user.html", context, status=422 if form.errors else 200)
