"""Two tabs, two machines: a page that became another's says so by itself, and acts for nobody."""

from __future__ import annotations

import pytest
from playwright.sync_api import BrowserContext, Locator, Page, Route, expect

from complaints import actions as complaints
from queueing import actions
from queueing.models import Sitting, Ticket
from staff.models import Member
from tests.browser.conftest import NewContext, sign_in
from tests.browser.guard import Guard, axe
from tests.browser.live import LiveHall
from tests.browser.test_counter import SIZE, english, press, ready
from tests.cast import PASSWORD, Cast, gather, member

TOLD = "This page does nothing any more"


@pytest.fixture
def hall(live_hall: LiveHall) -> Cast:
    return gather()


@pytest.fixture
def machine(hall: Cast, new_context: NewContext, live_hall: LiveHall) -> BrowserContext:
    """The browser at which 李 begins the day, in English."""
    context = new_context(member=hall.clerk, viewport=SIZE)
    english(context, live_hall)
    return context


@pytest.fixture
def first(hall: Cast, machine: BrowserContext) -> Page:
    """The first tab: the desk at counter 3, with somebody in line."""
    hall.ticket()
    hall.sit(3)
    page = machine.new_page()
    page.goto("/counter/")
    ready(page)
    return page


def hold_refreshes(page: Page) -> list[Route]:
    """Keep what the desk fetches by itself from being asked: so quick may a sign-in be."""
    held: list[Route] = []
    page.route("**/counter/?seen=*", lambda route: held.append(route))
    return held


def change_hands(tab: Page, person: Member) -> None:
    """Sign out in a tab, and in as somebody else, as people do."""
    tab.goto("/counter/")
    tab.get_by_role("button", name="Sign out").click()
    tab.goto("/sign-in/")
    tab.get_by_label("Staff number").fill(person.staff_number)
    tab.get_by_label("Password").fill(PASSWORD)
    tab.get_by_label("Password").press("Enter")
    expect(tab.get_by_text(person.name_en, exact=True).first).to_be_visible()


def is_empty(page: Page) -> None:
    """The desk has no button any more, and the way on has the keyboard."""
    expect(page.get_by_role("heading", name=TOLD)).to_be_visible(timeout=5000)
    expect(page.get_by_role("link", name="Open the page anew")).to_be_focused()
    expect(page.locator("#main").get_by_role("button")).to_have_count(0)
    expect(page.get_by_role("button", name="Sign out")).to_have_count(0)
    page.keyboard.press("n")
    page.wait_for_timeout(300)
    assert not Ticket.objects.exclude(state="waiting").exists()


def says(page: Page, *sentences: str) -> Locator:
    alert = page.get_by_role("alert").filter(has_text=TOLD)
    for each in sentences:
        expect(alert).to_contain_text(each)
    return alert


@pytest.mark.smoke
def test_of_two_tabs_the_first_says_that_a_colleague_signed_in(
    hall: Cast, machine: BrowserContext, first: Page, guard: Guard
) -> None:
    hold_refreshes(first)
    second = machine.new_page()
    change_hands(second, hall.colleague)
    second.get_by_role("button", name="Counter 5").click()
    ready(second)
    is_empty(first)
    says(
        first,
        "This page belonged to Member N1003 at counter 3.",
        "Now Member N1004 is signed in on this machine.",
    )
    axe(first)
    first.keyboard.press("Enter")
    expect(first.get_by_role("heading", name="Counter 5")).to_be_visible()
    ready(first)
    press(first, "n", "called")
    assert Ticket.objects.get().counter == hall.counters[5]


def test_a_clerk_at_two_machines_acts_at_the_one_where_they_sit(
    hall: Cast, new_context: NewContext, live_hall: LiveHall, first: Page
) -> None:
    there = new_context(member=hall.clerk, viewport=SIZE)
    english(there, live_hall)
    second = there.new_page()
    second.goto("/counter/")
    actions.sit_down(counter=hall.counters[5], by=hall.clerk)
    for page in (first, second):
        is_empty(page)
        says(page, "Member N1003 at counter 3.", "You sit at counter 5 now.")
    axe(first)
    second.keyboard.press("Enter")
    expect(second.get_by_role("heading", name="Counter 5")).to_be_visible()
    ready(second)
    press(second, "n", "called")
    assert Ticket.objects.get().counter == hall.counters[5]
    expect(first.get_by_role("heading", name=TOLD)).to_be_visible()


def test_a_press_before_the_page_knows_is_answered_so(hall: Cast, first: Page) -> None:
    hold_refreshes(first)
    actions.sit_down(counter=hall.counters[5], by=hall.clerk)
    first.keyboard.press("n")
    is_empty(first)
    says(first, "You sit at counter 5 now.", "Nothing was changed.")
    assert Sitting.objects.unended().get().counter == hall.counters[5]


def test_a_note_begun_at_a_desk_that_changed_hands_is_kept(
    hall: Cast, machine: BrowserContext, live_hall: LiveHall, first: Page
) -> None:
    press(first, "n", "called")
    press(first, "s", "serving")
    first.keyboard.press("t")
    expect(first.get_by_label("Find a service")).to_be_focused()  # the panel has settled
    first.get_by_label("Note for the colleague").fill("has the copies")
    sign_in(machine, hall.colleague, live_hall.url)
    machine.new_page().goto("/counter/")
    says(first, "Now Member N1004 is signed in on this machine.")
    expect(first.get_by_label("This is what you wrote, to copy")).to_have_value("has the copies")
    axe(first)


def test_an_answer_that_is_being_written_stays_and_becomes_nobody_elses(
    hall: Cast, new_context: NewContext, live_hall: LiveHall, guard: Guard
) -> None:
    matter = complaints.receive(branch=hall.branch, kind="complaint", text="Two hours in line.")
    other = member("N1301", "郑洁", hall.branch, "complaint-handler")
    context = new_context(member=hall.handler, viewport=SIZE)
    english(context, live_hall)
    mine, theirs = context.new_page(), context.new_page()
    mine.goto(f"/matters/{matter.pk}/")
    answer = mine.get_by_label("Answer to the visitor")
    answer.fill("We are sorry, and")
    theirs.goto("/matters/")
    theirs.get_by_role("button", name="Sign out").click()
    theirs.goto("/sign-in/?next=/matters/")
    theirs.get_by_label("Staff number").fill(other.staff_number)
    theirs.get_by_label("Password").fill(PASSWORD)
    theirs.get_by_label("Password").press("Enter")
    says(mine, "This page belonged to Member N1300.", "Now Member N1301 is signed in")
    expect(answer).to_be_focused()  # nobody who writes is led away
    mine.keyboard.type(" it is mended.")
    expect(answer).to_have_value("We are sorry, and it is mended.")
    axe(mine)
    guard.expect("409")
    mine.get_by_role("button", name="Answer and close").click()
    says(mine, "Nothing was changed.")
    kept = mine.get_by_label("This is what you wrote, to copy")
    expect(kept).to_have_value("We are sorry, and it is mended.")
    axe(mine)
    assert matter.entries.count() == 1
    mine.get_by_role("link", name="Open the page anew").click()
    expect(mine.get_by_label("Answer to the visitor")).to_have_value("")
    expect(mine.locator(".who")).to_contain_text("Member N1301")
