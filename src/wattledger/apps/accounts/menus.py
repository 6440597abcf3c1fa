"""What menus there are, and how an app says that it has a page in one."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from django.utils.translation import gettext_lazy as _

from wattledger.apps.accounts.rights import Right

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise


class Menu(Enum):
    """The three menus of the status bar; which of them a user sees follows from his profile."""

    OPERATION = "operation"
    CONFIGURATION = "configuration"
    PREFERENCES = "preferences"


@dataclass(frozen=True, slots=True)
class Entry:
    """A page in a menu. `view` is the name of its address; `rank` orders the entries, groups come with their first."""

    menu: Menu
    group: _StrPromise
    label: _StrPromise
    icon: str
    view: str
    right: Right
    rank: int


ACCESS = _("Access")
SERVER = _("Server")
SITE = _("Site")
SUPERVISION = _("Supervision")
