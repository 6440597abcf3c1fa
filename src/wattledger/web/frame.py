"""What the frame around every page shows: who is there, the menus he may open, how the server does."""

from __future__ import annotations

from functools import partial

from django.conf import settings
from django.http import HttpRequest
from django.utils import translation
from django.utils.functional import SimpleLazyObject

from wattledger.apps.accounts.sessions import session_of
from wattledger.apps.accounts.toasts import toasts_of
from wattledger.apps.building.models import Site
from wattledger.apps.system.condition import condition
from wattledger.web.navigation import current_of, menus_for

BESIDE_THE_NAME = 2  # letters in the avatar


def frame(request: HttpRequest) -> dict[str, object]:
    """For templates; what costs a question is asked when it is first used."""
    session = session_of(request)
    context: dict[str, object] = {
        "language": translation.get_language(),
        "languages": settings.LANGUAGE_NAMES,
        "site_name": SimpleLazyObject(_site_name),
        "setup_mode": settings.SETUP_MODE,
        "theme": "",
        "visitor": None,
        "toasts": SimpleLazyObject(partial(toasts_of, request)),
    }
    if session is not None and session.user.duty is None:
        user = session.user
        menus = menus_for(user, path=request.path)
        context |= {
            "visitor": user,
            "initials": initials(user.name),
            "theme": user.theme,
            "menus": menus,
            "current_menu": current_of(menus),
            "condition": SimpleLazyObject(condition),
        }
    return context


def initials(name: str) -> str:
    """The first letters of a name, for the place where a picture would be."""
    words = name.split()
    chosen = words if len(words) <= BESIDE_THE_NAME else [words[0], words[-1]]
    return "".join(word[0] for word in chosen).upper()


def _site_name() -> str:
    return Site.objects.only("name").get().name
