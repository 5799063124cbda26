"""The lobby board in a browser: live, healing by itself, and readable."""

from __future__ import annotations

import contextlib
import datetime as dt
import re
from zoneinfo import ZoneInfo

import pytest
from django.db.models import F
from playwright.sync_api import BrowserContext, Error, Page, Route, ViewportSize, expect

from hall.models import Category, Counter, Notice, Offering, Service, Zone
from queueing import actions
from queueing.models import Ticket
from tests.browser.conftest import NewContext
from tests.browser.guard import Guard, axe
from tests.browser.live import LiveHall
from tests.cast import Cast, member

URL = "/board/nanshan/?lang=en"
PANEL: ViewportSize = {"width": 1920, "height": 1080}
MINUTE = 60_000
HOUR = 60 * MINUTE
SOON = 5000
LONG = "Report staff who joined or left by the 25th; the last days of the month are busy. "


@pytest.fixture
def wall(new_context: NewContext) -> BrowserContext:
    """The browser of a board: a large panel, and motion."""
    return new_context(viewport=PANEL, reduced_motion="no-preference")


@pytest.fixture
def board(cast: Cast, wall: BrowserContext) -> Page:
    """A board that has just been switched on."""
    return switch_on(wall)


def switch_on(context: BrowserContext, url: str = URL, is_live: bool = True) -> Page:
    """A board whose clock is in our hands; marked, so that a reload is noticed."""
    page = context.new_page()
    page.clock.install()
    page.add_init_script("addEventListener('hall:live', () => { window.told = true; })")
    page.goto(url)
    page.evaluate("window.mark = 1")
    if is_live:
        wait_until(page, "window.told")
    return page


def is_marked(page: Page) -> bool:
    """Whether it still is the page that was loaded first."""
    return bool(page.evaluate("window.mark === 1"))


def wait_until(page: Page, expression: str) -> None:
    """Until the page says so; our policy forbids it the evaluation that Playwright would do."""
    for _tenth in range(100):
        with contextlib.suppress(Error):  # it is just being loaded
            if page.evaluate(expression):
                return
        page.wait_for_timeout(100)
    raise AssertionError(f"{expression} did not become true")


def call(cast: Cast, number: int = 3) -> Ticket:
    """A visitor takes a ticket and is called to a counter."""
    cast.ticket()
    if number not in cast.counters:
        zone = Zone.objects.get(branch=cast.branch, floor=1)
        cast.counters[number] = Counter.objects.create(branch=cast.branch, number=number, zone=zone)
        cast.counters[number].services.set([cast.pension.service, cast.medical.service])
    person = cast.clerk if number == 3 else member(f"X{number}", "某某", cast.branch, "clerk")
    ticket = actions.call_next(sitting=cast.sit(number, person), by=person)
    assert ticket is not None
    return ticket


def many_lines(cast: Cast, count: int = 10) -> None:
    """More services in which somebody waits, one with a very long name, on another floor."""
    category = Category.objects.create(name_zh_hans="其他")
    zone = Zone.objects.create(branch=cast.branch, name_zh_hans="B区", name_en="Zone B", floor=2)
    for number in range(count):
        name = "Recognition of work injury insurance for building projects " * (number % 2 + 1)
        service = Service.objects.create(
            category=category,
            slug=f"s{number}",
            name_zh_hans=f"工程建设项目工伤保险参保登记{number}",
            name_en=name.strip(),
        )
        offering = Offering.objects.create(
            branch=cast.branch, service=service, prefix="QX", zone=zone
        )
        cast.ticket(offering)


def let_time_pass(page: Page, until: str) -> None:
    """Seconds of the page's clock in tenths of ours, until something can be seen."""
    for _second in range(90):
        if page.locator(until).is_visible():
            return
        page.clock.run_for(1000)
        page.wait_for_timeout(100)
    expect(page.locator(until)).to_be_visible()


# --- live ---


def test_a_call_comes_without_a_reload_and_rings_in_once(cast: Cast, board: Page) -> None:
    expect(board.locator(".calm")).to_be_visible()
    ticket = call(cast)
    row = board.locator(f"[data-code={ticket.code}]")
    expect(row).to_have_class("call rings", timeout=SOON)
    expect(board.locator("[data-newest]")).to_contain_text(ticket.code)
    board.clock.fast_forward(5000)
    cast.ticket()  # the next state, in which the call is no news
    expect(board.locator("td.waiting").first).to_have_text("1", timeout=SOON)
    expect(row).to_have_class("call")
    assert is_marked(board)


