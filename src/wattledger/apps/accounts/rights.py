"""Rights, and which profile has them (viewer: Operation; configurator: Configuration too; administrator: all)."""

from __future__ import annotations

from enum import StrEnum

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class Profile(TextChoices):
    """What a user may do; everybody has exactly one."""

    VIEWER = "viewer", _("Viewer")
    CONFIGURATOR = "configurator", _("Configurator")
    ADMINISTRATOR = "administrator", _("Administrator")


class Right(StrEnum):
    """What an operation asks of its user. Every operation of the API names exactly one."""

    OPEN = "open"  # nobody needs to be known
    OWN = "own"  # one's own name, password and tokens
    OPERATE = "operate"  # see what is measured and what happened
    CONFIGURE = "configure"  # the building, its devices and what they record
    ADMINISTER = "administer"  # the server itself and its users


RIGHTS: dict[Profile, frozenset[Right]] = {
    Profile.VIEWER: frozenset({Right.OPEN, Right.OWN, Right.OPERATE}),
    Profile.CONFIGURATOR: frozenset({Right.OPEN, Right.OWN, Right.OPERATE, Right.CONFIGURE}),
    Profile.ADMINISTRATOR: frozenset(Right),
}
