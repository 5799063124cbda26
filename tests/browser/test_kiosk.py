"""The kiosk under a finger: its real size, its clock, and a server that goes away."""

from __future__ import annotations

import re
from itertools import product

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, Route, expect

from hall.models import Category, Offering, Service
from queueing.models import Lane, Ticket
from tests.browser.conftest import NewContext
from tests.browser.guard import Guard, axe
from tests.browser.keys import tab_to
from tests.browser.live import LiveHall
from tests.cast import Cast

SIZE = {"width": 1080, "height": 1920}
LANGUAGES = ("zh-hans", "zh-hant", "en")
HOME = "/kiosk/nanshan/"
AWAY = re.compile("/(readyz|take/)$")


@pytest.fixture
def hall(live_hall: LiveHall, cast: Cast) -> Cast:
    return cast


@pytest.fixture
def kiosk(new_context: NewContext, hall: Cast, live_hall: LiveHall) -> Page:
    """A kiosk of the branch, in English."""
    return open_kiosk(new_context, live_hall)


def open_kiosk(
    new_context: NewContext, live_hall: LiveHall, language: str = "en", **options: object
) -> Page:
    context = new_context(viewport=SIZE, **options)
    cookie = {"name": "django_language", "value": language, "url": live_hall.url}
    context.add_cookies([cookie])  # type: ignore[list-item]
    return context.new_page()


def steps(hall: Cast) -> list[str]:
    category = f"{HOME}{hall.pension.service.category_id}/"
    ticket = hall.ticket()
    return [
        "/kiosk/",
        HOME,
        category,
        f"{category}?lane=assisted",
        f"{category}{hall.pension.pk}/",
        f"{HOME}help/",
        f"{HOME}ticket/{ticket.token}/",
    ]


def fill(hall: Cast) -> None:
    """As many categories as a kiosk may have, and five services with long names."""
    for number in range(10):
        Category.objects.create(
            name_zh_hans=f"参保信息维护{number}",
            name_en=f"Unemployment and records {number}",
            icon="unemployment",
        )
    for category, number in product(Category.objects.exclude(services__gt=0), range(5)):
        service = Service.objects.create(
            category=category,
            slug=f"s-{category.pk}-{number}",
            name_zh_hans="工程建设项目工伤保险参保登记",
            name_en="Register a building project for work injury insurance",
        )
        Offering.objects.create(branch=hall.branch, service=service, prefix="Z")


def small(page: Page, what: str, height: int) -> list[str]:
    """Whatever of ``what`` is visible and lower than ``height``."""
    found: list[str] = page.locator(what).evaluate_all(
        "(all, height) => all.filter(e => e.checkVisibility() && e.getBoundingClientRect().height"
        " < height - 0.5).map(e => e.outerHTML)",
        height,
    )
    return found


def scrolls(page: Page) -> bool:
    return bool(page.evaluate("document.documentElement.scrollHeight > innerHeight"))


def test_a_ticket_with_two_touches(kiosk: Page, hall: Cast) -> None:
    kiosk.goto(HOME)
    kiosk.get_by_role("link", name="Pension").click()
    kiosk.get_by_role("button", name="Apply for retirement").click()
    expect(kiosk.get_by_role("heading", name="Your number")).to_be_visible()
    expect(kiosk.locator(".ticket-code")).to_have_text("P001")
    assert Ticket.objects.get().language == "en"
    kiosk.get_by_role("link", name="Done").click()
    expect(kiosk).to_have_url(re.compile(f"{HOME}$"))
    expect(kiosk.locator("html")).to_have_attribute("lang", "zh-Hans")


