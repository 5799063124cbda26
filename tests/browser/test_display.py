"""A counter's own display in a browser."""

from __future__ import annotations

import pytest
from django.core.files.base import ContentFile
from playwright.sync_api import Page, ViewportSize, expect

from queueing import actions
from queueing.models import Ticket
from tests.browser.conftest import NewContext
from tests.browser.guard import Guard, axe
from tests.browser.live import LiveHall
from tests.browser.test_board import let_time_pass
from tests.cast import Cast

URL = "/board/nanshan/counters/3/?lang=en"
SMALL: ViewportSize = {"width": 800, "height": 480}
WIDE: ViewportSize = {"width": 1024, "height": 600}
SOON = 5000


@pytest.fixture
def display(cast: Cast, new_context: NewContext) -> Page:
    """The display above counter 3."""
    page = new_context(viewport=WIDE).new_page()
    page.clock.install()
    page.goto(URL)
    return page


def test_it_follows_the_counter(cast: Cast, display: Page) -> None:
    expect(display.get_by_text("This counter is closed")).to_be_visible()
    seat = cast.sit()
    expect(display.get_by_text("Please wait to be called")).to_be_visible(timeout=SOON)
    expect(display.locator(".card .name")).to_have_text("Member N1003")
    ticket = cast.ticket()
    actions.call_next(sitting=seat, by=cast.clerk)
    expect(display.locator(".code")).to_have_text(ticket.code, timeout=SOON)
    expect(display.get_by_text("Please come to this counter")).to_be_visible()
    actions.start(ticket=ticket, by=cast.clerk)
    expect(display.get_by_text("Being served")).to_be_visible(timeout=SOON)
    actions.finish(ticket=ticket, by=cast.clerk)
    expect(display.get_by_text("Please wait to be called")).to_be_visible(timeout=SOON)
    actions.leave(by=cast.clerk)
    expect(display.locator(".card")).to_have_count(0, timeout=SOON)


def test_a_broken_photo_leaves_the_initial(cast: Cast, display: Page, guard: Guard) -> None:
    guard.expect("404")
    cast.clerk.photo = "portraits/gone.png"
    cast.clerk.save()
    cast.sit()
    expect(display.locator(".card .initial")).to_be_visible(timeout=SOON)  # it came live
    expect(display.locator(".card img")).to_be_hidden()
    display.reload()
    expect(display.locator(".card .initial")).to_be_visible()
    expect(display.locator(".card img")).to_be_hidden()


def test_a_photo_that_is_no_picture_leaves_the_initial(cast: Cast, display: Page) -> None:
    cast.clerk.photo.save("li.png", ContentFile(b"no picture"))
    cast.sit()
    expect(display.locator(".card .name")).to_be_visible(timeout=SOON)
    expect(display.locator(".card img")).to_be_hidden()


def test_without_contact_it_says_so_and_comes_back(
    cast: Cast, display: Page, live_hall: LiveHall, guard: Guard
) -> None:
    guard.expect("ERR_|Failed to load resource")
    live_hall.stop()
    try:
        display.clock.run_for(11_000)
        expect(display.locator(".display-stale")).to_be_visible()
        display.clock.run_for(51_000)
        expect(display.locator(".display-lost")).to_be_visible()
        expect(display.locator(".display-body")).to_be_hidden()
        cast.sit()
    finally:
        live_hall.start()
    let_time_pass(display, until=".say.idle >> text=Please wait")
    expect(display.locator(".display-lost")).to_be_hidden()


@pytest.mark.layout
@pytest.mark.parametrize("size", [SMALL, WIDE], ids=["small", "wide"])
@pytest.mark.parametrize("number", [1, 1000])
def test_the_longest_number_fits(
    cast: Cast, new_context: NewContext, size: ViewportSize, number: int
) -> None:
    cast.pension.prefix = "WW"
    cast.pension.save()
    ticket = cast.ticket()
    Ticket.objects.filter(pk=ticket.pk).update(number=number)
    actions.call_next(sitting=cast.sit(), by=cast.clerk)
    page = new_context(viewport=size).new_page()
    for language in ("zh-hans", "zh-hant", "en"):
        page.goto(f"/board/nanshan/counters/3/?lang={language}")
        code = page.locator(".code")
        expect(code).to_have_text(f"WW{number:03}")
        assert code.evaluate("each => each.scrollWidth <= each.clientWidth")
        assert page.evaluate("document.documentElement.scrollHeight") == size["height"]


def test_axe_finds_nothing(cast: Cast, display: Page) -> None:
    axe(display)  # closed
    cast.sit()
    expect(display.locator(".card")).to_be_visible(timeout=SOON)
    axe(display)  # idle
