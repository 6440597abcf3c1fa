"""The frame around pages: navigation by right, languages, headers, errors, what the frame tells of the server."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.db import DatabaseError, connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from wattledger.apps.accounts.menus import Menu
from wattledger.apps.accounts.models import User
from wattledger.apps.building.models import Site
from wattledger.apps.rest.server import journal
from wattledger.journal import Code
from wattledger.plant import DataFolder
from wattledger.web.frame import initials
from wattledger.web.navigation import ENTRIES, menus_for

PAGES = ("/", "/operation/alarms/", "/operation/alarms/?show=all", "/preferences/users/", "/preferences/users/new/")
MOST_QUERIES = 12  # of one page: login, site, devices, revision and what the page itself is about


def addresses(user: User) -> set[str]:
    return {page.url for menu in menus_for(user, path="/") for group in menu.groups for page in group.pages}


def silent(device: str = "Spa") -> None:
    params = {"device": device, "unit_id": 14, "bus": "Board"}
    journal().begin(Code.DEVICE_SILENT, f"device:{device}", params=params, source="engine")


def test_menus_show_what_the_profile_opens_and_nothing_else(user_with: Callable[[str], User]) -> None:
    names = {profile: [menu.name for menu in menus_for(user_with(profile), path="/")] for profile in
             ("viewer", "configurator", "administrator")}  # fmt: skip

    assert names["viewer"] == ["operation"]
    assert names["configurator"] == ["operation", "configuration"]
    assert names["administrator"] == ["operation", "configuration", "preferences"]
    assert len(addresses(user_with("administrator"))) == len(ENTRIES)


def test_every_entry_of_a_menu_leads_to_a_page(folder: DataFolder, visit: Callable[..., Any]) -> None:
    browser = visit()
    for url in addresses(User.objects.get(identifier="admin")):
        assert browser.get(url).status_code == 200, url
    for menu in Menu:
        assert browser.get(f"/{menu.value}/").status_code == 302


def test_the_current_page_is_marked_once_in_bar_and_side(folder: DataFolder, visit: Callable[..., Any]) -> None:
    page = visit().get("/preferences/users/new/").content.decode()

    side = page[page.index("<aside") : page.index("</aside")]
    bar = page[page.index("<header") : page.index("</header")]
    assert re.findall(r'href="([^"]+)"[^>]*aria-current="page"', side) == ["/preferences/users/"]
    assert re.findall(r'href="([^"]+)"[^>]*aria-current="true"', bar) == ["/preferences/"]


def test_pages_load_from_this_server_only_and_run_nothing_that_stands_in_them(
    folder: DataFolder, visit: Callable[..., Any]
) -> None:
    browser = visit()
    for url in (*PAGES, "/me/", "/about/", "/login/", "/nowhere/"):
        answer = browser.get(url, follow=True)
        page = answer.content.decode()
        policy = answer.headers["Content-Security-Policy"]
        assert "script-src 'self';" in policy
        assert "style-src 'self';" in policy
        assert "unsafe-eval" not in policy
        assert answer.headers["X-Frame-Options"] == "DENY"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert "no-store" in answer.headers["Cache-Control"]
        assert not re.search(r"<script(?![^>]*\bsrc=)|<style|\sstyle=|\son\w+=|javascript:", page), url
        assert not re.search(r"""(?:src|href)=["'](?:https?:)?//""", page), url


@pytest.mark.parametrize("url", PAGES)
def test_a_page_asks_the_database_a_bounded_number_of_times(
    folder: DataFolder, visit: Callable[..., Any], url: str
) -> None:
    browser = visit()
    for number in range(20):
        User.objects.create(identifier=f"user{number}", name="x", profile="viewer")

    with CaptureQueriesContext(
        connection,
    ) as queries:
        browser.get(url)

    assert len(queries) <= MOST_QUERIES, [query["sql"][:90] for query in queries]


@pytest.mark.parametrize(("language", "word"), [("fr", "Utilisateurs"), ("de", "Benutzer"), ("nl", "Gebruikers")])
def test_a_page_speaks_the_language_of_its_user(
    folder: DataFolder, visit: Callable[..., Any], language: str, word: str
) -> None:
    browser = visit(language="en")

    browser.post("/language/", {"language": language, "next": "/preferences/users/"})
    answer = browser.get("/preferences/users/")

    page = answer.content.decode()
    assert f'<html lang="{language}"' in page
    assert word in page
    assert answer.headers["Content-Language"] == language
    assert browser.get("/api/v1/nowhere", headers={"Accept-Language": "en"}).headers["Content-Language"] == "en"


def test_the_login_page_remembers_the_language_that_was_chosen_there(folder: DataFolder) -> None:
    browser = Client(headers={"Accept-Language": "de"})
    assert "Anmelden" in browser.get("/login/").content.decode()

    back = browser.post("/language/", {"language": "fr", "next": "/login/?next=/me/"})

    assert back.headers["Location"] == "/login/?next=/me/"
    assert "Se connecter" in browser.get("/login/").content.decode()
    browser.post("/language/", {"language": "xx"})
    assert "Se connecter" in browser.get("/login/").content.decode()


def test_the_frame_counts_what_wants_somebody_and_shows_the_gravest(
    folder: DataFolder, visit: Callable[..., Any], meter: dict[str, Any]
) -> None:
    browser = visit()
    assert "wl-alarms" not in browser.get("/").content.decode()
    journal().begin(Code.CLOCK_UNTRUSTED, "clock", params={"reason": "first_start"}, source="engine")
    silent()

    page = browser.get("/pulse/").content.decode()

    assert re.search(r"<span>2</span>\s*<span class=\"wl-word\">\s*alarms\s*</span>", page)
    assert 'class="wl-tool wl-alarms critical"' in page
    assert "0 of 1 device answers" in page
    assert "Acquisition does not answer" in page