def test_without_scripts(new_context: NewContext, hall: Cast, live_hall: LiveHall) -> None:
    kiosk = open_kiosk(new_context, live_hall, java_script_enabled=False)
    kiosk.goto(HOME)
    kiosk.get_by_role("link", name="Pension").click()
    kiosk.get_by_role("button", name="I need extra help").click()
    kiosk.get_by_role("button", name="Apply for retirement").click()
    expect(kiosk.locator(".ticket-code")).to_have_text("P001")
    assert Ticket.objects.get().lane == Lane.ASSISTED
    kiosk.get_by_role("button", name="Large type").click()
    expect(kiosk.locator("body")).to_have_class("kiosk large")
    kiosk.get_by_role("link", name="Start over").click()
    expect(kiosk.locator("body")).to_have_class("kiosk ")


def test_by_keyboard_alone(kiosk: Page) -> None:
    kiosk.goto(HOME)
    tab_to(kiosk.get_by_role("link", name="Pension"))
    kiosk.keyboard.press("Enter")
    kiosk.wait_for_url("**/nanshan/*/")
    tab_to(kiosk.get_by_role("button", name="Apply for retirement"))
    kiosk.keyboard.press("Enter")
    expect(kiosk.locator(".ticket-code")).to_have_text("P001")


def test_a_double_tap_is_one_ticket(kiosk: Page, hall: Cast) -> None:
    kiosk.goto(f"{HOME}{hall.pension.service.category_id}/")
    kiosk.get_by_role("button", name="Apply for retirement").dblclick()
    expect(kiosk.locator(".ticket-code")).to_have_text("P001")
    assert Ticket.objects.count() == 1


@pytest.mark.parametrize("language", LANGUAGES)
def test_everybody_can_read_and_touch_it(
    new_context: NewContext, hall: Cast, live_hall: LiveHall, language: str
) -> None:
    kiosk = open_kiosk(new_context, live_hall, language)
    for address in steps(hall):
        kiosk.goto(address)
        axe(kiosk)
        found = Axe().run(kiosk, options={"runOnly": ["color-contrast-enhanced"]})
        assert found.violations_count == 0, found.generate_report()
        assert small(kiosk, "main a, main button, footer a, footer button, header button", 96) == []
        assert [each for each in text_sizes(kiosk) if each < 32] == []


def text_sizes(page: Page) -> list[float]:
    """The sizes of all text that is shown, in pixels; the link for keyboards is not."""
    sizes: list[float] = page.locator("body *:not(.skip)").evaluate_all(
        "all => all.filter(e => e.checkVisibility()"
        " && [...e.childNodes].some(n => n.nodeType === 3 && n.data.trim()))"
        ".map(e => parseFloat(getComputedStyle(e).fontSize))"
    )
    return sizes


@pytest.mark.layout
@pytest.mark.parametrize("language", LANGUAGES)
def test_the_first_step_never_scrolls(
    new_context: NewContext, hall: Cast, live_hall: LiveHall, language: str
) -> None:
    fill(hall)
    kiosk = open_kiosk(new_context, live_hall, language)
    kiosk.goto(HOME)
    for mode in ("", "large", "low"):
        if kiosk.locator("[aria-pressed=true]").count():
            kiosk.locator("[aria-pressed=true]").click()
            expect(kiosk.locator("[aria-pressed=true]")).to_have_count(0)
        if mode:
            kiosk.locator(f"[value={mode}]").click()
        expect(kiosk.locator("body")).to_have_class(f"kiosk {mode}")
        assert kiosk.locator(".tile").count() == 12
        assert not scrolls(kiosk), mode
        assert spilt(kiosk) == [], mode
    tops = kiosk.locator(".tile").evaluate_all(
        "all => all.map(each => each.getBoundingClientRect().top)"
    )
    assert min(tops) >= SIZE["height"] * 0.45


def spilt(page: Page) -> list[str]:
    """The tiles whose words do not fit."""
    words: list[str] = page.locator(".tile").evaluate_all(
        "all => all.filter(e => e.scrollWidth > e.clientWidth).map(e => e.innerText)"
    )
    return words


@pytest.mark.layout
def test_nothing_is_cut_off_sideways(kiosk: Page, hall: Cast) -> None:
    fill(hall)
    addresses = steps(hall)
    for width in (1080, 768, 540, 390, 320):
        kiosk.set_viewport_size({"width": width, "height": 960})
        for address in addresses:
            kiosk.goto(address)
            assert kiosk.evaluate("document.documentElement.scrollWidth") <= width, address


