"""`wattledger token create`: an access token by whoever may read the data folder."""

from __future__ import annotations

from django.db import DatabaseError

from wattledger.apps.accounts.models import User
from wattledger.apps.accounts.tokens import create_token
from wattledger.plant import DataFolder
from wattledger.services.errors import CommandRefusedError, ExitCode, ServiceError
from wattledger.web.terminal import gettext as _

SOURCE = "cli"
LOCAL = "local"  # who has the data folder in hand needs no login; the entry says so


def print_new_token(folder: DataFolder, identifier: str, *, name: str) -> ExitCode:
    """Make a token for a user and print it as the last line; it cannot be shown again. Raises ServiceError."""
    try:
        user = User.objects.filter(identifier=identifier).first()
        if user is None:
            text = _("There is no user {user}. Those that exist: {users}")
            users = ", ".join(User.objects.order_by("identifier").values_list("identifier", flat=True))
            raise CommandRefusedError(text.format(user=identifier, users=users))
        token = create_token(user, name=name, actor=LOCAL, source=SOURCE).secret
    except DatabaseError as error:
        text = _("The configuration {file} cannot be changed: {reason}")
        raise ServiceError(text.format(file=folder.configuration, reason=error)) from error
    print(token)
    return ExitCode.OK
