"""From the first visit to home, as people do it."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import Page, expect

from browsing import PASSWORD, Served, log_in


def test_the_first_login_goes_through_licence_and_password_to_home(
    serve: Callable[..., Served], open_browser: Callable[..., Page]
) -> None:
    server = serve("--setup-mode")
    page = open_browser()

    log_in(page, server.address, password="Admin")
    expect(page.get_by_text("Unknown name or password. 4 tries left before a 5-minute pause.")).to_be_visible()
    expect(page.locator("#id_password")).to_be_focused()
    log_in(page, server.address, password="admin")
    page.get_by_role("button", name="I agree").click()
    page.locator("#id_old").fill("admin")
    page.locator("#id_new").fill("admin")
    expect(page.locator(".wl-rules .kept")).to_have_count(1)  # a lower-case letter
    page.locator("#id_new").fill(PASSWORD)
    expect(page.locator(".wl-rules .kept")).to_have_count(6)
    page.locator("#id_repeated").fill(PASSWORD)
    page.get_by_role("button", name="Change the password").click()

    expect(page.get_by_role("heading", name="Hello, Administrator")).to_be_visible()
    expect(page.locator(".wl-strip.setup")).to_be_visible()
    page.locator("summary:has(.wl-avatar)").click()
    page.get_by_role("button", name="Log out").click()
    expect(page).to_have_url(f"{server.address}/login/")

    # The same in French, by somebody who forgot it: setup mode gives the factory's password again.
    page = open_browser(locale="fr-FR")
    page.goto(f"{server.address}/login/")
    page.get_by_role("button", name="Réinitialiser le mot de passe du super-administrateur").click()
    log_in(page, server.address, password=PASSWORD, button="Se connecter")
    refusal = "Identifiant ou mot de passe inconnu. Encore 4 essais avant une pause de 5 minutes."
    expect(page.get_by_text(refusal)).to_be_visible()
    log_in(page, server.address, password="admin", button="Se connecter")
    for field, password in {"old": "admin", "new": PASSWORD, "repeated": PASSWORD}.items():
        page.locator(f"#id_{field}").fill(password)
    page.get_by_role("button", name="Changer le mot de passe").click()

    expect(page.get_by_role("heading", name="Bonjour, Administrator")).to_be_visible()


def test_what_was_typed_as_a_password_can_be_looked_at(server: Served, open_browser: Callable[..., Page]) -> None:
    page = open_browser()
    page.goto(f"{server.address}/login/")
    field, eye = page.locator("#id_password"), page.get_by_role("button", name="Show the password")

    field.fill("secret")
    eye.click()
    expect(field).to_have_attribute("type", "text")
    eye.click()
    expect(field).to_have_attribute("type", "password")


def test_the_language_is_chosen_before_the_login(server: Served, open_browser: Callable[..., Page]) -> None:
    page = open_browser()
    page.goto(f"{server.address}/login/?next=/me/")

    page.get_by_role("button", name="Deutsch").click()

    expect(page.get_by_role("heading", name="Anmelden")).to_be_visible()
    expect(page.locator("html")).to_have_attribute("lang", "de")
    assert page.url.endswith("/login/?next=/me/")
