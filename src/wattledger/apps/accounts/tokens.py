"""Access tokens of programs: made once, shown once, kept as a hash.

A token is 256 random bits, so a fast hash keeps it as well as a slow one would, and finding it by its hash tells an
attacker nothing: to come near a stored hash he would have to know the token.
"""

from __future__ import annotations

import hashlib
import hmac
import logging
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.db import DatabaseError, transaction

from wattledger.apps.accounts.models import ApiToken, User
from wattledger.apps.rest.server import SOURCE, journal
from wattledger.journal import Code

log = logging.getLogger(__name__)

MARK = "wl_"  # so that people and leak scanners know what they see
SECRET_BYTES = 32
SHOWN = 8  # signs of a token that lists show
USE_NOTED_EVERY = timedelta(minutes=2)  # a card does not bear a write with every request


@dataclass(frozen=True, slots=True)
class NewToken:
    """A token just made; `secret` is what the program shows, and nobody can ask for it again."""

    token: ApiToken
    secret: str


def create_token(
    user: User, *, name: str, expires: datetime | None = None, actor: str, source: str = SOURCE
) -> NewToken:
    """Make a token with which a program acts as `user`."""
    secret = MARK + secrets.token_urlsafe(SECRET_BYTES)
    with transaction.atomic():
        token = ApiToken.objects.create(
            user=user, name=name, prefix=secret[:SHOWN], digest=digest_of(secret), expires=expires
        )
        _tell(Code.TOKEN_CREATED, user=user, token=name, actor=actor, source=source)
    return NewToken(token, secret)


def revoke_token(token: ApiToken, *, actor: str) -> None:
    """End a token for good; live connections made with it end within seconds. Revoking twice changes nothing."""
    with transaction.atomic():
        if ApiToken.objects.filter(pk=token.pk, revoked=None).update(revoked=datetime.now(UTC)):
            _tell(Code.TOKEN_REVOKED, user=token.user, token=token.name, actor=actor, source=SOURCE)


def find_token(secret: str, *, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> ApiToken | None:
    """The valid token with this secret, its user loaded; None when it is unknown, revoked, expired or its user off."""
    digest = digest_of(secret)
    token = ApiToken.objects.select_related("user").filter(digest=digest).first()
    if token is None or not hmac.compare_digest(token.digest, digest):
        return None
    return token if token.is_valid(at=now()) else None


def note_use(token: ApiToken, *, at: datetime) -> None:
    """Remember when a token was last used, within two minutes; a locked database is no reason to refuse the request."""
    if token.last_used is not None and abs(at - token.last_used) < USE_NOTED_EVERY:
        return
    try:
        ApiToken.objects.filter(pk=token.pk).update(last_used=at)
    except DatabaseError as error:
        log.warning("the use of token %s cannot be noted: %s", token.prefix, error)


def digest_of(secret: str) -> str:
    """How a token is kept."""
    return hashlib.sha256(secret.encode()).hexdigest()


def _tell(code: Code, *, user: User, token: str, actor: str, source: str) -> None:
    params = {"user": user.identifier, "token": token}

    def tell() -> None:
        journal().note(code, params=params, source=source, actor=actor)

    transaction.on_commit(tell)