def test_the_figures_follow_the_line(kiosk: Page, hall: Cast) -> None:
    kiosk.goto(f"{HOME}{hall.pension.service.category_id}/")
    before = kiosk.locator("[name=request_id]").input_value()
    expect(kiosk.locator(".waits")).to_contain_text("0 people waiting")
    hall.ticket()
    expect(kiosk.locator(".waits")).to_contain_text("1 person waiting")
    Offering.objects.filter(pk=hall.pension.pk).update(is_open=False)
    hall.ticket(hall.medical)
    expect(kiosk.locator(".take")).to_be_disabled()
    assert kiosk.locator("[name=request_id]").input_value() == before


def test_the_ticket_makes_room_for_the_next_visitor(kiosk: Page, hall: Cast) -> None:
    kiosk.clock.install()
    kiosk.goto(f"{HOME}ticket/{hall.ticket().token}/")
    countdown = kiosk.locator("[data-countdown]")
    expect(countdown).to_have_text(re.compile(r"Back to the start in \d+ seconds"))
    kiosk.clock.run_for(4000)
    expect(countdown).to_have_text(re.compile(r"Back to the start in \d seconds"))
    kiosk.get_by_role("button", name="More time").click()
    kiosk.clock.run_for(30_000)
    expect(kiosk.locator(".ticket-code")).to_be_visible()
    kiosk.clock.run_for(31_000)
    expect(kiosk).to_have_url(re.compile(f"{HOME}$"))
    expect(kiosk.locator("html")).to_have_attribute("lang", "zh-Hans")


def test_who_has_gone_is_asked_and_forgotten(kiosk: Page, hall: Cast) -> None:
    kiosk.clock.install()
    kiosk.goto(f"{HOME}{hall.pension.service.category_id}/")
    kiosk.clock.run_for(41_000)
    question = kiosk.get_by_role("dialog", name="Are you still there?")
    expect(question).to_be_visible()
    axe(kiosk)
    question.get_by_role("button", name="Yes, go on").click()
    expect(question).to_be_hidden()
    kiosk.clock.run_for(30_000)
    expect(question).to_be_hidden()
    kiosk.clock.run_for(26_000)
    expect(kiosk).to_have_url(re.compile(f"{HOME}$"))


def test_nobody_is_asked_at_the_start(new_context: NewContext, hall: Cast) -> None:
    kiosk = new_context(viewport=SIZE).new_page()
    kiosk.clock.install()
    kiosk.goto(HOME)
    kiosk.clock.run_for(120_000)
    expect(kiosk.locator("#still-there")).to_be_hidden()


@pytest.mark.parametrize("answer", [None, 502])
def test_a_server_that_is_away_costs_no_ticket(
    kiosk: Page, hall: Cast, guard: Guard, answer: int | None
) -> None:
    guard.expect("ERR_FAILED|502")
    kiosk.goto(f"{HOME}{hall.pension.service.category_id}/")
    kiosk.route("**/take/", lambda route: fail(route, answer))
    kiosk.get_by_role("button", name="Apply for retirement").click()
    sentence = kiosk.get_by_role("dialog", name="One moment, please")
    expect(sentence).to_contain_text("ground floor, right of the door")
    axe(kiosk)
    assert not Ticket.objects.exists()
    kiosk.unroute("**/take/")
    expect(kiosk.locator(".ticket-code")).to_have_text("P001", timeout=10_000)
    assert Ticket.objects.count() == 1


def fail(route: Route, answer: int | None) -> None:
    """The server does not answer, or something in front of it does."""
    if answer is None:
        route.abort()
    else:
        route.fulfill(status=answer)


