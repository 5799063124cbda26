"""The guard of the browser tests sees what it should, or every other test here means nothing."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page

from tests.browser.guard import Guard, axe

pytestmark = pytest.mark.servers  # a browser test is run once, in the run of its own

INLINE_STYLE = "document.body.insertAdjacentHTML('beforeend', '<p style=\"color: red\">red</p>')"
FETCH_ELSEWHERE = "fetch('http://elsewhere.invalid/').catch(() => 0)"
GO_ELSEWHERE = "location = 'http://elsewhere.invalid/'"
THROW = "setTimeout(() => { throw new Error('lost') })"
NAMELESS_BUTTON = "document.querySelector('main').append(document.createElement('button'))"


def test_the_start_page_is_clean(page: Page) -> None:
    """The control: nothing to find."""
    page.goto("/")
    axe(page)


@pytest.mark.parametrize(
    ("deed", "sign"),
    [
        (INLINE_STYLE, "CSP style-src-attr: inline"),
        (FETCH_ELSEWHERE, "CSP connect-src: http://elsewhere.invalid/"),
        (GO_ELSEWHERE, "request to another host: http://elsewhere.invalid/"),
        (THROW, "exception: lost"),
        ("fetch('/no-such-page/')", "console: Failed to load resource"),
        ("console.error('oh')", "console: oh"),
    ],
)
def test_the_guard_notices(page: Page, guard: Guard, deed: str, sign: str) -> None:
    """Each kind of misbehaviour is noticed, and would fail a test."""
    page.goto("/")
    page.evaluate(f"() => {{ {deed} }}")
    page.wait_for_timeout(300)
    assert sign in "\n".join(guard.problems)
    with pytest.raises(AssertionError, match="misbehaved"):
        guard.check()
    guard.expect(".")


def test_axe_is_heard(page: Page) -> None:
    """What axe finds fails a test, with a list that says where."""
    page.goto("/")
    page.evaluate(NAMELESS_BUTTON)
    with pytest.raises(AssertionError, match=r"button-name .*\n    #main > button"):
        axe(page)