def test_a_call_that_was_there_before_does_not_ring(cast: Cast, wall: BrowserContext) -> None:
    ticket = call(cast)
    page = switch_on(wall)
    cast.ticket(cast.medical)
    expect(page.locator("td.waiting", has_text="1").first).to_be_visible(timeout=SOON)
    expect(page.locator(f"[data-code={ticket.code}]")).to_have_class("call")


def test_a_swap_goes_on_with_the_ring_where_it_was(cast: Cast, board: Page) -> None:
    ticket = call(cast)
    expect(board.locator(f"[data-code={ticket.code}]")).to_have_class("call rings", timeout=SOON)
    board.wait_for_timeout(500)
    played = board.evaluate(
        """() => {
            const region = document.querySelector("[data-live]");
            region.innerHTML = region.innerHTML.replace(" rings", "");
            region.dispatchEvent(new CustomEvent("hall:live"));
            return region.querySelector(".call").getAnimations()[0].currentTime;
        }"""
    )
    assert 400 <= played < 2400


def test_the_lines_take_turns_unless_somebody_stops_them(cast: Cast, wall: BrowserContext) -> None:
    many_lines(cast)
    page = switch_on(wall)
    pages = page.locator(".lines-page")
    expect(pages).to_have_count(2)
    expect(pages.nth(1)).to_be_hidden()
    page.clock.run_for(10_500)
    expect(pages.nth(0)).to_be_hidden()
    expect(pages.nth(1)).to_be_visible()
    call(cast)  # a new state leaves the page where it is
    expect(page.locator(".call")).to_be_visible(timeout=SOON)
    expect(pages.nth(1)).to_be_visible()
    page.locator("[data-pause]").focus()
    page.keyboard.press("Enter")
    page.clock.run_for(30_000)
    expect(pages.nth(1)).to_be_visible()
    page.keyboard.press("Enter")
    page.clock.run_for(10_500)
    expect(pages.nth(0)).to_be_visible()


def test_the_clock_is_the_branchs_whatever_the_device_thinks(
    cast: Cast, new_context: NewContext, guard: Guard
) -> None:
    guard.expect("ERR_FAILED|Failed to load resource")
    page = new_context(timezone_id="America/New_York", viewport=PANEL).new_page()
    page.clock.install(time=0)  # a device without a battery wakes up in 1970
    page.goto(URL)
    wait_until(page, "document.querySelector('[data-arrived]') !== null")
    face = page.locator("[data-clock=time]")
    told = dt.datetime.fromisoformat(str(page.locator("[data-now]").get_attribute("data-now")))
    expect(face).to_have_text(about(told))
    page.route("**/*", lambda route: route.abort())  # else the server sets the clock right
    page.clock.run_for(30 * MINUTE)
    expect(face).to_have_text(about(told + dt.timedelta(minutes=30)))


def about(moment: dt.datetime) -> re.Pattern[str]:
    """The minute on a clock in the branch, or the next one."""
    shanghai = moment.astimezone(ZoneInfo("Asia/Shanghai"))
    return re.compile("|".join(f"{shanghai + n * dt.timedelta(minutes=1):%H:%M}" for n in (0, 1)))


# --- notices ---


def test_notices_run_no_faster_than_six_characters_a_second(
    cast: Cast, wall: BrowserContext
) -> None:
    Notice.objects.create(text_zh_hans="长", text_en=LONG * 3)
    Notice.objects.create(text_zh_hans="短", text_en="iiiiiiiiii")  # the narrowest that there are
    page = switch_on(wall)
    speeds = page.evaluate(
        """() => [...document.querySelectorAll(".track:not(.again) li")].map(item => {
            const track = document.querySelector(".track:not(.again)");
            const again = document.querySelector(".again");
            const {duration} = track.getAnimations()[0].effect.getTiming();
            const speed = (again.offsetLeft - track.offsetLeft) / duration * 1000;
            const width = item.getBoundingClientRect().width / item.textContent.length;
            return speed / width;
        })"""
    )
    assert len(speeds) == 2
    assert 5 < max(speeds) <= 6


def test_a_call_leaves_the_running_notices_alone(cast: Cast, wall: BrowserContext) -> None:
    Notice.objects.create(text_zh_hans="长", text_en=(LONG * 4)[:300])
    page = switch_on(wall)
    page.evaluate("window.strip = document.querySelector('.track').getAnimations()[0]")
    call(cast)
    expect(page.locator(".call")).to_be_visible(timeout=SOON)
    assert page.evaluate("strip === document.querySelector('.track').getAnimations()[0]")


