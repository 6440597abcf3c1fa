"""The revision of the configuration: raised with every change, and told to the engine when the change is kept."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime

from django.db import transaction
from django.db.models import F

from wattledger.apps.accounts.changes import note_change
from wattledger.apps.accounts.models import User
from wattledger.apps.building.models import Revision
from wattledger.apps.rest.server import SOURCE, engine
from wattledger.engine.api import EngineError

log = logging.getLogger(__name__)


def changing(what: str, *, by: User) -> AbstractContextManager[Change]:
    """What `changing_as` does, in the name of a user of the web."""
    return changing_as(what, actor=by.identifier, source=SOURCE)


@contextmanager
def changing_as(what: str, *, actor: str, source: str) -> Iterator[Change]:
    """One transaction that changes the configuration: all of it is kept, with a new revision and its trace, or nothing.

    The write lock is held from the first line, so what is checked inside stays true until the end. The body names what
    it changed by `Change.says`; a body that says nothing changed nothing, and the revision stays. Afterwards the engine
    is told; that it does not run is no error of the change, it loads the newest revision when it starts.
    """
    with transaction.atomic():
        change = Change(what)
        yield change
        if change.told is None:
            return
        name, how = change.told
        note_change(what=what, name=name, change=how, actor=actor, source=source)
        number = _raise()
        transaction.on_commit(lambda: _tell_engine(number, actor))


class Change:
    """What a transaction did to one thing of a kind."""

    def __init__(self, what: str) -> None:
        self.what = what
        self.told: tuple[str, str] | None = None

    def says(self, name: str, how: str) -> None:
        """The thing called `name` was created, changed or deleted."""
        self.told = (name, how)


def saved_revision() -> int:
    """The revision that the database holds; the engine may still work with an earlier one."""
    return Revision.objects.get().number


def _raise() -> int:
    Revision.objects.update(number=F("number") + 1, changed=datetime.now(UTC))
    return saved_revision()


def _tell_engine(number: int, actor: str) -> None:
    try:
        engine().reload(number, actor)
    except EngineError as error:
        log.info("revision %s is not active yet: %s", number, error)
