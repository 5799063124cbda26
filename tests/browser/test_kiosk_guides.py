"""Looking something up at the kiosk with one finger: read it, print it, take the ticket."""

from __future__ import annotations

import re

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.browser.conftest import NewContext
from tests.browser.guard import axe
from tests.browser.live import LiveHall
from tests.browser.test_kiosk import HOME, SIZE, small, text_sizes
from tests.cast import Cast
from tests.guides import publish

pytestmark = pytest.mark.once

WATCH_PRINTER = (
    "window.print = () => document.documentElement.toggleAttribute('data-printed', true)"
)


@pytest.fixture
def hall(live_hall: LiveHall, cast: Cast) -> Cast:
    publish(cast.pension.service, "zh-hans", "en")
    return cast


def fits(kiosk: Page) -> None:
    """All can be read and touched."""
    axe(kiosk)
    found = Axe().run(kiosk, options={"runOnly": ["color-contrast-enhanced"]})
    assert found.violations_count == 0, found.generate_report()
    assert small(kiosk, "main a, main button, footer a, footer button, header button", 96) == []
    assert small(kiosk, ".guide-actions :is(a, button)", 96) == []
    assert [each for each in text_sizes(kiosk) if each < 32] == []
    assert kiosk.evaluate("document.documentElement.scrollWidth") <= SIZE["width"]


@pytest.mark.layout
def test_a_guide_is_read_printed_and_followed(
    new_context: NewContext, hall: Cast, live_hall: LiveHall
) -> None:
    context = new_context(viewport=SIZE, has_touch=True)
    context.add_init_script(WATCH_PRINTER)
    cookie = {"name": "django_language", "value": "en", "url": live_hall.url}
    context.add_cookies([cookie])  # type: ignore[list-item]
    kiosk = context.new_page()
    kiosk.clock.install()
    kiosk.goto(HOME)
    kiosk.get_by_role("link", name="Only look something up").tap()
    expect(kiosk.get_by_role("heading", name="What do you want to look up?")).to_be_visible()
    fits(kiosk)
    kiosk.get_by_role("link", name="Pension").tap()
    expect(kiosk.get_by_role("heading", name="Pension")).to_be_visible()
    fits(kiosk)
    kiosk.get_by_role("link", name="Apply for retirement").tap()
    expect(kiosk.get_by_text("Social security card")).to_be_visible()
    fits(kiosk)
    kiosk.get_by_role("button", name="Lower down").tap()
    expect(kiosk.locator("body")).to_have_class("kiosk low")
    fits(kiosk)
    for name in ("Back", "Print this guide", "Take a ticket for this"):
        box = kiosk.locator(".guide-actions").get_by_text(name).bounding_box()
        assert box and box["y"] >= SIZE["height"] / 2, name
    kiosk.get_by_role("button", name="Print this guide").tap()
    expect(kiosk.locator("html")).to_have_attribute("data-printed", "")
    kiosk.clock.run_for(100_000)
    expect(kiosk.locator("#still-there")).to_be_hidden()
    kiosk.clock.run_for(25_000)
    kiosk.get_by_role("button", name="Yes, go on").tap()
    kiosk.get_by_role("button", name="Take a ticket for this").tap()
    expect(kiosk.locator(".ticket-code")).to_have_text("P001")
    kiosk.get_by_role("link", name="Done").tap()
    expect(kiosk).to_have_url(re.compile(f"{HOME}$"))
    expect(kiosk.locator("html")).to_have_attribute("lang", "zh-Hans")