def test_an_answer_that_got_lost_is_no_second_ticket(kiosk: Page, hall: Cast, guard: Guard) -> None:
    guard.expect("ERR_FAILED")
    kiosk.goto(f"{HOME}{hall.pension.service.category_id}/")
    kiosk.route("**/take/", take_and_lose)
    kiosk.get_by_role("button", name="Apply for retirement").click()
    expect(kiosk.get_by_role("dialog", name="One moment, please")).to_be_visible()
    assert Ticket.objects.count() == 1
    kiosk.unroute("**/take/")
    expect(kiosk.locator(".ticket-code")).to_have_text("P001", timeout=10_000)
    assert Ticket.objects.count() == 1


def take_and_lose(route: Route) -> None:
    """The server does its work, but its answer does not arrive."""
    route.fetch(max_redirects=0)
    route.abort()


def test_a_refusal_is_one_kind_sentence(kiosk: Page, hall: Cast, guard: Guard) -> None:
    guard.expect("409")
    kiosk.goto(f"{HOME}{hall.pension.service.category_id}/")
    Offering.objects.filter(pk=hall.pension.pk).update(daily_limit=0)
    # As a finger that was quicker than the next state of the line, which shuts the button.
    take = kiosk.get_by_role("button", name="Apply for retirement")
    take.evaluate("button => button.form.requestSubmit()")
    expect(kiosk.get_by_role("heading")).to_contain_text("All of today's tickets")
    axe(kiosk)
    kiosk.get_by_role("button", name="English").click()
    expect(kiosk).to_have_url(re.compile(f"{HOME}$"))


def test_who_left_while_the_server_was_away_is_forgotten(
    kiosk: Page, hall: Cast, guard: Guard
) -> None:
    guard.expect("ERR_FAILED")
    kiosk.clock.install()
    kiosk.goto(f"{HOME}{hall.pension.service.category_id}/")
    kiosk.route(AWAY, lambda route: route.abort())
    kiosk.get_by_role("button", name="Apply for retirement").click()
    expect(kiosk.locator("#away")).to_be_visible()
    kiosk.clock.run_for(60_000)
    kiosk.unroute(AWAY)
    kiosk.clock.run_for(4000)
    expect(kiosk).to_have_url(re.compile(f"{HOME}$"))
    assert not Ticket.objects.exists()


def test_who_gives_up_stays_on_the_page(kiosk: Page, hall: Cast, guard: Guard) -> None:
    guard.expect("ERR_FAILED")
    kiosk.goto(HOME)
    kiosk.route(AWAY, lambda route: route.abort())
    kiosk.get_by_role("link", name="Pension").click()
    kiosk.get_by_role("dialog").get_by_role("button", name="Back").click()
    kiosk.unroute(AWAY)
    kiosk.get_by_role("link", name="Medical").click()
    expect(kiosk.get_by_role("heading", name="Medical")).to_be_visible()


def test_a_printing_kiosk_prints_once(kiosk: Page, hall: Cast) -> None:
    kiosk.add_init_script("window.printed = 0; window.print = () => { window.printed += 1 }")
    address = f"{HOME}ticket/{hall.ticket().token}/"
    kiosk.goto(address)
    assert kiosk.evaluate("printed") == 0
    kiosk.get_by_role("link", name="Print").click()
    assert kiosk.evaluate("printed") == 1
    kiosk.goto(f"{HOME}?print=1")
    kiosk.goto(address)
    assert kiosk.evaluate("printed") == 1
    assert kiosk.url.endswith(address)


@pytest.mark.layout
def test_a_kiosk_prints_one_page(kiosk: Page, hall: Cast) -> None:
    kiosk.goto(f"{HOME}ticket/{hall.ticket(language='en').token}/")
    assert pages(kiosk.pdf(prefer_css_page_size=True)) == ["227x340"]


def pages(pdf: bytes) -> list[str]:
    """The size of each page, in points."""
    boxes = re.findall(rb"/MediaBox\s*\[\s*0 0 ([\d.]+) ([\d.]+)\s*\]", pdf)
    return [f"{float(width):.0f}x{float(height):.0f}" for width, height in boxes]
