"""What a page says after an act, once, on the next page: done, and how to undo it."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass

from django.contrib import messages
from django.http import HttpRequest

COOKIE = "messages"  # as Django's storage calls it


@dataclass(frozen=True, slots=True)
class Undo:
    """The address and the fields of the POST that takes the act back."""

    to: str
    fields: dict[str, str]


@dataclass(frozen=True, slots=True)
class Toast:
    """One message; an error stays until somebody closes it."""

    text: str
    is_error: bool
    undo: Undo | None


def toast(request: HttpRequest, text: str, *, undo: Undo | None = None, is_error: bool = False) -> None:
    """Show `text` on the next page that this browser loads."""
    level = messages.ERROR if is_error else messages.SUCCESS
    messages.add_message(request, level, text, extra_tags=json.dumps(asdict(undo)) if undo else "")


def toasts_of(request: HttpRequest) -> list[Toast]:
    """The messages that wait; they are shown once."""
    if COOKIE not in request.COOKIES:  # asking for what is not there would have every page delete the cookie
        return []
    found = []
    for message in messages.get_messages(request):
        undo = Undo(**json.loads(message.extra_tags)) if message.extra_tags else None
        found.append(Toast(str(message.message), message.level == messages.ERROR, undo))
    return found
