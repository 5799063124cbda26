"""The counter screen in a real browser: a whole visit without the mouse."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext, Dialog, Page, Route, expect

from hall.models import Offering
from queueing import actions, seats
from queueing.models import Step, Ticket
from tests.browser.guard import Guard, axe
from tests.browser.keys import tab_to
from tests.browser.live import LiveHall
from tests.cast import Cast, gather

END = ["finish", "reopen", "finish"]
SIZE = {"width": 1366, "height": 768}


@pytest.fixture
def hall(live_hall: LiveHall) -> Cast:
    """The hall of the tests, on the database of the running server."""
    return gather()


@pytest.fixture
def desk(hall: Cast, new_context: Callable[..., BrowserContext], live_hall: LiveHall) -> Page:
    """The clerk's page, in English, at the picker."""
    context = new_context(member=hall.clerk, viewport=SIZE)
    english(context, live_hall)
    page = context.new_page()
    page.goto("/counter/")
    return page


def english(context: BrowserContext, live_hall: LiveHall, language: str = "en") -> None:
    context.add_cookies([{"name": "django_language", "value": language, "url": live_hall.url}])


def sit(page: Page) -> None:
    """Sit down at counter 3 by keyboard."""
    page.get_by_role("button", name="Counter 3").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#now")).to_have_attribute("data-state", "idle")
    ready(page)


def ready(page: Page) -> None:
    """Wait for the keys to be listened to."""
    expect(page.locator("[data-keys-switch]")).to_be_visible()


def press(page: Page, key: str, state: str) -> None:
    """Press a key and wait for the desk to be in a state."""
    page.keyboard.press(key)
    expect(page.locator("#now")).to_have_attribute("data-state", state)


def moves(ticket: Ticket) -> list[str]:
    return list(Step.objects.filter(ticket=ticket).values_list("move", flat=True))


def test_a_whole_visit_without_the_mouse(hall: Cast, desk: Page) -> None:
    ticket, second = hall.ticket(), hall.ticket()
    axe(desk)
    sit(desk)
    axe(desk)
    press(desk, "n", "called")
    expect(desk.locator("#visitor")).to_have_text("P001")
    axe(desk)
    press(desk, "r", "called")
    expect(desk.get_by_text("P001 was called again.")).to_be_visible()
    expect(desk.locator("#announcer")).to_have_text("P001 called")
    press(desk, "s", "serving")
    axe(desk)
    desk.keyboard.press("h")
    expect(desk.get_by_label("What is the visitor fetching?")).to_be_focused()
    desk.keyboard.type("nfx copies")  # letters are typed, not pressed
    press(desk, "Enter", "idle")
    press(desk, "n", "called")
    press(desk, "x", "idle")
    desk.get_by_role("button", name="Go on P001").focus()
    press(desk, "Enter", "serving")
    expect(desk.locator(".note")).to_contain_text("nfx copies")
    press(desk, "f", "idle")
    press(desk, "u", "serving")
    press(desk, "f", "idle")
    expect(desk.locator("[data-served]")).to_have_text("1")
    assert moves(ticket) == ["issue", "call", "recall", "start", "hold", "resume", *END]
    assert moves(second) == ["issue", "call", "no_show"]


def test_transfer_by_keyboard(hall: Cast, desk: Page) -> None:
    ticket = hall.ticket()
    sit(desk)
    press(desk, "n", "called")
    press(desk, "s", "serving")
    desk.keyboard.press("t")
    find = desk.get_by_label("Find a service")
    expect(find).to_be_focused()
    axe(desk)
    desk.keyboard.press("Escape")
    expect(desk.locator("#key-t")).to_be_focused()
    expect(desk.locator("#panel form")).to_have_count(0)
    desk.keyboard.press("t")
    expect(find).to_be_focused()
    desk.keyboard.type("zzz")
    expect(desk.get_by_text("No service is called that.")).to_be_visible()
    find.fill("back med")
    expect(desk.get_by_role("radio", checked=True)).to_have_count(1)
    desk.keyboard.press("Tab")
    desk.keyboard.press("Tab")
    desk.keyboard.type("wrong line")
    press(desk, "Enter", "idle")
    ticket.refresh_from_db()
    assert ticket.service == hall.medical.service
    assert Step.objects.get(ticket=ticket, move="transfer").reason == "wrong line"


def test_the_arrows_choose_too(hall: Cast, desk: Page) -> None:
    hall.ticket()
    sit(desk)
    press(desk, "n", "called")
    press(desk, "s", "serving")
    desk.keyboard.press("t")
    expect(desk.get_by_label("Find a service")).to_be_focused()
    desk.keyboard.press("ArrowDown")
    expect(desk.get_by_role("radio", checked=True)).to_be_focused()
    press(desk, "Enter", "idle")
    assert Ticket.objects.get().service == hall.medical.service


