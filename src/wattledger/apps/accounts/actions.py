"""What people do about their own account: log in and out, accept the licence, change their password and settings."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache

from django.contrib.auth.hashers import check_password, make_password
from django.db import transaction

from wattledger.apps.accounts.changes import CHANGED, note_change
from wattledger.apps.accounts.models import SUPER_ADMIN, BrowserSession, User
from wattledger.apps.accounts.passwords import weaknesses
from wattledger.apps.accounts.sessions import begin_session, end_sessions
from wattledger.apps.accounts.tries import MOST_TRIES, OWN_ACCOUNT, PAUSE, note_right, note_wrong, pause_left
from wattledger.apps.rest.problems import FieldError, FieldProblem, ProblemError, bad_field
from wattledger.apps.rest.server import SOURCE, journal
from wattledger.journal import Code

MOST_PASSWORD = 200  # signs that are looked at; a hash of a megabyte would keep the server busy


class LoginRefusedError(Exception):
    """Name and password do not fit, or must wait. `left`: tries before a pause; `pause`: how long one lasts."""

    def __init__(self, *, left: int, pause: timedelta) -> None:
        super().__init__("login refused")
        self.left = left
        self.pause = pause


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a request comes from."""

    address: str
    browser: str


def log_in(identifier: str, password: str, *, origin: Origin) -> str:
    """Begin a login and give the secret for its cookie; raises LoginRefusedError.

    An unknown name takes as long as a wrong password, so that nobody learns which names there are.
    """
    waits = pause_left(identifier, origin.address)
    if waits > timedelta():
        raise LoginRefusedError(left=0, pause=waits)
    user = User.objects.filter(identifier=identifier).first()
    fits = check_password(password[:MOST_PASSWORD], user.password if user else _nobody())
    if user is None or not fits or not user.enabled:
        raise _refusal(identifier, user, origin)
    note_right(identifier, origin.address)
    return begin_session(user, address=origin.address, browser=origin.browser)


def accept_licence(user: User) -> None:
    """Record that `user` agrees to the licence, and when; agreeing twice changes nothing."""
    with transaction.atomic():
        if User.objects.filter(pk=user.pk, licence_accepted=None).update(licence_accepted=datetime.now(UTC)):
            transaction.on_commit(lambda: _note(Code.LICENCE_ACCEPTED, user.identifier, actor=user.identifier))


def change_own_password(user: User, *, old: str, new: str, keep: BrowserSession | None = None) -> None:
    """Give `user` another password, asking for the old one; all his logins but `keep` end.

    Raises FieldError for a wrong or a weak one, and ProblemError "too many requests" after several wrong ones.
    """
    _check_old(user, old)
    weak = [FieldProblem("new", code, params) for code, params in weaknesses(new, identifier=user.identifier)]
    if weak:
        raise FieldError(*weak)
    if new == old:
        raise bad_field("new", "password_same")
    kept = make_password(new)  # takes its time, and so before the transaction
    with transaction.atomic():
        User.objects.filter(pk=user.pk).update(password=kept, must_change_password=False)
        end_sessions(user, but=keep)
        note_change(what="password", name=user.identifier, change=CHANGED, actor=user.identifier)


def change_own_settings(user: User, *, name: str, email: str, phone: str, notification: bool) -> None:
    """Change what everybody may change of himself."""
    with transaction.atomic():
        User.objects.filter(pk=user.pk).update(name=name, email=email, phone=phone, notification=notification)
        note_change(what="user", name=user.identifier, change=CHANGED, actor=user.identifier)


def choose_look(user: User, *, theme: str | None = None, language: str | None = None) -> None:
    """Remember how pages look and speak to `user`; None: as it is. No change that the journal would tell of."""
    wanted = {"theme": theme, "language": language}
    User.objects.filter(pk=user.pk).update(**{name: value for name, value in wanted.items() if value is not None})


def reset_super_admin() -> None:
    """Give the super admin the password that everybody knows, to be changed at his next login; for setup mode only."""
    kept = make_password(SUPER_ADMIN)
    with transaction.atomic():
        User.objects.filter(built_in=True, identifier=SUPER_ADMIN).update(password=kept, must_change_password=True)
        end_sessions(User.objects.get(built_in=True, identifier=SUPER_ADMIN))
        transaction.on_commit(lambda: _note(Code.SUPER_ADMIN_RESET, SUPER_ADMIN, actor=None))


def _check_old(user: User, old: str) -> None:
    if pause_left(user.identifier, OWN_ACCOUNT) > timedelta():
        raise ProblemError("too_many_requests")
    if check_password(old[:MOST_PASSWORD], user.password):
        note_right(user.identifier, OWN_ACCOUNT)
        return
    if note_wrong(user.identifier, OWN_ACCOUNT).locks:
        _note(Code.LOGIN_REFUSED, user.identifier, actor=user.identifier)
    raise bad_field("old", "wrong_password")


def _refusal(identifier: str, user: User | None, origin: Origin) -> LoginRefusedError:
    tried = note_wrong(identifier, origin.address)
    if tried.locks and user is not None:  # an unknown name may be a password in the wrong field
        _note(Code.LOGIN_REFUSED, user.identifier, actor=None)
    return LoginRefusedError(left=min(tried.left, MOST_TRIES), pause=PAUSE)


def _note(code: Code, identifier: str, *, actor: str | None) -> None:
    journal().note(code, params={"user": identifier}, source=SOURCE, actor=actor)


@lru_cache(maxsize=1)
def _nobody() -> str:
    """The hash of no password, which costs the same to check as any other."""
    return make_password("-")
