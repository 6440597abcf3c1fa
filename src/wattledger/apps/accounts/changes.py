"""The trace of a change: every change of the configuration is told to the journal with who and what."""

from __future__ import annotations

from django.db import transaction

from wattledger.apps.rest.server import SOURCE, journal
from wattledger.journal import Code

CREATED, CHANGED, DELETED = "created", "changed", "deleted"


def note_change(*, what: str, name: str, change: str, actor: str, source: str = SOURCE) -> None:
    """Tell the journal once the present transaction is kept; `what` is the kind of thing, `change` one of the above."""
    params = {"what": what, "name": name, "change": change}

    def tell() -> None:
        journal().note(Code.CONFIGURATION_CHANGED, params=params, source=source, actor=actor)

    transaction.on_commit(tell)