def test_a_key_held_down_or_pressed_in_vain_does_nothing(hall: Cast, desk: Page) -> None:
    hall.ticket(), hall.ticket()
    sit(desk)
    press(desk, "x", "idle")
    press(desk, "f", "idle")
    for _each in range(4):
        desk.keyboard.down("n")  # without an up this repeats
    expect(desk.locator("#now")).to_have_attribute("data-state", "called")
    desk.keyboard.up("n")
    desk.keyboard.press("n")
    desk.keyboard.press("Control+s")
    desk.wait_for_timeout(300)
    expect(desk.locator("#now")).to_have_attribute("data-state", "called")
    assert Ticket.objects.filter(state="waiting").count() == 1


def test_single_keys_can_be_switched_off_and_stay_off(hall: Cast, desk: Page) -> None:
    hall.ticket()
    sit(desk)
    desk.get_by_label("Press single keys").uncheck()
    desk.reload()
    expect(desk.get_by_label("Press single keys")).not_to_be_checked()
    ready(desk)
    press(desk, "n", "idle")
    desk.wait_for_timeout(200)
    assert Ticket.objects.get().state == "waiting"
    desk.get_by_label("Press single keys").check()
    desk.locator("h1").click()
    press(desk, "n", "called")


def test_the_buttons_keep_their_place(hall: Cast, desk: Page) -> None:
    hall.ticket()
    sit(desk)

    def places() -> dict[str, object]:
        return {key: desk.locator(f"#key-{key}").bounding_box() for key in "nsfrhtbx"}

    before = places()
    for key, state in (("n", "called"), ("r", "called"), ("s", "serving"), ("f", "idle")):
        press(desk, key, state)
        desk.wait_for_timeout(150)
        assert places() == before
    press(desk, "n", "idle")
    expect(desk.get_by_text("Nobody is waiting for your counter.")).to_be_visible()
    assert places() == before


def test_a_change_in_the_hall_shows_without_a_reload(hall: Cast, desk: Page) -> None:
    sit(desk)
    hall.ticket()
    expect(desk.locator("#line .count")).to_have_text("1", timeout=5000)
    expect(desk.locator("#ahead")).to_contain_text("P001")


@pytest.mark.parametrize("key", ["h", "t"])
def test_a_change_in_the_hall_leaves_alone_what_is_being_typed(
    hall: Cast, desk: Page, key: str
) -> None:
    hall.ticket()
    sit(desk)
    press(desk, "n", "called")
    press(desk, "s", "serving")
    reason = desk.locator("#reason")
    desk.keyboard.press(key)
    expect(reason).to_be_visible()
    if key == "t":  # the list of services has the focus at first, and is left
        expect(desk.locator("#find")).to_be_focused()
        tab_to(reason)
    expect(reason).to_be_focused()
    desk.keyboard.type("cop")
    hall.ticket()
    expect(desk.locator("#line .count")).to_have_text("1", timeout=5000)
    desk.wait_for_timeout(100)  # htmx settles later than it shows
    desk.keyboard.type("ies")
    expect(reason).to_be_focused()
    expect(reason).to_have_value("copies")


def test_a_refresh_that_overtakes_a_press_does_not_swallow_its_answer(
    hall: Cast, desk: Page
) -> None:
    hall.ticket(), hall.ticket()
    sit(desk)
    late: list[Route] = []
    desk.route("**/call/", lambda route: late.append(route))
    desk.locator("#line").get_by_role("button", name="Call P002").click()
    with desk.expect_response(re.compile("seen=")):
        desk.evaluate("document.body.dispatchEvent(new CustomEvent('hall:refresh'))")
    desk.wait_for_timeout(100)
    late[0].continue_()
    expect(desk.locator("#now")).to_have_attribute("data-code", "P002")
    expect(desk.locator("#line .count")).to_have_text("1")


def test_who_is_displaced_sees_it(hall: Cast, desk: Page) -> None:
    sit(desk)
    actions.sit_down(counter=hall.counters[3], by=hall.colleague, take_over=True)
    told = desk.get_by_role("heading", name="You no longer sit at counter 3")
    expect(told).to_be_visible(timeout=5000)
    axe(desk)


def test_a_taken_counter_is_not_taken_over_by_one_press_too_many(hall: Cast, desk: Page) -> None:
    hall.sit(3, hall.colleague)
    desk.get_by_role("button", name="Counter 3").focus()
    desk.keyboard.press("Enter")
    expect(desk.get_by_role("heading", name="Take it over?")).to_be_visible()
    axe(desk)
    desk.keyboard.press("Enter")  # the way back has the focus
    expect(desk.get_by_role("heading", name="At which counter do you sit?")).to_be_visible()
    sitting = seats.current_sitting(hall.colleague)
    assert sitting is not None and sitting.counter.number == 3


