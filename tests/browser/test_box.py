"""The box in a browser: by keyboard to the receipt, and from the answer back to the visitor."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from complaints import actions
from complaints.models import Matter, State
from tests.browser.conftest import NewContext
from tests.browser.guard import Guard
from tests.browser.live import LiveHall
from tests.cast import Cast

ENGLISH = {"name": "django_language", "value": "en"}


@pytest.fixture
def hall(live_hall: LiveHall, cast: Cast) -> Cast:
    return cast


def opened(new_context: NewContext, hall: LiveHall, **options: object) -> Page:
    """A new browser that reads English."""
    context = new_context(**options)
    context.add_cookies([ENGLISH | {"url": hall.url}])  # type: ignore[list-item]
    return context.new_page()


def type_in(page: Page, *keys: str) -> None:
    """Press keys and write words, as somebody without a mouse does."""
    for key in keys:
        if key in ("Tab", "Enter", "Space", "ArrowDown", "Shift+Tab"):
            page.keyboard.press(key)
        else:
            page.keyboard.type(key)


@pytest.mark.smoke
def test_by_keyboard_from_the_first_word_to_the_receipt(
    new_context: NewContext, live_hall: LiveHall, hall: Cast, guard: Guard
) -> None:
    guard.expect("400")  # the ticket that there is not
    page = opened(new_context, live_hall, viewport={"width": 390, "height": 844})
    page.goto("/box/nanshan/")
    page.get_by_role("radio").first.focus()
    type_in(page, "Space", "ArrowDown", "Tab", "The lamp flickers.", "Tab", "Z999", "Enter")
    summary = page.get_by_role("alert")
    expect(summary).to_be_focused()
    expect(summary).to_contain_text("There is no ticket Z999")
    expect(page.get_by_label("What you want to tell us")).to_have_value("The lamp flickers.")
    expect(page.get_by_role("radio", name="I have a suggestion")).to_be_checked()
    page.get_by_role("button", name="EN English").click()  # a language loses no word
    expect(page.get_by_label("What you want to tell us")).to_have_value("The lamp flickers.")
    page.get_by_label("Ticket number").fill("")
    page.get_by_label("Telephone or e-mail").focus()
    type_in(page, "138 0013 8000", "Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Thank you. We have received it.")
    matter = Matter.objects.get()
    assert (matter.kind, matter.contact) == ("suggestion", "138 0013 8000")
    expect(page.locator("#reference")).to_have_text(matter.printed_reference)
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.get_by_role("button", name="Copy the number").click()
    expect(page.get_by_text("Copied.")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()") == matter.printed_reference
    for width in ("80mm", "210mm"):
        pdf = page.pdf(width=width, height="297mm")
        assert len(re.findall(rb"/MediaBox", pdf)) == 1, f"more than one page of {width}"
    page.goto("/box/nanshan/")
    page.get_by_label("What you want to tell us").fill("And another thing")
    page.goto("/board/")
    page.go_back()
    expect(page.get_by_label("What you want to tell us")).to_have_value("And another thing")


def test_the_handler_answers_and_the_visitor_reads_it(
    new_context: NewContext, live_hall: LiveHall, hall: Cast, guard: Guard
) -> None:
    guard.expect("409")  # somebody else was quicker
    desk = opened(new_context, live_hall, member=hall.handler)
    desk.goto("/matters/")
    expect(desk.get_by_text("There is nothing here now.")).to_be_visible()
    matter = actions.receive(branch=hall.branch, kind="complaint", text="Cold.", language="en")
    link = desk.get_by_role("link", name=re.compile("Complaint"))
    expect(link).to_be_visible()  # without a reload
    link.press("Enter")
    desk.get_by_label("Answer to the visitor").fill("The heating runs again.")
    actions.add_words(matter=matter, text="And dark.")
    expect(desk.get_by_text("And dark.")).to_be_visible()  # while the answer is being written
    expect(desk.get_by_label("Answer to the visitor")).to_have_value("The heating runs again.")
    desk.get_by_role("button", name="Answer and close").press("Enter")
    expect(desk.get_by_role("alert")).to_be_focused()
    expect(desk.get_by_label("Answer to the visitor")).to_have_value("The heating runs again.")
    desk.get_by_role("button", name="Answer and close").press("Enter")
    expect(desk.get_by_text("The answer is sent.")).to_be_visible()
    matter.refresh_from_db()
    assert matter.state == State.CLOSED
    phone = opened(new_context, live_hall, viewport={"width": 390, "height": 844})
    phone.goto("/inquiry/")
    phone.get_by_role("textbox").fill(matter.printed_reference)
    phone.keyboard.press("Enter")
    expect(phone.get_by_text("The heating runs again.")).to_be_visible()
    expect(phone.get_by_text("Closed", exact=True)).to_be_visible()