def test_a_new_notice_comes_by_itself(cast: Cast, board: Page) -> None:
    expect(board.locator(".board-notices")).to_be_hidden()
    Notice.objects.create(
        branch=cast.branch, text_zh_hans="新", text_en="The lift is out of order."
    )
    cast.ticket()
    expect(board.locator(".track li")).to_have_text("The lift is out of order.", timeout=SOON)


def test_running_can_be_stopped_by_keyboard(cast: Cast, wall: BrowserContext) -> None:
    Notice.objects.create(text_zh_hans="长", text_en=(LONG * 4)[:300])
    page = switch_on(wall)
    state = "document.querySelector('.track').getAnimations()[0].playState"
    assert page.evaluate(state) == "running"
    page.locator("[data-pause]").focus()
    expect(page.locator(".board-controls")).to_have_css("opacity", "1")
    page.keyboard.press("Enter")
    assert page.evaluate(state) == "paused"
    page.keyboard.press("Enter")
    assert page.evaluate(state) == "running"


def test_with_reduced_motion_notices_stand_one_after_the_other(
    cast: Cast, new_context: NewContext
) -> None:
    Notice.objects.create(text_zh_hans="一", text_en="First.", order=1)
    Notice.objects.create(text_zh_hans="二", text_en=LONG * 3, order=2)
    page = switch_on(new_context(viewport=PANEL))
    item = page.locator(".track li")
    expect(item).to_have_text("First.")
    page.clock.run_for(7000)
    expect(item).to_contain_text("Report staff")
    assert page.evaluate("document.querySelector('.track').getAnimations().length") == 0
    box = item.bounding_box()
    assert box is not None
    assert box["height"] <= 80  # a long one comes in parts that fit


# --- it heals by itself ---


def test_a_server_that_was_away_is_found_again(
    cast: Cast, board: Page, live_hall: LiveHall, guard: Guard
) -> None:
    guard.expect("ERR_|Failed to load resource")
    first = call(cast)
    expect(board.locator(f"[data-code={first.code}]")).to_be_visible(timeout=SOON)
    live_hall.stop()
    try:
        board.clock.run_for(11_000)
        expect(board.locator(".board-stale")).to_be_visible()
        expect(board.locator(".calls")).to_be_visible()
        board.clock.run_for(51_000)
        expect(board.locator(".board-lost")).to_be_visible()
        expect(board.locator(".board-lost")).to_contain_text("ground floor, right of the door")
        expect(board.locator(".calls")).to_be_hidden()
        board.clock.run_for(HOUR)
        assert is_marked(board)
        second = call(cast, 4)
    finally:
        live_hall.start()
    let_time_pass(board, until=f"[data-code={second.code}]")
    expect(board.locator(".board-lost")).to_be_hidden()
    expect(board.locator(".board-stale")).to_be_hidden()
    assert is_marked(board)


def newer(route: Route, status: int = 200) -> None:
    """Answer as a newer version of Hall would, whose stylesheet has another name."""
    if route.request.resource_type != "fetch":
        route.continue_()
        return
    answer = route.fetch()
    body = answer.text().replace("css/board.css", "css/board.0f1e2d3c.css")
    route.fulfill(response=answer, status=status, body=body)


def test_a_new_version_is_loaded_within_the_hour(cast: Cast, board: Page) -> None:
    board.route("**/board/nanshan/*", lambda route: newer(route))
    board.clock.fast_forward(70 * MINUTE)
    wait_until(board, "window.mark !== 1")


def test_the_same_version_is_left_alone(cast: Cast, board: Page) -> None:
    with board.expect_response(lambda answer: answer.request.resource_type == "fetch") as answer:
        board.clock.fast_forward(70 * MINUTE)
    answer.value.finished()
    board.wait_for_timeout(300)
    assert is_marked(board)


def test_an_error_page_never_takes_the_place_of_a_page(
    cast: Cast, board: Page, guard: Guard
) -> None:
    guard.expect("503")
    board.route("**/board/nanshan/*", lambda route: newer(route, status=503))
    with board.expect_response(lambda answer: answer.status == 503):
        board.clock.fast_forward(70 * MINUTE)
    board.wait_for_timeout(300)
    assert is_marked(board)