def test_the_clock_of_the_visit_runs_by_the_servers_time(hall: Cast, desk: Page) -> None:
    hall.ticket()
    sit(desk)
    desk.clock.install(time="2001-01-01T00:00:00Z")  # a machine whose clock is wrong
    desk.reload()
    ready(desk)
    press(desk, "n", "called")
    running = desk.locator(".running")
    expect(running).to_have_text(re.compile(r"^0:0[0-3]$"))
    desk.clock.run_for(65_000)
    expect(running).to_have_text(re.compile(r"^1:0[5-9]$"))


def test_closing_the_window_with_a_visitor_asks(hall: Cast, desk: Page) -> None:
    hall.ticket()
    sit(desk)
    press(desk, "n", "called")
    asked: list[str] = []

    def stay(dialog: Dialog) -> None:
        asked.append(dialog.type)
        dialog.dismiss()

    desk.on("dialog", stay)
    desk.close(run_before_unload=True)
    desk.wait_for_timeout(300)
    assert asked == ["beforeunload"]
    press(desk, "b", "idle")
    with desk.expect_event("close"):
        desk.close(run_before_unload=True)


def test_settling_the_visitor_and_signing_out_by_keyboard(hall: Cast, desk: Page) -> None:
    hall.ticket()
    sit(desk)
    press(desk, "n", "called")
    desk.get_by_role("button", name="Sign out").focus()
    desk.keyboard.press("Enter")
    expect(desk.get_by_text("before you sign out?")).to_be_visible()
    axe(desk)
    desk.keyboard.press("Enter")  # the first way has the focus
    expect(desk).to_have_url(re.compile(r"/$"))
    assert Ticket.objects.get().state == "waiting"
    assert seats.current_sitting(hall.clerk) is None


def test_no_answer_is_seen(hall: Cast, desk: Page, guard: Guard) -> None:
    guard.expect(r"ERR_FAILED|htmx:sendError|htmx:afterRequest")
    hall.ticket()
    sit(desk)
    desk.route("**/counter/next/", lambda route: route.abort())
    desk.keyboard.press("n")
    expect(desk.get_by_text("The hall did not answer.")).to_be_visible()
    desk.unroute("**/counter/next/")
    press(desk, "n", "called")
    expect(desk.get_by_text("The hall did not answer.")).to_be_hidden()


def test_without_javascript(
    hall: Cast, new_context: Callable[..., BrowserContext], live_hall: LiveHall
) -> None:
    hall.ticket()
    context = new_context(member=hall.clerk, viewport=SIZE, java_script_enabled=False)
    english(context, live_hall)
    page = context.new_page()
    page.goto("/counter/")
    page.get_by_role("button", name="Counter 3").click()
    for name, state in (("Call next", "called"), ("Start", "serving")):
        page.get_by_role("button", name=name, exact=True).click()
        expect(page.locator("#now")).to_have_attribute("data-state", state)
    page.get_by_role("button", name="Transfer", exact=True).click()
    page.get_by_role("radio").first.check()
    page.locator("#panel").get_by_role("button", name="Transfer").click()
    expect(page.locator("#now")).to_have_attribute("data-state", "idle")


@pytest.mark.layout
@pytest.mark.parametrize(
    ("language", "scale"), [("zh-hans", 1), ("zh-hant", 2), ("en", 1), ("en", 2)]
)
def test_nothing_is_cut_off(
    hall: Cast,
    new_context: Callable[..., BrowserContext],
    live_hall: LiveHall,
    language: str,
    scale: int,
) -> None:
    long = "Apply for the transfer and continuation of the basic pension insurance relationship"
    hall.pension.service.name_en = long
    hall.pension.service.save()
    Offering.objects.update(is_open=True)
    ticket = hall.ticket()
    hall.sit()
    size = {"width": SIZE["width"] // scale, "height": SIZE["height"] // scale}
    context = new_context(member=hall.clerk, viewport=size)
    english(context, live_hall, language)
    page = context.new_page()
    page.goto("/counter/")
    ready(page)
    press(page, "n", "called")
    assert page.locator("#visitor").inner_text() == ticket.code
    axe(page)
    wider = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    assert page.evaluate(wider) == 0
    cut = """[...document.querySelectorAll('.actions .button')]
        .filter(each => each.scrollWidth > each.clientWidth).map(each => each.id)"""
    assert page.evaluate(cut) == []
