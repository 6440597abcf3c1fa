"""What changes users."""

from __future__ import annotations

from django.contrib.auth.hashers import check_password, make_password
from django.db import transaction

from wattledger.apps.accounts.changes import CHANGED, note_change
from wattledger.apps.accounts.models import User
from wattledger.apps.accounts.passwords import weaknesses
from wattledger.apps.accounts.tries import Tries
from wattledger.apps.rest.problems import FieldError, FieldProblem, ProblemError, bad_field
from wattledger.apps.rest.server import SOURCE, journal
from wattledger.journal import Code

_tries = Tries()


def change_own_password(user: User, *, old: str, new: str) -> None:
    """Give `user` another password, asking for the old one.

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
        note_change(what="password", name=user.identifier, change=CHANGED, actor=user.identifier)


def _check_old(user: User, old: str) -> None:
    if _tries.is_locked(user.identifier):
        raise ProblemError("too_many_requests")
    if check_password(old, user.password):
        _tries.right(user.identifier)
        return
    if _tries.wrong(user.identifier):
        journal().note(Code.LOGIN_REFUSED, params={"user": user.identifier}, source=SOURCE, actor=user.identifier)
    raise bad_field("old", "wrong_password")
