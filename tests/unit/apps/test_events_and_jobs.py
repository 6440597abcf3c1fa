"""The list of events in the reader's language, and the jobs of the worker."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from string import Formatter
from typing import Any

import pytest
from django.db import transaction
from django.utils import translation

from wattledger.apps.accounts.changes import CHANGED, CREATED, DELETED
from wattledger.apps.accounts.models import User
from wattledger.apps.alarms.texts import TEXTS, WORDS, event_text
from wattledger.apps.building.revision import changing, saved_revision
from wattledger.apps.rest.server import journal
from wattledger.journal import EVENTS, Act, Code, Entry, Event, fold
from wattledger.journal.entries import entry_for
from wattledger.plant import DataFolder

LANGUAGES = ("en", "fr", "de", "nl")


def event_of(code: Code, params: dict[str, Any]) -> Event:
    told = entry_for(code, Act.RAISED, time=datetime.now(UTC), occurrence="o", key="", params=params, source="t")
    return fold([Entry(**{name: getattr(told, name) for name in told.__slots__} | {"id": 1})])[0]


def test_every_event_has_the_text_with_which_the_journal_keeps_it() -> None:
    assert {code: EVENTS[code].template for code in Code} == dict(TEXTS)


@pytest.mark.parametrize("code", Code)
def test_every_event_is_told_in_every_language_with_its_parameters(code: Code) -> None:
    names = [name for _, name, _, _ in Formatter().parse(EVENTS[code].template) if name]
    event = event_of(code, {name: f"<{name}>" for name in names})

    told = {}
    for language in LANGUAGES:
        with translation.override(language):
            told[language] = event_text(event)

    assert told["en"] == event.text
    assert all(f"<{name}>" in text for text in told.values() for name in names)
    assert len(set(told.values())) == len(LANGUAGES)


def test_events_of_a_later_release_are_shown_in_english() -> None:
    known = event_of(Code.BUS_DOWN, {"bus": "Board", "reason": "cable"})
    later = Event(**{name: getattr(known, name) for name in known.__slots__} | {"code": "meteor_strike"})
    other_params = Event(**{name: getattr(known, name) for name in known.__slots__} | {"params": {"x": 1}})

    with translation.override("de"):
        assert event_text(later) == known.text
        assert event_text(other_params) == known.text
        assert event_text(known) == "Board ist ausgefallen: cable"


def test_what_the_actions_say_of_their_changes_has_words() -> None:
    said = {
        *("bus", "certificate", "device", "local_io", "password", "readings", "recording_interval", "site"),
        *("switchboard", "user", "zone"),
    }

    assert {word for name, word in WORDS if name == "what"} == said
    assert {word for name, word in WORDS if name == "change"} == {CREATED, CHANGED, DELETED}


def test_a_change_is_told_in_the_readers_words(caller: Callable[..., Any], bus: str) -> None:
    texts = {}
    for language in LANGUAGES:
        rows = caller(language=language).get("/events?code=configuration_changed")["items"]
        texts[language] = rows[-1]["text"]

    assert texts == {
        "en": "Configuration, field bus Board: created",
        "fr": "Configuration, bus de terrain Board : création",
        "de": "Konfiguration, Feldbus Board: angelegt",
        "nl": "Configuratie, veldbus Board: aangemaakt",
    }


def test_the_list_is_filtered_and_goes_on(api: Any, caller: Callable[..., Any]) -> None:
    events = journal()
    events.begin(Code.BUS_DOWN, "bus:1", params={"bus": "Board", "reason": "x"}, source="engine")
    events.begin(Code.STORAGE_LOW, "card", params={"free_percent": 5}, source="engine")
    events.end(Code.STORAGE_LOW, "card")
    for number in range(5):
        events.note(Code.CLOCK_JUMPED, params={"seconds": number}, source="engine")

    active = caller("viewer").get("/events?status=active")["items"]
    assert {row["code"]: row["standing"] for row in active} == {"bus_down": True, "storage_low": False}
    assert [row["severity"] for row in api.get("/events?kind=alarm&severity=major")["items"]] == ["major"]

    seen, cursor = [], ""
    while cursor is not None:
        page = api.get(f"/events?code=clock_jumped&limit=2{cursor}")
        seen += [row["params"]["seconds"] for row in page["items"]]
        cursor = f"&next={page['next']}" if page["next"] else None
    assert seen == [4, 3, 2, 1, 0]

    later = (datetime.now(UTC) + timedelta(hours=1)).isoformat().replace("+", "%2B")
    assert api.get(f"/events?start={later}")["items"] == []


def test_a_change_that_is_rolled_back_leaves_no_trace(folder: DataFolder) -> None:
    admin, before = User.objects.get(identifier="admin"), saved_revision()

    with suppress(RuntimeError), changing("site", by=admin) as change:
        change.says("x", CHANGED)
        raise RuntimeError

    assert saved_revision() == before
    assert journal().events().events == ()


def test_the_revision_rises_with_the_change_and_the_trace_follows_it(folder: DataFolder) -> None:
    admin, before = User.objects.get(identifier="admin"), saved_revision()

    with transaction.atomic():
        with changing("site", by=admin) as change:
            change.says("x", CHANGED)
        assert saved_revision() == before + 1
        assert journal().events().events == ()

    assert [event.params["name"] for event in journal().events().events] == ["x"]


def test_jobs_are_shown_with_their_progress(api: Any) -> None:
    jobs = journal().jobs
    for number in range(3):
        jobs.submit("export", params={"number": number}, actor="admin")
    with jobs.worker():
        claimed = jobs.claim()
        assert claimed is not None
        jobs.progress(claimed.id, 0.25)
        running = api.get(f"/jobs/j{claimed.id}")
        jobs.finish(claimed.id, result={"rows": 7})
        done = api.get(f"/jobs/j{claimed.id}")

    assert (running["state"], running["progress"], running["result"]) == ("running", 0.25, None)
    assert (done["state"], done["progress"], done["result"]) == ("done", 1.0, {"rows": 7})
    assert done["finished"].endswith("Z")
    first = api.get("/jobs?limit=2")
    rest = api.get(f"/jobs?limit=2&next={first['next']}")
    assert [row["id"] for row in first["items"] + rest["items"]] == ["j3", "j2", "j1"]
    assert rest["next"] is None
    assert api("GET", "/jobs/j99").status_code == 404
    assert api("GET", "/jobs/d1").status_code == 404
