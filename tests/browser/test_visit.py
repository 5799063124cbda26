"""A whole visit with five screens open at once, none of them reloaded."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from queueing.models import State, Ticket
from tests.browser.conftest import NewContext
from tests.cast import Cast

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.smoke]
SPOKEN = """
window.spoken = [];
document.addEventListener("hall:spoken", (event) => window.spoken.push(event.detail));
window.loads = (window.loads || 0) + 1;
"""


def take_a_ticket(kiosk: Page) -> str:
    """One visitor at the kiosk: category, service, ticket; the code."""
    kiosk.goto("/kiosk/nanshan/")
    kiosk.get_by_role("link", name="养老保险").click()
    kiosk.get_by_role("button", name="职工正常退休申请").click()
    code = kiosk.locator(".ticket-code").first
    expect(code).to_be_visible()
    return code.inner_text().strip()


def wait_until(page: Page, is_so: Callable[[], bool]) -> None:
    """Wait for something in the page (its own `wait_for_function` needs eval)."""
    for _ in range(150):
        if is_so():
            return
        page.wait_for_timeout(100)
    raise AssertionError("It never came about.")


def test_from_the_kiosk_to_the_end_with_every_screen_open(
    cast: Cast, new_context: NewContext
) -> None:
    context = new_context(viewport={"width": 1080, "height": 1920})
    context.add_init_script(SPOKEN)
    board, display = context.new_page(), context.new_page()
    board.goto("/board/nanshan/")
    display.goto("/board/nanshan/counters/3/")
    desk = new_context(cast.clerk, viewport={"width": 1366, "height": 768}).new_page()
    desk.goto("/counter/")
    desk.locator(f"button[name=counter][value='{cast.counters[3].pk}']").click()
    expect(display.get_by_text("李晓梅")).to_be_visible()

    kiosk = context.new_page()
    code = take_a_ticket(kiosk)
    ticket = Ticket.objects.get()
    phone = new_context(viewport={"width": 390, "height": 844}).new_page()
    phone.goto(ticket.get_absolute_url())
    expect(phone.locator("[data-ticket]")).to_have_attribute("data-state", "waiting")
    expect(board.locator("main")).to_contain_text("职工正常退休申请")

    desk.keyboard.press("n")
    row = board.locator(f"[data-code='{code}'][data-counter='3']")
    expect(row).to_be_visible()
    expect(phone.locator("[data-ticket]")).to_have_attribute("data-state", "called")
    expect(phone.locator(".counter-number")).to_have_text("3")
    expect(display.get_by_text(code)).to_be_visible()
    wait_until(board, lambda: board.evaluate("window.spoken.length") > 0)

    desk.keyboard.press("s")
    expect(phone.locator("[data-ticket]")).to_have_attribute("data-state", "serving")
    desk.keyboard.press("f")
    expect(phone.locator("[data-ticket]")).to_have_attribute("data-state", "done")
    expect(display.get_by_text(code)).to_have_count(0)
    expect(row).to_have_count(0)

    ticket.refresh_from_db()
    assert ticket.state == State.DONE
    assert ticket.state_since <= timezone.now()
    assert list(ticket.steps.values_list("move", flat=True)) == ["issue", "call", "start", "finish"]
    assert board.evaluate("window.loads") == 1, "the board was never loaded again"
    spoken = board.evaluate("window.spoken.map((each) => each.id)")
    assert len(spoken) == len(set(spoken)) == 1, "a call is spoken once"
