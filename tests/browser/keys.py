"""Going through a page by keyboard."""

from __future__ import annotations

from playwright.sync_api import Locator


def tab_to(target: Locator, most: int = 30) -> None:
    """Tab until an element has the focus; fail if it cannot be reached.

    It looks after every press: Chromium drops keys that come before a new page is painted.
    """
    for _press in range(most):
        target.page.keyboard.press("Tab")
        if target.evaluate("element => element === document.activeElement"):
            return
    raise AssertionError(f"No way to {target} by keyboard.")
