"""Every screen in every language at its real size: axe, the language of its words, its width."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page

from complaints import actions as box
from queueing import actions
from queueing.models import Ticket
from tests import months
from tests.browser.conftest import NewContext
from tests.browser.guard import axe
from tests.cast import Cast
from tests.guides import publish

pytestmark = pytest.mark.django_db(transaction=True)
PHONE, DESK, WIDE, KIOSK = (390, 844), (1366, 768), (1920, 1080), (1080, 1920)
LANGUAGES = ("zh-hans", "zh-hant", "en")
# Words that are the same in every language.
ALIKE = re.compile(r"\b(Hall|QR|EN|English|Enter|Esc|N\d{4}|[A-Z]{1,2}\d{3,}|[A-Z])\b")


def screens(cast: Cast, ticket: Ticket, called: Ticket) -> Iterator[tuple[str, tuple[int, int]]]:
    """Every screen, and the size of the glass that it stands on."""
    kiosk = f"/kiosk/nanshan/{cast.pension.service.category_id}/"
    yield "/", (1440, 900)
    yield "/sign-in/", DESK
    yield "/screens/", WIDE
    yield "/guide/", PHONE
    yield "/guide/?q=66", PHONE
    yield "/guide/retire/", PHONE
    yield "/guide/retire/print/", DESK
    yield "/kiosk/", KIOSK
    yield "/kiosk/nanshan/", KIOSK
    yield kiosk, KIOSK
    yield "/kiosk/nanshan/help/", KIOSK
    yield "/kiosk/nanshan/guides/", KIOSK
    yield f"/kiosk/nanshan/guides/?category={cast.pension.service.category_id}", KIOSK
    yield "/kiosk/nanshan/guides/retire/", KIOSK
    yield f"/kiosk/nanshan/ticket/{ticket.token}/", KIOSK
    yield f"/t/{ticket.token}/", PHONE
    yield f"/t/{ticket.token}/cancel/", PHONE
    yield f"/t/{ticket.token}/print/", PHONE
    yield f"/t/{called.token}/", PHONE
    yield "/board/", WIDE
    yield "/board/nanshan/", WIDE
    yield "/board/nanshan/counters/3/", (1024, 600)
    yield "/board/nanshan/counters/5/", (1024, 600)
    yield "/pad/", DESK
    yield "/pad/nanshan/3/", (1024, 600)
    yield "/pad/nanshan/5/", (1024, 600)
    yield f"/t/{called.token}/rate/", PHONE
    matter = box.receive(branch=cast.branch, kind="praise", text="123", ticket=called)
    yield "/box/", PHONE
    yield f"/box/nanshan/?ticket={called.token}", PHONE
    yield "/box/nanshan/", DESK
    yield f"/box/matter/{matter.token}/receipt/", PHONE
    yield f"/box/matter/{matter.token}/", PHONE
    yield "/box/matter/nobodys/", PHONE
    yield "/inquiry/", PHONE
    yield "/no-such-page/", DESK
    yield "/counter/", DESK
    yield "/counter/?panel=transfer", DESK
    yield "/counter/leave/", DESK


def supervised(ticket: Ticket) -> Iterator[tuple[str, tuple[int, int]]]:
    """The screens of who watches over the hall."""
    for page in ("", "tickets/", f"tickets/{ticket.pk}/", "ratings/", "matters/", "roster/"):
        yield f"/supervisor/nanshan/{page}", (1440, 900)
    matter = ticket.branch.matters.get()
    yield "/matters/", DESK
    yield "/matters/?show=overdue", (390, 844)
    yield f"/matters/{matter.pk}/", DESK
    assert matter.owner is not None
    box.reply(matter=matter, text="456", by=matter.owner, and_close=True)
    yield f"/matters/{matter.pk}/", (390, 844)
    yield "/summary/", (1440, 900)
    yield f"/summary/nanshan/{months.last_month()}/", (1440, 900)


def words(page: Page) -> str:
    """All that a person reads or hears on the page."""
    return str(
        page.evaluate(
            """() => [document.title, document.body.innerText,
                ...[...document.querySelectorAll("[aria-label], [alt], [title], [placeholder]")]
                  .flatMap((each) => ["aria-label", "alt", "title", "placeholder"]
                    .map((name) => each.getAttribute(name) || ""))].join("\\n")"""
        )
    )


def overflow(page: Page) -> int:
    """How many pixels the page is wider than its glass."""
    return int(page.evaluate("document.documentElement.scrollWidth - innerWidth"))


def cut(page: Page) -> list[str]:
    """The words that do not fit into boxes which hide the rest of them."""
    found: list[str] = page.evaluate(
        """() => [...document.body.querySelectorAll(":not(.visually-hidden)")]
            .filter((each) => each.checkVisibility()
              && ["hidden", "clip"].includes(getComputedStyle(each).overflowX)
              && each.scrollWidth > each.clientWidth + 1)
            .map((each) => `${each.tagName}.${each.className}: ${each.innerText}`)"""
    )
    return found


def every_page(
    cast: Cast, new_context: NewContext, language: str, guard: object
) -> Iterator[tuple[Page, str]]:
    """Every screen in turn, opened, with its address."""
    seat = cast.sit(3)
    publish(cast.pension.service, "zh-hans", "en")
    months.sum_up(cast.branch, [cast.clerk], matters=0)
    called, ticket = cast.ticket(), cast.ticket()
    actions.start(ticket=actions.call_next(sitting=seat, by=cast.clerk) or called, by=cast.clerk)
    guard.expect(r"404")  # type: ignore[attr-defined]
    cookie = {"name": "django_language", "value": language, "url": guard_url(guard)}
    shown = {
        cast.clerk: screens(cast, ticket, called),
        cast.supervisor: supervised(called),
    }
    for member, addresses in shown.items():
        context = new_context(member, permissions=[])
        context.add_cookies([cookie])  # type: ignore[list-item]
        page = context.new_page()
        for address, (width, height) in addresses:
            page.set_viewport_size({"width": width, "height": height})
            page.goto(address)
            yield page, address


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_screen(cast: Cast, new_context: NewContext, language: str, guard: object) -> None:
    for page, address in every_page(cast, new_context, language, guard):
        axe(page)
        check_words(words(page), address, language)


@pytest.mark.layout
@pytest.mark.parametrize("language", LANGUAGES)
def test_every_screen_fits(
    cast: Cast, new_context: NewContext, language: str, guard: object
) -> None:
    for page, address in every_page(cast, new_context, language, guard):
        assert overflow(page) <= 0, f"{address} is too wide"
        assert cut(page) == [], f"{address} cuts words off"


def guard_url(guard: object) -> str:
    """Where the hall runs."""
    return f"http://{guard.host}"  # type: ignore[attr-defined]


def check_words(text: str, address: str, language: str) -> None:
    """No English on a Chinese page, and no Chinese on an English one but the languages' names."""
    if language == "en" and address.endswith("/print/"):
        return  # paper is read by the staff, too: it has the Chinese beside the English
    if language == "en":
        left = re.sub(r"简体中文|繁體中文|中|繁|厅", "", text)
        assert not re.findall(r"[\u4e00-\u9fff]+", left), address
    else:
        assert not re.findall(r"[A-Za-z]{2,}", ALIKE.sub("", text)), address
