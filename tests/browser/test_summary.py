"""The summary on paper: nothing is folded away, and nothing of the screen is on it."""

from __future__ import annotations

import pytest

from tests import months
from tests.browser.conftest import NewContext
from tests.browser.guard import axe
from tests.browser.test_screens import check_words, guard_url, overflow, words
from tests.cast import Cast

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.once]


@pytest.mark.layout
def test_a_month_on_screen_and_on_paper(cast: Cast, new_context: NewContext, guard: object) -> None:
    months.sum_up(cast.branch, [cast.clerk, cast.colleague])
    context = new_context(cast.supervisor)
    cookie = {"name": "django_language", "value": "zh-hans", "url": guard_url(guard)}
    context.add_cookies([cookie])  # type: ignore[list-item]
    page = context.new_page()
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto("/summary/")
    page.locator("tbody a").first.click()
    page.wait_for_url("**/summary/nanshan/*/")  # loaded: the script that opens for paper listens
    table = page.locator("details table").first
    assert not table.is_visible() and overflow(page) <= 0
    page.locator("details summary").first.press("Enter")
    assert table.is_visible()
    axe(page)
    check_words(words(page), page.url, "zh-hans")
    page.locator("details summary").first.press("Enter")
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    page.emulate_media(media="print")
    assert all(each.is_visible() for each in page.locator("details table").all())
    for part in (".site-header", ".site-footer", ".no-print", "summary"):
        assert not any(each.is_visible() for each in page.locator(part).all()), part
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert page.locator("details[open]").count() == 0
    with page.expect_download() as sheet:
        page.emulate_media(media="screen")
        page.locator("a[href*='.xlsx']").click()
    assert sheet.value.suggested_filename == f"nanshan-{months.last_month()}.xlsx"
