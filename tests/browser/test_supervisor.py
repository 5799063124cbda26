"""The supervisor's page in a real browser: live panels, and the roster by keyboard."""

from __future__ import annotations

import datetime as dt

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from complaints import actions as complaints
from complaints.models import Kind
from hall import calendar
from hall.calendar import Month
from queueing import actions
from ratings import actions as ratings
from staff.actions import put_on_duty
from staff.duty import leader
from tests.browser.conftest import NewContext
from tests.browser.guard import axe
from tests.browser.live import LiveHall
from tests.cast import Cast, gather

URL = "/supervisor/nanshan/"
SIZE = {"width": 1440, "height": 900}
SOON = 15_000


@pytest.fixture
def hall(live_hall: LiveHall) -> Cast:
    """The hall of the tests, on the database of the running server."""
    return gather()


def watching(hall: Cast, new_context: NewContext, url: str, **options: object) -> BrowserContext:
    context = new_context(member=hall.supervisor, viewport=SIZE, **options)
    context.add_cookies([{"name": "django_language", "value": "en", "url": url}])
    return context


def today(hall: Cast) -> dt.date:
    return calendar.local_day(hall.branch, dt.datetime.now(dt.UTC))


def test_the_panels_follow_the_hall_without_a_reload(
    hall: Cast, new_context: NewContext, live_hall: LiveHall
) -> None:
    page = watching(hall, new_context, live_hall.url).new_page()
    streams: list[str] = []
    page.on("request", lambda each: streams.append(each.url) if "/live/" in each.url else None)
    page.goto(URL)
    axe(page)
    page.evaluate("window.isTheSame = true")
    expect(page.locator("[data-arrived]").first).to_be_attached()

    seat, ticket = hall.sit(), hall.ticket()
    actions.call_next(sitting=seat, by=hall.clerk)
    counter = page.locator("#counter-3")
    expect(counter).to_have_attribute("data-state", "called", timeout=SOON)
    expect(counter).to_contain_text(ticket.code)
    counter.focus()
    actions.start(ticket=ticket, by=hall.clerk)
    expect(counter).to_have_attribute("data-state", "serving", timeout=SOON)
    expect(counter).to_be_focused()  # the place of the keyboard is kept
    actions.finish(ticket=ticket, by=hall.clerk)
    expect(page.locator("#rated-none")).to_have_text("1", timeout=SOON)
    ratings.rate(ticket=ticket, grade="dissatisfied", via="pad")
    expect(page.locator("#rated-bad")).to_have_text("1", timeout=SOON)
    expect(page.locator("#matters-open")).to_have_text("1", timeout=SOON)
    complaints.receive(
        branch=hall.branch, kind=Kind.COMPLAINT, text="words", about=[hall.supervisor]
    )
    put_on_duty(branch=hall.branch, day=today(hall), role="leader", member=hall.supervisor, by=None)
    expect(page.locator("[data-panel=duty] .leader")).to_contain_text(
        hall.supervisor.name_en, timeout=SOON
    )
    expect(page.locator("#matters-open")).to_have_text("1")
    axe(page)
    assert page.evaluate("window.isTheSame"), "the page was never loaded again"
    assert len(streams) == 1, "one stream a page"
    check_narrow(page)


def check_narrow(page: Page) -> None:
    """Zoomed in to 200 %, nothing is lost at the side."""
    page.set_viewport_size({"width": 720, "height": 450})
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0


@pytest.mark.once
def test_alarms_stay_open_and_the_roster_is_planned_by_keyboard(
    hall: Cast, new_context: NewContext, live_hall: LiveHall
) -> None:
    now = dt.datetime.now(dt.UTC)
    for days in range(1, 9):
        hall.ticket(now=now - dt.timedelta(days=days))
    page = watching(hall, new_context, live_hall.url).new_page()
    page.goto(URL)
    expect(page.locator("[data-arrived]").first).to_be_attached()
    more = page.locator("#alarms-more")
    more.locator("summary").press("Enter")
    expect(more).to_have_attribute("open", "")
    hall.ticket(hall.medical)
    expect(page.get_by_text("Claim back medical costs: 1 person waits")).to_be_visible(timeout=SOON)
    expect(more).to_have_attribute("open", "")

    month = Month.of(today(hall)).next
    day = next(each for each in month.days if each.weekday() == 0)
    page.goto(f"{URL}roster/?month={month}")
    axe(page)
    page.locator(f"#leader-{day}").focus()
    page.keyboard.type(hall.supervisor.name_en)
    page.keyboard.press("Tab")
    page.keyboard.type(hall.guide.name_en)
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.locator(f"#leader-{day}").focus()
    page.get_by_role("button", name="Save the roster").press("Enter")
    expect(page.get_by_text("1 day was saved.")).to_be_visible()
    assert leader(hall.branch, day) == hall.supervisor

    plain = watching(hall, new_context, live_hall.url, java_script_enabled=False).new_page()
    plain.goto(URL)
    expect(plain.locator("#counter-3")).to_be_visible()
    expect(plain.locator("#ratings-title")).to_be_visible()
