"""What every page does in a browser: themes, keys, menus, toasts, a lost connection, any width, nobody kept out."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Literal

from playwright.sync_api import Page, Route, expect

from browsing import Served

PAGES = (
    "/", "/operation/alarms/", "/operation/alarms/?show=all", "/configuration/building/", "/preferences/users/",
    "/preferences/users/new/", "/preferences/users/1/", "/preferences/users/2/delete/", "/me/", "/about/", "/nowhere/",
)  # fmt: skip
SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
WIDTHS = (320, 390, 768, 1024, 1440, 2560)


def everywhere(inside: Page, at_the_door: Page) -> Iterator[tuple[Page, str]]:
    """Every page, with a browser that sees it."""
    yield at_the_door, "/login/"
    for address in PAGES:
        yield inside, address


def background(page: Page) -> str:
    return str(page.evaluate("getComputedStyle(document.body).backgroundColor"))


LIGHT, DARK = "rgb(243, 245, 249)", "rgb(13, 20, 36)"


def test_the_theme_follows_the_system_until_somebody_chooses(server: Served, inside: Callable[..., Page]) -> None:
    page = inside(color_scheme="dark")
    page.goto(f"{server.address}/")
    assert background(page) == DARK
    page.emulate_media(color_scheme="light")
    expect(page.locator("html")).to_have_attribute("data-bs-theme", "light")

    with page.expect_response("**/me/theme/"):
        page.get_by_role("button", name="Light or dark").click()

    assert background(page) == DARK
    page.goto(f"{server.address}/me/")
    assert background(page) == DARK
    page.get_by_role("button", name="As the system").click()
    expect(page.locator("html")).to_have_attribute("data-theme", "system")
    assert background(page) == LIGHT


def test_keys_lead_to_places_and_are_listed(server: Served, inside: Callable[..., Page]) -> None:
    page = inside()
    page.goto(f"{server.address}/")

    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keys")).to_be_visible()
    page.keyboard.press("Escape")
    page.keyboard.press("g")
    page.keyboard.press("a")
    page.wait_for_url("**/operation/alarms/")
    page.keyboard.press("g")
    page.keyboard.press("p")
    page.wait_for_url("**/preferences/users/")


def test_the_skip_link_is_first_and_leads_to_the_content(server: Served, inside: Callable[..., Page]) -> None:
    page = inside()
    page.goto(f"{server.address}/preferences/users/")

    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Go to the content")).to_be_focused()
    page.keyboard.press("Enter")

    expect(page.locator("#content")).to_be_focused()


def test_an_alarm_stands_in_the_bar_and_is_acknowledged_with_a_word(
    server: Served, inside: Callable[..., Page]
) -> None:
    page = inside()
    page.goto(f"{server.address}/")

    expect(page.locator(".wl-side")).to_have_count(0)
    page.get_by_role("link", name=re.compile(r"^1\s+alarm$")).click()
    expect(page.get_by_text("Spa cannot be reached")).to_be_visible()
    expect(page.locator(".wl-side")).to_contain_text("0 of 1 device answers")
    page.locator("summary", has_text="Acknowledge").click()
    page.get_by_label("What was done").fill("Gateway is away for repair")
    page.get_by_role("button", name="Acknowledge").click()

    expect(page.locator("toast-stack")).to_contain_text("Alarm acknowledged")
    expect(page.get_by_text("acknowledged by admin: Gateway is away for repair")).to_be_visible()
    page.locator("toast-stack").get_by_role("button", name="Close").click()
    expect(page.locator(".wl-toast")).to_have_count(0)


def test_a_lost_connection_is_told_and_the_notice_goes_by_itself(server: Served, inside: Callable[..., Page]) -> None:
    page = inside()
    page.goto(f"{server.address}/preferences/users/")
    notice = page.locator("connection-notice")
    expect(notice).to_be_hidden()

    def cut(route: Route) -> None:
        route.abort()

    page.route("**/pulse/", cut)
    page.evaluate("htmx => htmx.dispatchEvent(new Event('pulse'))", page.locator("[hx-get='/pulse/']").element_handle())
    expect(notice).to_contain_text(re.compile(r"No connection for \d+ s, trying again"))
    page.unroute("**/pulse/", cut)
    page.evaluate("htmx => htmx.dispatchEvent(new Event('pulse'))", page.locator("[hx-get='/pulse/']").element_handle())

    expect(notice).to_be_hidden()


def test_disabling_a_user_can_be_undone_from_the_toast(server: Served, inside: Callable[..., Page]) -> None:
    page = inside()
    page.goto(f"{server.address}/preferences/users/new/")
    for field, text in {"identifier": "claire", "name": "Claire Moreau", "email": "claire@example.org"}.items():
        page.locator(f"#id_{field}").fill(text)
    page.locator("#id_password").fill("Tilleul-2027")
    page.get_by_role("button", name="Add the user").click()
    row = page.get_by_role("row", name=re.compile("Claire"))

    row.get_by_role("button", name="Disable Claire Moreau").click()
    expect(row).to_contain_text("disabled")
    page.get_by_role("button", name="Undo").click()

    expect(row).to_contain_text("may log in")


def test_on_a_phone_all_menus_stand_in_a_sheet(server: Served, inside: Callable[..., Page]) -> None:
    page = inside(viewport={"width": 390, "height": 844})
    page.goto(f"{server.address}/")
    expect(page.locator(".wl-menus")).to_be_hidden()

    page.get_by_role("button", name="Menu").click()
    page.get_by_role("dialog", name="Menu").get_by_role("link", name="Users").click()

    page.wait_for_url("**/preferences/users/")


def test_no_page_is_wider_than_its_window(
    server: Served, inside: Callable[..., Page], open_browser: Callable[..., Page]
) -> None:
    for page, address in everywhere(inside(), open_browser()):
        page.goto(server.address + address)
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 900})
            assert page.evaluate("document.documentElement.scrollWidth") <= width, (address, width)


def test_nothing_keeps_anybody_from_using_a_page(
    server: Served, inside: Callable[..., Page], open_browser: Callable[..., Page], axe: str
) -> None:
    faults = []
    for page, address in everywhere(inside(reduced_motion="reduce"), open_browser(reduced_motion="reduce")):
        page.goto(server.address + address)
        page.evaluate(axe)
        for width in (390, 1440):
            page.set_viewport_size({"width": width, "height": 900})
            for scheme in SCHEMES:
                page.emulate_media(color_scheme=scheme)
                expect(page.locator("html")).to_have_attribute("data-bs-theme", scheme)
                found = page.evaluate("axe.run({resultTypes: ['violations']})")
                faults += [
                    (address, width, scheme, fault["id"], node["html"][:200], node["failureSummary"][:300])
                    for fault in found["violations"]
                    for node in fault["nodes"]
                ]

    assert faults == []
