"""The menus, assembled from what the apps declare, for one user: what his profile opens and nothing else."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from wattledger.apps.accounts.menu import ENTRIES as ACCOUNTS
from wattledger.apps.accounts.menus import Entry, Menu
from wattledger.apps.accounts.models import User
from wattledger.apps.alarms.menu import ENTRIES as ALARMS
from wattledger.apps.building.menu import ENTRIES as BUILDING
from wattledger.apps.system.menu import ENTRIES as SYSTEM

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

ENTRIES: tuple[Entry, ...] = (*ACCOUNTS, *BUILDING, *ALARMS, *SYSTEM)


@dataclass(frozen=True, slots=True)
class Face:
    """How a menu is called and shown; `about` says in a few words what is in it."""

    label: _StrPromise
    icon: str
    about: _StrPromise


FACES = {
    Menu.OPERATION: Face(_("Operation"), "device-analytics", _("Alarms and events")),
    Menu.CONFIGURATION: Face(_("Configuration"), "adjustments-horizontal", _("The building and its time zone")),
    Menu.PREFERENCES: Face(_("Preferences"), "settings", _("Users and this server")),
}


@dataclass(frozen=True, slots=True)
class Item:
    """A page in a menu, as it is shown."""

    label: str
    icon: str
    url: str
    is_current: bool


@dataclass(frozen=True, slots=True)
class Group:
    """Pages that belong together."""

    label: str
    pages: tuple[Item, ...]


@dataclass(frozen=True, slots=True)
class MenuView:
    """A menu as one user sees it; `url` leads to its first page."""

    name: str
    label: str
    icon: str
    about: str
    url: str
    groups: tuple[Group, ...]
    is_current: bool


def menus_for(user: User, *, path: str) -> tuple[MenuView, ...]:
    """The menus that have a page for `user`, with what is current at the address `path`."""
    return tuple(view for menu in Menu if (view := _menu(menu, user, path)) is not None)


def current_of(menus: Iterable[MenuView]) -> MenuView | None:
    """The menu that the present page belongs to; None on home and on one's own pages."""
    return next((menu for menu in menus if menu.is_current), None)


def entries_for(menu: Menu, user: User) -> list[Entry]:
    """The pages of a menu that `user` may open, in their order."""
    return sorted(
        (entry for entry in ENTRIES if entry.menu is menu and user.may(entry.right)), key=lambda entry: entry.rank
    )


def _menu(menu: Menu, user: User, path: str) -> MenuView | None:
    entries = entries_for(menu, user)
    if not entries:
        return None
    face, root = FACES[menu], f"/{menu.value}/"
    groups = tuple(_groups(entries, path))
    is_current = path.startswith(root) or any(page.is_current for group in groups for page in group.pages)
    return MenuView(
        name=menu.value,
        label=str(face.label),
        icon=face.icon,
        about=str(face.about),
        url=root,
        groups=groups,
        is_current=is_current,
    )


def _groups(entries: Iterable[Entry], path: str) -> Iterator[Group]:
    together: dict[str, list[Item]] = {}
    for entry in entries:
        url = reverse(entry.view)
        item = Item(str(entry.label), entry.icon, url, is_current=path.startswith(url))
        together.setdefault(str(entry.group), []).append(item)
    for label, items in together.items():
        yield Group(label, tuple(items))