def test_a_page_that_came_without_its_script_is_loaded_again(
    cast: Cast, wall: BrowserContext, guard: Guard
) -> None:
    guard.expect("ERR_FAILED|Failed to load resource")
    wall.route("**/live.js", lambda route: route.abort())
    page = switch_on(wall, is_live=False)
    wall.unroute("**/live.js")
    page.clock.fast_forward(61_000)
    wait_until(page, "window.mark !== 1")
    ticket = call(cast)
    expect(page.locator(f"[data-code={ticket.code}]")).to_be_visible(timeout=SOON)


def test_without_scripts_it_loads_itself_anew(cast: Cast, new_context: NewContext) -> None:
    page = new_context(java_script_enabled=False, viewport=PANEL).new_page()
    page.goto(URL)
    assert page.locator("meta[http-equiv=refresh]").get_attribute("content") == "15"
    expect(page.locator(".calm")).to_be_visible()
    expect(page.locator(".board-controls")).to_have_css("opacity", "1")


# --- it can be read ---


@pytest.mark.layout
def test_six_calls_fit_beside_the_lines_in_digits_that_can_be_read(
    cast: Cast, wall: BrowserContext
) -> None:
    for number in (3, *range(31, 36)):
        call(cast, number)
    many_lines(cast)
    Notice.objects.create(text_zh_hans="通知", text_en=LONG)
    page = switch_on(wall)
    rows = page.locator(".call")
    expect(rows).to_have_count(6)
    assert page.evaluate("document.documentElement.scrollHeight") == PANEL["height"]
    sizes = rows.locator(".code").evaluate_all(
        "codes => codes.map(code => parseFloat(getComputedStyle(code).fontSize))"
    )
    assert min(sizes) >= 157  # 116 pixels of cap height
    assert sizes[0] > sizes[1]
    last, strip = rows.last.bounding_box(), page.locator(".board-notices").bounding_box()
    assert last is not None
    assert strip is not None
    assert last["y"] + last["height"] <= strip["y"] + 1
    for language in ("en", "zh-hans"):
        page.goto(f"/board/nanshan/?lang={language}")
        side = page.locator(".lines")
        assert side.evaluate("each => each.scrollHeight <= each.clientHeight + 2")


@pytest.mark.layout
@pytest.mark.parametrize("before", [0, 999])
@pytest.mark.parametrize("count", [2, 6, 8, 12, 16, 24, 34])
def test_a_long_number_keeps_clear_of_its_arrow(
    cast: Cast, wall: BrowserContext, before: int, count: int
) -> None:
    cast.pension.prefix = "WW"
    cast.pension.save()
    for counter in (3, *range(31, 30 + count)):
        call(cast, counter)
    if before:
        Ticket.objects.update(number=F("number") + before)
    page = switch_on(wall)
    expect(page.locator(".call")).to_have_count(count)
    room = page.locator(".call:visible").evaluate_all(
        """all => all.map(each => {
          const words = document.createRange();
          words.selectNodeContents(each.querySelector(".code"));
          return each.querySelector(".to").getBoundingClientRect().left
            - words.getBoundingClientRect().right;
        })"""
    )
    assert min(room) >= 10


def test_axe_finds_nothing_zoomed_in_or_with_every_counter_closed(
    cast: Cast, new_context: NewContext
) -> None:
    call(cast, 3)
    call(cast, 4)
    many_lines(cast, 3)
    Notice.objects.create(text_zh_hans="通知", text_en=LONG)
    page = new_context(viewport={"width": 960, "height": 540}).new_page()
    page.goto(URL)
    axe(page)
    page.set_viewport_size(PANEL)
    page.goto("/board/shekou/?lang=en")
    axe(page)


def name_width(page: Page) -> float:
    """How much room the name of the hall has."""
    box = page.locator(".board-head h1").bounding_box()
    assert box is not None
    return box["width"]


@pytest.mark.layout
def test_a_narrow_screen_scrolls_down_only(cast: Cast, new_context: NewContext) -> None:
    call(cast, 3)
    many_lines(cast, 3)
    page = new_context(viewport={"width": 320, "height": 640}).new_page()
    page.goto(URL)
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
    edges = page.locator(".call > *, .lines td, .board-clock").evaluate_all(
        "all => all.map(each => each.getBoundingClientRect().right)"
    )
    assert max(edges) <= 320  # nor is anything cut off
    assert name_width(page) > 200  # nor squeezed
