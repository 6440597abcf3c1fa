"""The pages of this app in the menus."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from wattledger.apps.accounts.menus import ACCESS, Entry, Menu
from wattledger.apps.accounts.rights import Right

ENTRIES = (Entry(Menu.PREFERENCES, ACCESS, _("Users"), "users", "users", Right.ADMINISTER, rank=40),)