def test_home_names_what_is_to_do_and_how_the_services_are(folder: DataFolder, visit: Callable[..., Any]) -> None:
    silent("Spa & sauna")

    page = visit("viewer").get("/").content.decode()

    assert "Spa &amp; sauna does not answer at Modbus address 14 on Board" in page
    assert page.count("wl-door ") == 1
    assert re.search(r"Acquisition</b>\s*does not answer", page)
    assert re.search(r"Memory</b>\s*nothing recorded yet", page)


def test_an_alarm_is_acknowledged_with_a_comment_and_then_leaves_the_list(
    folder: DataFolder, visit: Callable[..., Any]
) -> None:
    browser = visit("viewer")
    silent()
    journal().end(Code.DEVICE_SILENT, "device:Spa")
    [event] = journal().events(active_only=True).events
    address = f"/operation/alarms/{event.occurrence}/acknowledge/"

    browser.post(address, {"comment": " "})
    assert journal().events(active_only=True).events
    browser.post(address, {"comment": "Fuse replaced"})

    [event] = journal().events(codes=[Code.DEVICE_SILENT]).events
    assert (event.acknowledged_by, event.comment, event.is_open) == ("viewer", "Fuse replaced", False)
    assert "Fuse replaced" in browser.get("/operation/alarms/?show=all").content.decode()
    assert browser.post("/operation/alarms/nothing/acknowledge/", {"comment": "x"}).status_code == 404


def test_the_list_of_events_goes_on_where_it_stopped_as_page_and_as_partial(
    folder: DataFolder, visit: Callable[..., Any]
) -> None:
    browser = visit()
    for number in range(60):
        silent(f"Device-{number:02}")

    first = browser.get("/operation/alarms/").content.decode()
    [more] = re.findall(r'hx-get="([^"]+)"\s+hx-target="closest li"', first)
    rest = browser.get("/operation/alarms/" + more, headers={"HX-Request": "true"}).content.decode()

    named = re.findall(r"<b>(Device-\d\d) does", first) + re.findall(r"<b>(Device-\d\d) does", rest)
    assert named == [f"Device-{number:02}" for number in reversed(range(60))]
    assert "<html" not in rest


def test_the_building_is_named_and_a_second_editor_is_told(folder: DataFolder, visit: Callable[..., Any]) -> None:
    browser = visit()
    version = Site.objects.get().version

    wanted = {"name": "Les Tilleuls", "zone": "Europe/Paris", "version": version}
    assert browser.post("/configuration/building/", wanted).status_code == 302
    late = browser.post("/configuration/building/", {**wanted, "name": "Other"})

    assert late.status_code == 422
    assert "Somebody changed this in the meantime" in late.content.decode()
    assert "<b>Les Tilleuls</b>" in browser.get("/").content.decode()
    moved = visit("configurator").post("/configuration/building/", {**wanted, "zone": "UTC", "version": version + 1})
    assert moved.status_code == 302
    assert Site.objects.get().zone == "Europe/Paris"


@pytest.mark.parametrize("profile", ["anonymous", "viewer"])
def test_what_is_not_there_says_so_in_the_frame(folder: DataFolder, visit: Callable[..., Any], profile: str) -> None:
    answer = visit(profile).get("/nowhere/")

    page = answer.content.decode()
    assert answer.status_code == 404
    assert "Nothing is here" in page
    assert ("wl-menus" in page) is (profile != "anonymous")


def test_an_address_without_its_last_slash_is_found(folder: DataFolder, visit: Callable[..., Any]) -> None:
    assert visit().get("/preferences/users").headers["Location"] == "/preferences/users/"


def test_a_failure_is_shown_without_asking_what_may_have_failed(
    folder: DataFolder, visit: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    browser = visit(language="fr")

    def fail(*_: object, **__: object) -> None:
        raise DatabaseError("disk I/O error")

    monkeypatch.setattr("django.db.backends.utils.CursorWrapper.execute", fail)
    answer = browser.get("/")

    page = answer.content.decode()
    assert answer.status_code == 500
    assert "Quelque chose a échoué" in page
    assert "disk I/O" not in page


def test_about_names_every_component_with_its_licence(folder: DataFolder) -> None:
    page = Client().get("/about/").content.decode()

    for component in ("wattledger", "Django", "h11", "htmx.org", "@tabler/core"):
        assert f"<b>{component}</b>" in page
    assert "Permission is hereby granted" in page


def test_what_browsers_load_is_named_by_its_content_and_kept(folder: DataFolder) -> None:
    page = Client().get("/login/").content.decode()

    [style] = re.findall(r'<link rel="stylesheet" href="([^"]+)"', page)
    answer = Client(headers={"Accept-Encoding": "gzip"}).get(style)
    assert re.fullmatch(r"/static/app\.[A-Z0-9]{8}\.css", style)
    assert answer.headers["Cache-Control"] == "max-age=315360000, public, immutable"
    assert answer.headers["Content-Encoding"] == "gzip"
    answer.close()


@pytest.mark.parametrize(
    ("name", "letters"), [("Claire Moreau", "CM"), ("Admin", "A"), ("Ana de la Cruz", "AC"), ("é", "É"), ("", "")]
)
def test_an_avatar_shows_the_first_letters(name: str, letters: str) -> None:
    assert initials(name) == letters
