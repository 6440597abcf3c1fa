"""One's own settings: name, language, look, password, logins."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods, require_POST

from wattledger.apps.accounts.actions import change_own_settings, choose_look
from wattledger.apps.accounts.forms import NewPasswordForm, SettingsForm
from wattledger.apps.accounts.languages import remember_language, usable_language
from wattledger.apps.accounts.models import BrowserSession, Theme
from wattledger.apps.accounts.pages import asked_next, is_partial, login_of, requires, visitor
from wattledger.apps.accounts.rights import Right
from wattledger.apps.accounts.sessions import session_of
from wattledger.apps.accounts.toasts import toast
from wattledger.apps.accounts.views import PASSWORD_RULES, changed_password

SETTINGS = ("name", "email", "phone", "notification")


@require_http_methods(["GET", "POST"])
@requires(Right.OWN)
def me(request: HttpRequest) -> HttpResponse:
    """Show and change what everybody may say of himself."""
    user = visitor(request)
    initial = {name: getattr(user, name) for name in (*SETTINGS, "language")}
    form = SettingsForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        change_own_settings(user, **{name: given[name] for name in SETTINGS})
        choose_look(user, language=given["language"])
        toast(request, gettext("Settings saved"))
        return redirect("me")
    return _page(request, form, NewPasswordForm())


@require_POST
@requires(Right.OWN)
def my_password(request: HttpRequest) -> HttpResponse:
    """Change one's own password; all other logins end."""
    form = NewPasswordForm(request.POST)
    if changed_password(request, form):
        toast(request, gettext("Password changed; you are logged out everywhere else"))
        return redirect("me")
    user = visitor(request)
    initial = {name: getattr(user, name) for name in (*SETTINGS, "language")}
    return _page(request, SettingsForm(initial=initial), form)


@require_POST
@requires(Right.OWN)
def end_session(request: HttpRequest, session_id: int) -> HttpResponse:
    """End another login of one's own."""
    ended, _ = BrowserSession.objects.filter(user=visitor(request), pk=session_id).delete()
    if not ended:
        raise Http404
    toast(request, gettext("Login ended"))
    return redirect("me")


@require_POST
@requires(Right.OWN)
def my_theme(request: HttpRequest) -> HttpResponse:
    """Remember the theme that was chosen."""
    theme = request.POST.get("theme", "")
    choose_look(visitor(request), theme=theme if theme in Theme.values else "")
    return HttpResponse(status=204) if is_partial(request) else redirect("me")


@require_POST
@requires(Right.OPEN)
def choose_language(request: HttpRequest) -> HttpResponse:
    """Speak another language from now on: to the user who is logged in, else to this browser."""
    language = usable_language(request.POST.get("language", ""))
    response = redirect(asked_next(request))
    if language is None:
        return response
    session = session_of(request)
    if session is None:
        remember_language(response, language)
    else:
        choose_look(session.user, language=language)
    return response


def _page(request: HttpRequest, form: SettingsForm, password: NewPasswordForm) -> HttpResponse:
    user = visitor(request)
    context = {
        "form": form,
        "password": password,
        "rules": PASSWORD_RULES,
        "user": user,
        "sessions": BrowserSession.objects.filter(user=user).order_by("-last_used"),
        "own": login_of(request),
        "themes": Theme.choices,
    }
    return render(request, "accounts/me.html", context, status=422 if form.errors or password.errors else 200)
