"""A screen finds its place by itself, and comes back when it is taken out of use."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.conftest import NewContext
from tests.browser.guard import axe
from tests.browser.live import LiveHall
from tests.cast import Cast

pytestmark = pytest.mark.once

SCREENS = "/supervisor/nanshan/screens/"


@pytest.fixture
def hall(live_hall: LiveHall, cast: Cast) -> Cast:
    return cast


def in_english(context: BrowserContext, hall: LiveHall) -> Page:
    cookie = {"name": "django_language", "value": "en", "url": hall.url}
    context.add_cookies([cookie])  # type: ignore[list-item]
    return context.new_page()


def test_a_pad_finds_its_counter_and_comes_back(
    new_context: NewContext, hall: Cast, live_hall: LiveHall
) -> None:
    screen = in_english(new_context(viewport={"width": 1024, "height": 600}), live_hall)
    desk = in_english(new_context(hall.supervisor), live_hall)
    screen.clock.install()
    screen.goto("/screens/")
    axe(screen)
    screen.get_by_role("button", name="Show the pairing code").click()
    axe(screen)
    first = code_on(screen)
    desk.goto(SCREENS)
    desk.get_by_label("Code on the screen").fill(first.lower())
    desk.get_by_label("Rating pad").check()
    desk.get_by_role("button", name="Pair this screen").click()
    expect(desk.get_by_role("alert")).to_contain_text("choose the counter")
    axe(desk)
    desk.get_by_label("Counter", exact=True).select_option(label="Counter 3")
    desk.get_by_role("button", name="Pair this screen").click()
    expect(desk.get_by_role("status").first).to_contain_text("Rating pad at counter 3 is paired.")
    screen.clock.run_for(3500)
    expect(screen).to_have_url(re.compile("/pad/nanshan/3/$"))
    screen.goto("/screens/")
    expect(screen).to_have_url(re.compile("/pad/nanshan/3/$"))

    desk.goto(SCREENS)
    desk.get_by_text("Take out of use").click()
    axe(desk)
    desk.get_by_role("button", name="Yes, take it out of use").click()
    screen.clock.run_for(25_000)
    expect(screen).to_have_url(re.compile("/screens/$"))
    assert code_on(screen) != first


def code_on(screen: Page) -> str:
    """The code that a screen shows, large enough to be read from 3 m."""
    shown = screen.locator("[data-code]")
    expect(shown).to_be_visible()
    assert shown.bounding_box()["height"] >= 100  # type: ignore[index]
    return shown.inner_text().replace(" ", "")
