"""Logins of people: a cookie with a random secret, kept as a hash, until "log out", idleness or the user's end.

    secret = begin_session(user, address=address, browser=browser)
    give_cookie(response, secret)

A request asks `session_of` who it is; the database answers each time, so a login that ended is over at once.
"""

from __future__ import annotations

import secrets
from datetime import UTC, datetime, timedelta
from typing import cast

from django.http import HttpRequest
from django.http.response import HttpResponseBase

from wattledger.apps.accounts.models import BrowserSession, User
from wattledger.apps.accounts.tokens import digest_of

COOKIE = "__Host-wattledger"  # the prefix has browsers insist on HTTPS, this host and no other path
SECRET_BYTES = 32
IDLE = timedelta(minutes=30)
USE_NOTED_EVERY = timedelta(minutes=1)  # a card does not bear a write with every page
MOST_SESSIONS = 20  # of one user; the longest unused goes
_KNOWN = "_wattledger_session"


def begin_session(user: User, *, address: str, browser: str) -> str:
    """Log `user` in; gives the secret for the cookie."""
    now = datetime.now(UTC)
    secret = secrets.token_urlsafe(SECRET_BYTES)
    BrowserSession.objects.filter(expires__lt=now).delete()
    of_user = BrowserSession.objects.filter(user=user)
    newest = of_user.order_by("-last_used").values_list("pk", flat=True)[: MOST_SESSIONS - 1]
    of_user.exclude(pk__in=list(newest)).delete()
    BrowserSession.objects.create(
        user=user,
        digest=digest_of(secret),
        address=address,
        browser=browser[:200],
        started=now,
        last_used=now,
        expires=now + IDLE,
    )
    User.objects.filter(pk=user.pk).update(last_login=now)
    return secret


def give_cookie(response: HttpResponseBase, secret: str) -> None:
    """Hand the login to the browser, for as long as it stays open."""
    response.set_cookie(COOKIE, secret, secure=True, httponly=True, samesite="Lax")


def take_cookie(response: HttpResponseBase) -> None:
    """Have the browser forget the login."""
    response.delete_cookie(COOKIE, samesite="Lax")
    response.cookies[COOKIE]["secure"] = True  # without it, browsers refuse the prefix


def session_of(request: HttpRequest) -> BrowserSession | None:
    """The login of the request, its user loaded; None when there is none that is valid. Asked once per request."""
    known = vars(request)
    if _KNOWN not in known:
        known[_KNOWN] = _find(request.COOKIES.get(COOKIE))
    return cast("BrowserSession | None", known[_KNOWN])


def note_use(session: BrowserSession, *, at: datetime) -> None:
    """Move the end of an idle login on; written at most once a minute."""
    if abs(at - session.last_used) >= USE_NOTED_EVERY:
        BrowserSession.objects.filter(pk=session.pk).update(last_used=at, expires=at + IDLE)


def end_sessions(user: User, *, but: BrowserSession | None = None) -> None:
    """End all logins of a user, or all but one."""
    sessions = BrowserSession.objects.filter(user=user)
    (sessions if but is None else sessions.exclude(pk=but.pk)).delete()


def _find(secret: str | None) -> BrowserSession | None:
    if not secret:
        return None
    found = BrowserSession.objects.select_related("user").filter(digest=digest_of(secret)).first()
    return found if found is not None and found.is_valid(at=datetime.now(UTC)) else None
