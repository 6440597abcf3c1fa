"""Why an input or output of the server has no value; codes as the engine gives them."""

from __future__ import annotations

from django.utils.translation import gettext
from django.utils.translation import gettext_noop as _

TEXTS = {
    "no_board": _("This computer has no inputs and outputs of its own, or was started without the file of its board."),
    "not_on_variant": _("This make of the server does not have it."),
    "not_described": _("The file of the board does not say where it is."),
    "unreadable": _("Its file cannot be read or written at the moment."),
    "wire_break": _("The sensor gives no signal: look for a broken wire, a missing supply or a defective sensor."),
    "short_circuit": _("The signal is out of range: look for a short circuit or a defective sensor."),
}


def io_text(code: str) -> str:
    """The reason in the language of the request; empty for a code that only a later engine knows."""
    return gettext(TEXTS[code]) if code in TEXTS else ""
