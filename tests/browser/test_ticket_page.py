"""The visitor's page on a phone: it follows the line by itself."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from queueing import actions
from queueing.models import State, Ticket
from tests.browser.conftest import NewContext
from tests.browser.guard import Guard, axe
from tests.browser.live import LiveHall
from tests.cast import Cast

SIZE = {"width": 390, "height": 844}
LONG = "Register a building project for work injury insurance"
COUNT_VIBRATIONS = """
window.vibrations = [];
Object.defineProperty(navigator, "vibrate", {value: (pattern) => window.vibrations.push(pattern)});
"""


@pytest.fixture
def hall(live_hall: LiveHall, cast: Cast) -> Cast:
    return cast


@pytest.fixture
def phone(new_context: NewContext, hall: Cast) -> Page:
    page = new_context(viewport=SIZE, is_mobile=True, has_touch=True).new_page()
    page.add_init_script(COUNT_VIBRATIONS)
    return page


def until(page: Page, condition: str) -> None:
    """Wait for a condition; Playwright's own way is barred by the CSP."""
    for _try in range(100):
        if page.evaluate(condition):
            return
        page.wait_for_timeout(50)
    raise AssertionError(condition)


def english(hall: Cast) -> Ticket:
    return hall.ticket(language="en")


def test_the_page_follows_a_visit(phone: Page, hall: Cast) -> None:
    hall.ticket()
    ticket = english(hall)
    seat = hall.sit()
    phone.goto(ticket.get_absolute_url())
    expect(phone.get_by_text("1 person")).to_be_visible()
    expect(phone).to_have_title("P002: 1 before you")
    first = actions.call_next(sitting=seat, by=hall.clerk)
    assert first is not None
    expect(phone.get_by_text("nobody, you are next")).to_be_visible()
    actions.no_show(ticket=first, by=hall.clerk)
    actions.call_next(sitting=seat, by=hall.clerk)
    expect(phone.locator(".counter-number")).to_have_text("3")
    expect(phone).to_have_title("P002: go to counter 3")
    expect(phone.locator("body")).to_have_class("visitor is-called")
    assert len(phone.evaluate("vibrations")) == 1
    actions.recall(ticket=ticket, by=hall.clerk)
    until(phone, "vibrations.length === 2")
    actions.start(ticket=ticket, by=hall.clerk)
    expect(phone.get_by_text("You are being served at counter 3.")).to_be_visible()
    expect(phone.locator("body")).to_have_class("visitor is-serving")
    actions.finish(ticket=ticket, by=hall.clerk)
    expect(phone.get_by_text("Thank you for coming.")).to_be_visible()
    assert len(phone.evaluate("vibrations")) == 2
    phone.get_by_role("button", name="Not satisfied").tap()  # it came with the live update
    expect(phone.get_by_text("You chose: not satisfied")).to_be_visible()
    phone.get_by_label("waited too long").check()
    phone.get_by_role("button", name="Send").tap()
    expect(phone.get_by_role("link", name="Follow your case")).to_be_visible()


@pytest.mark.parametrize("language", ["zh-hans", "zh-hant", "en"])
def test_nothing_for_axe_to_find(phone: Page, hall: Cast, guard: Guard, language: str) -> None:
    guard.expect("404.*nobodys-ticket")
    ticket = hall.ticket(language=language)
    for tail in ("", "cancel/", "print/"):
        phone.goto(ticket.get_absolute_url() + tail)
        axe(phone)
    phone.goto("/t/nobodys-ticket/")
    axe(phone)
    actions.call_next(sitting=hall.sit(), by=hall.clerk)
    phone.goto(ticket.get_absolute_url())
    axe(phone)
    for move in (actions.start, actions.hold):
        move(ticket=ticket, by=hall.clerk)
        phone.goto(ticket.get_absolute_url())
        axe(phone)
    actions.resume(ticket=ticket, sitting=hall.sit(), by=hall.clerk)
    actions.finish(ticket=ticket, by=hall.clerk)
    phone.goto(ticket.get_absolute_url())
    axe(phone)
    phone.locator("button[value=dissatisfied]").tap()
    expect(phone.locator("textarea")).to_be_visible()
    axe(phone)
    phone.goto(ticket.get_absolute_url())
    axe(phone)


@pytest.mark.layout
def test_nothing_is_cut_off_sideways(phone: Page, hall: Cast) -> None:
    hall.pension.service.name_en = LONG
    hall.pension.service.save()
    waiting, ticket = english(hall), english(hall)
    actions.call(ticket=ticket, sitting=hall.sit(), by=hall.clerk)
    for width in (390, 320, 195):
        phone.set_viewport_size({"width": width, "height": 600})
        for each in (waiting, ticket):
            phone.goto(each.get_absolute_url())
            assert phone.evaluate("document.documentElement.scrollWidth") <= width, width


def test_giving_up_the_place(phone: Page, hall: Cast) -> None:
    ticket = english(hall)
    phone.goto(ticket.get_absolute_url())
    phone.get_by_role("link", name="Give up my place").click()
    phone.get_by_role("link", name="Back to my ticket").click()
    phone.get_by_role("link", name="Give up my place").click()
    phone.get_by_role("button", name="Yes, give it up").click()
    expect(phone.get_by_text("You gave up your place.")).to_be_visible()
    ticket.refresh_from_db()
    assert ticket.state == State.CANCELLED


def test_without_a_network_it_says_how_old_it_is(phone: Page, hall: Cast, guard: Guard) -> None:
    guard.expect("ERR_INTERNET_DISCONNECTED")
    phone.clock.install()
    phone.goto(english(hall).get_absolute_url())
    expect(phone.get_by_text("No connection.")).to_be_hidden()
    phone.context.set_offline(True)
    phone.clock.run_for(15_000)
    notice = phone.get_by_text(re.compile(r"No connection\. This is how it was at \d\d:\d\d\."))
    expect(notice).to_be_visible()
    phone.context.set_offline(False)
    for _second in range(20):
        phone.clock.run_for(1000)
        phone.wait_for_timeout(50)
        if notice.is_hidden():
            return
    expect(notice).to_be_hidden()


@pytest.mark.layout
def test_the_paper_is_one_page(phone: Page, hall: Cast) -> None:
    hall.branch.name_en = "Nanshan Social Insurance Service Hall"
    hall.branch.save()
    hall.pension.service.name_en = LONG
    hall.pension.service.name_zh_hans = "工程建设项目工伤保险参保登记"
    hall.pension.service.save()
    for language in ("zh-hans", "en"):
        phone.goto(f"{hall.ticket(language=language).get_absolute_url()}print/")
        boxes = re.findall(rb"/MediaBox", phone.pdf(prefer_css_page_size=True))
        assert len(boxes) == 1, language
