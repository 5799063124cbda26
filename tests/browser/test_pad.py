"""The rating pad in a browser: idle, asked, tapped, thanked, idle; by finger and by keyboard."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, ViewportSize, expect

from queueing import actions
from queueing.models import Ticket
from ratings.models import Rating
from ratings.screens.pad import PAD_SECONDS
from tests.browser.conftest import NewContext
from tests.browser.guard import Guard, axe
from tests.browser.keys import tab_to
from tests.browser.live import LiveHall
from tests.browser.test_board import let_time_pass
from tests.cast import Cast, rule

PAD: ViewportSize = {"width": 1024, "height": 600}
SOON = 5000
THANKS = ".pad-front .pad-thanks"


@pytest.fixture
def pad(cast: Cast, new_context: NewContext) -> Page:
    """The pad of counter 3."""
    page = new_context(viewport=PAD, has_touch=True).new_page()
    page.clock.install()
    page.goto("/pad/nanshan/3/?lang=zh-hans")
    return page


def called(cast: Cast) -> Ticket:
    """An English visitor comes to the counter."""
    ticket = cast.ticket(language="en")
    actions.call(ticket=ticket, sitting=cast.sit(), by=cast.clerk)
    return actions.start(ticket=ticket, by=cast.clerk)


def served(cast: Cast) -> Ticket:
    return actions.finish(ticket=called(cast), by=cast.clerk)


@pytest.mark.smoke
def test_a_visit_is_rated_as_the_clerk_finishes_it(
    cast: Cast, pad: Page, new_context: NewContext
) -> None:
    """Finished at the desk, asked and tapped on the pad; a live update leaves the thanks alone."""
    expect(pad.locator(".pad-closed")).to_be_visible()
    ticket = called(cast)
    expect(pad.locator(".pad-card .name")).to_have_text("李晓梅", timeout=SOON)
    axe(pad)
    desk = new_context(cast.clerk).new_page()
    desk.goto("/counter/")
    desk.locator("#key-f").click()
    expect(pad.locator(".pad-ask h1")).to_have_text("How was your visit?", timeout=SOON)
    expect(pad.locator(".pad-ask")).to_contain_text(ticket.code)
    expect(pad.locator(".pad-card")).to_be_hidden()
    axe(pad)
    assert fits(pad)
    pad.get_by_role("button", name="Basically satisfied").tap()
    expect(pad.locator(THANKS)).to_contain_text("You chose: basically satisfied")
    axe(pad)
    assert fits(pad)
    pad.locator(THANKS).get_by_label("slow at the counter").tap()
    actions.leave(by=cast.clerk)
    cast.sit(3, cast.colleague)
    expect(pad.locator(".pad-idle .name")).to_have_text("王建国", timeout=SOON)
    expect(pad.locator(THANKS).get_by_label("slow at the counter")).to_be_checked()
    pad.get_by_role("button", name="Done").tap()
    expect(pad.locator(THANKS)).to_contain_text("Thank you for telling us.")
    pad.clock.run_for(6000)
    expect(pad.locator(THANKS)).to_have_count(0)
    expect(pad.locator(".pad-card .name")).to_be_visible()
    expect(pad.locator(".pad-ask")).to_have_count(0)
    rating = Rating.objects.get()
    assert (rating.ticket, rating.grade) == (ticket, "basically")
    assert [each.reason for each in rating.remarks.all()] == ["slow"]


def test_by_keyboard_and_in_another_language(cast: Cast, pad: Page) -> None:
    """A language lasts for one visitor; nobody touches the thanks, and they go away."""
    served(cast)
    expect(pad.locator(".pad-ask")).to_be_visible(timeout=SOON)
    pad.locator(".pad-ask .languages a[lang=zh-hant]").press("Enter")
    expect(pad.locator(".pad-ask[lang=zh-hant]")).to_be_visible()
    pad.locator("main").focus()
    tab_to(pad.locator(".pad-ask .faces button").first)
    pad.keyboard.press("Enter")
    expect(pad.locator(f"{THANKS} h1")).to_be_focused()
    expect(pad.locator(f"{THANKS}[lang=zh-hant]")).to_be_visible()
    assert Rating.objects.get().grade == "satisfied"
    tab_to(pad.locator(".done"))
    pad.clock.run_for(21_000)
    expect(pad.locator(THANKS)).to_have_count(0)
    pad.clock.run_for(31_000)
    expect(pad).to_have_url("/pad/nanshan/3/?lang=zh-hans")


def test_a_question_ends_by_itself_and_an_outage_loses_no_tap(
    cast: Cast, pad: Page, live_hall: LiveHall, guard: Guard
) -> None:
    guard.expect("ERR_|Failed to load resource")
    question = pad.locator(".pad-ask")
    asks_for(cast, 5)
    served(cast)
    expect(question).to_be_visible(timeout=SOON)
    pad.clock.run_for(6000)
    expect(question).to_have_count(0)
    expect(pad.locator(".pad-card")).to_be_visible()
    asks_for(cast, 3600)
    served(cast)
    expect(question).to_be_visible(timeout=SOON)
    following = called(cast)
    expect(question).to_have_count(0, timeout=SOON)
    actions.finish(ticket=following, by=cast.clerk)
    expect(question).to_be_visible(timeout=SOON)
    live_hall.stop()
    try:
        pad.get_by_role("button", name="Not satisfied").tap()
        expect(pad.locator("[data-no-answer]")).to_be_visible()
        assert not Rating.objects.exists()
    finally:
        live_hall.start()
    pad.get_by_role("button", name="Not satisfied").tap()
    expect(pad.locator(THANKS)).to_contain_text("We are sorry.")
    assert Rating.objects.get().ticket == following
    live_hall.stop()
    try:
        pad.clock.run_for(62_000)
        expect(pad.locator(THANKS)).to_have_count(0)
        expect(pad.locator(".pad-lost")).to_be_visible()
    finally:
        live_hall.start()
    let_time_pass(pad, until=".pad-card .name")
    expect(pad.locator(".pad-lost")).to_be_hidden()


@pytest.mark.layout
@pytest.mark.parametrize("language", ["zh-hans", "zh-hant", "en"])
def test_the_question_and_the_thanks_fit(
    cast: Cast, new_context: NewContext, language: str
) -> None:
    served(cast)
    pad = new_context(viewport=PAD, has_touch=True).new_page()
    pad.goto(f"/pad/nanshan/3/?lang={language}")
    pad.locator(".pad-ask .languages a[lang=en]").press("Enter")
    expect(pad.locator(".pad-ask[lang=en]")).to_be_visible()
    assert fits(pad)
    pad.get_by_role("button", name="Not satisfied").tap()
    expect(pad.locator(THANKS)).to_be_visible()
    assert fits(pad)


def asks_for(cast: Cast, seconds: int) -> None:
    """How long the pads of the branch ask from now on."""
    rule(cast.branch, PAD_SECONDS, seconds)


def fits(page: Page) -> bool:
    """Whether nothing is cut off."""
    return bool(
        page.evaluate(
            "[...document.querySelectorAll('.pad-front > *, .pad-live > *, .face, .chip')]"
            ".every((each) => each.scrollHeight <= each.clientHeight + 1"
            " && each.scrollWidth <= each.clientWidth + 1)"
        )
    )
