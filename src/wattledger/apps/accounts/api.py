"""One's own account in the API: who I am, my password, the tokens of my programs."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from ninja import Router, Status
from pydantic import Field, SecretStr

from wattledger.apps.accounts.actions import change_own_password
from wattledger.apps.accounts.gate import requires, user_of
from wattledger.apps.accounts.idempotency import repeatable
from wattledger.apps.accounts.models import ApiToken, User
from wattledger.apps.accounts.rights import RIGHTS, Profile, Right
from wattledger.apps.accounts.tokens import create_token, revoke_token
from wattledger.apps.rest.ids import Kind, number_in_path, public_id
from wattledger.apps.rest.pages import Cursor, Limit, page
from wattledger.apps.rest.problems import ProblemError
from wattledger.apps.rest.responses import no_content
from wattledger.apps.rest.values import Answer, Given, Name, Time, UtcTime

router = Router(tags=["account"])


class Me(Answer):
    """Who the token acts as."""

    identifier: str
    name: str
    email: str
    phone: str
    notification: bool
    profile: Profile
    language: str
    must_change_password: bool
    rights: list[Right]


class NewPassword(Given):
    old: SecretStr = Field(max_length=200)
    new: SecretStr = Field(max_length=200)


class NewToken(Given):
    name: Name
    expires: Time | None = None


class Token(Answer):
    """A token as lists show it; `prefix` is how it begins."""

    id: str
    name: str
    prefix: str
    created: UtcTime
    last_used: UtcTime | None
    expires: UtcTime | None
    revoked: UtcTime | None


class CreatedToken(Token):
    """A token just made; `secret` is shown this once (null when a request is repeated)."""

    secret: str | None


class TokenPage(Answer):
    items: list[Token]
    next: str | None


@router.get("/me", response=Me)
@requires(Right.OWN)
def who_am_i(request: HttpRequest) -> Me:
    """The user whose token this is, and what he may do."""
    return _me(user_of(request))


@router.post("/me/password", response={204: None})
@requires(Right.OWN)
@repeatable()
def change_password(request: HttpRequest, passwords: NewPassword) -> HttpResponse:
    """Change one's own password. Tokens stay valid."""
    change_own_password(user_of(request), old=passwords.old.get_secret_value(), new=passwords.new.get_secret_value())
    return no_content()


@router.get("/tokens", response=TokenPage)
@requires(Right.OWN)
def list_tokens(request: HttpRequest, limit: Limit = 100, cursor: Cursor = None) -> TokenPage:
    """One's own tokens, those that ended too."""
    rows, behind = page(ApiToken.objects.filter(user=user_of(request)), limit=limit, cursor=cursor)
    return TokenPage(items=[_token(row) for row in rows], next=behind)


@router.post("/tokens", response={201: CreatedToken})
@requires(Right.OWN)
@repeatable(hide=("secret",))
def make_token(request: HttpRequest, token: NewToken) -> Status[CreatedToken]:
    """Make a token that acts as oneself; its secret is in this answer and nowhere else."""
    user = user_of(request)
    made = create_token(user, name=token.name, expires=token.expires, actor=user.identifier)
    return Status(201, CreatedToken(**_token(made.token).dict(), secret=made.secret))


@router.delete("/tokens/{token_id}", response={204: None})
@requires(Right.OWN)
def end_token(request: HttpRequest, token_id: str) -> HttpResponse:
    """Revoke one of one's own tokens, for good."""
    number = number_in_path(Kind.TOKEN, token_id)
    token = ApiToken.objects.select_related("user").filter(user=user_of(request), pk=number).first()
    if token is None:
        raise ProblemError("not_found")
    revoke_token(token, actor=user_of(request).identifier)
    return no_content()


def _me(user: User) -> Me:
    profile = Profile(user.profile)
    return Me(
        identifier=user.identifier,
        name=user.name,
        email=user.email,
        phone=user.phone,
        notification=user.notification,
        profile=profile,
        language=user.language,
        must_change_password=user.must_change_password,
        rights=sorted(RIGHTS[profile]),
    )


def _token(token: ApiToken) -> Token:
    return Token(
        id=public_id(Kind.TOKEN, token.pk),
        name=token.name,
        prefix=token.prefix,
        created=token.created,
        last_used=token.last_used,
        expires=token.expires,
        revoked=token.revoked,
    )
