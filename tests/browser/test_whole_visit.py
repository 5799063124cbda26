"""From the kiosk to the month's figures, with every window open that the hall's people look at."""

from __future__ import annotations

import datetime as dt

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from complaints.models import Matter
from hall import calendar
from hall.calendar import Month
from queueing.models import Ticket
from ratings import actions
from ratings.models import Rating
from tests.browser.conftest import NewContext
from tests.browser.guard import Guard
from tests.browser.test_visit import take_a_ticket
from tests.cast import Cast

pytestmark = pytest.mark.django_db(transaction=True)
ANSWER = "对不起，让您久等了。我们已经增开一个窗口。"


def serve(desk: Page) -> None:
    """A visit by keyboard alone: call, start, finish."""
    for key, state in (("n", "called"), ("s", "serving"), ("f", "idle")):
        desk.keyboard.press(key)
        expect(desk.locator("#now")).to_have_attribute("data-state", state)


def count_loads(page: Page) -> None:
    """Notice when a page is loaded anew."""
    page.evaluate("window.first = true")


def is_as_opened(page: Page) -> bool:
    """Whether a page has never been loaded anew since."""
    return bool(page.evaluate("window.first === true"))


def test_from_the_ticket_to_the_months_summary(
    cast: Cast, new_context: NewContext, guard: Guard
) -> None:
    guard.expect("vibrate")  # a phone that nobody has touched yet keeps still
    desk = new_context(cast.clerk, viewport={"width": 1366, "height": 768}).new_page()
    desk.goto("/counter/")
    desk.locator(f"button[name=counter][value='{cast.counters[3].pk}']").click()
    pad = new_context(viewport={"width": 1024, "height": 600}).new_page()
    pad.goto("/pad/nanshan/3/")
    expect(pad.get_by_text("李晓梅")).to_be_visible()
    chief = new_context(cast.supervisor, viewport={"width": 1440, "height": 900}).new_page()
    chief.goto("/supervisor/nanshan/")
    expect(chief.locator("#rated-bad")).to_have_text("0")
    office = new_context(cast.handler, viewport={"width": 1366, "height": 768}).new_page()
    office.goto("/matters/")
    for page in (pad, chief, office):
        count_loads(page)

    # The ticket, and the visit at counter 3.
    hall = new_context(viewport={"width": 1080, "height": 1920})
    code = take_a_ticket(hall.new_page())
    visit = Ticket.objects.get()
    phone = new_context(viewport={"width": 390, "height": 844}).new_page()
    phone.goto(visit.get_absolute_url())
    serve(desk)

    # The pad asks by itself; the visitor is not satisfied, and says why.
    question = pad.locator(".pad-ask")
    expect(question).to_contain_text(code)
    question.locator("button[value=dissatisfied]").click()
    pad.locator("label.chip", has=pad.locator("input[value=waited]")).click()
    pad.locator("button.done").click()
    expect(pad.locator("form.why")).to_have_count(0)
    expect(pad.locator(".pad-thanks")).to_be_visible()
    rating = Rating.objects.get()
    assert (rating.grade, rating.ticket_id, rating.via) == ("dissatisfied", visit.pk, "pad")
    assert [each.reason for each in rating.remarks.all()] == ["waited"]

    # The case is in the box at once; the supervisor and the handler see it without reloading.
    matter = Matter.objects.get()
    assert (matter.ticket_id, matter.owner_id) == (visit.pk, cast.handler.pk)
    expect(chief.locator("#rated-bad")).to_have_text("1")
    expect(chief.locator("#matters-open")).to_have_text("1")
    row = office.locator(f"a[href='/matters/{matter.pk}/']")
    expect(row).to_be_visible()
    assert is_as_opened(chief) and is_as_opened(office)

    # It is answered, and the visitor, who holds the ticket, reads the answer.
    row.click()
    office.locator("#reply-text").fill(ANSWER)
    office.locator("button[name=and_close]").click()
    expect(office.locator(".entries")).to_contain_text(ANSWER)
    expect(chief.locator("#matters-answered")).to_have_text("1")
    expect(chief.locator("#matters-open")).to_have_text("0")
    phone.locator(f"a[href='{matter.get_absolute_url()}']").click()
    expect(phone.locator(".entry.reply")).to_contain_text(ANSWER)
    expect(pad.locator(".pad-card")).to_be_visible(timeout=15_000)

    # And the month knows both.
    month = Month.of(calendar.local_day(cast.branch, timezone.now()))
    over = calendar.month_bounds(cast.branch, month)[1] + dt.timedelta(hours=1)
    summary = actions.summarise(branch=cast.branch, month=month, now=over)
    whole = summary.rows.get(scope="branch")
    assert (whole.issued, whole.done, whole.dissatisfied, whole.unrated) == (1, 1, 1, 0)
    assert (whole.received, whole.answered_in_time, whole.overdue) == (1, 1, 0)
    chief.goto(f"/summary/nanshan/{month}/")
    expect(chief.locator("main")).to_contain_text("职工正常退休申请")
    expect(chief.locator("main")).to_contain_text("李晓梅")
