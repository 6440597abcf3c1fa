"""In which language pages speak: the user's, else the one this browser chose, else the browser's own.

Programs are answered in the language of their `Accept-Language`.
"""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.translation import get_language_from_request

from wattledger.apps.accounts.sessions import session_of

COOKIE = "language"
REMEMBERED_S = 365 * 24 * 3600


def usable_language(code: str) -> str | None:
    """The code when pages can speak that language."""
    return code if code in settings.LANGUAGE_NAMES else None


def page_language(request: HttpRequest) -> str:
    """The language of a page."""
    session = session_of(request)
    chosen = (session.user.language if session else "") or request.COOKIES.get(COOKIE, "")
    return usable_language(chosen) or get_language_from_request(request)


def remember_language(response: HttpResponseBase, language: str) -> None:
    """Have this browser keep the language that was chosen without a login."""
    response.set_cookie(COOKIE, language, max_age=REMEMBERED_S, secure=True, httponly=True, samesite="Lax")
