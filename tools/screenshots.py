"""Takes the README's screenshots from a running trial: `python -m tools.screenshots URL [FOLDER]`.

Start the trial with `make run VISITORS=1` first, so that the hall is busy.
"""

from __future__ import annotations

import sys
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

from tests.servers import find_browser

ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--autoplay-policy=no-user-gesture-required",
]
SIZES = {
    "start": (1440, 900),
    "kiosk": (1080, 1920),
    "kiosk-services": (1080, 1920),
    "kiosk-ticket": (1080, 1920),
    "phone": (390, 844),
    "phone-called": (390, 844),
    "paper": (420, 640),
    "board": (1920, 1080),
    "display": (1024, 600),
    "counter": (1366, 768),
    "administration": (1366, 768),
}


class Photographer:
    """Opens pages at the size of the screen that they stand on, and keeps pictures of them."""

    def __init__(self, browser: Browser, url: str, folder: Path) -> None:
        self.context = browser.new_context(base_url=url, reduced_motion="reduce")
        self.folder = folder

    def page(self, name: str, address: str) -> Page:
        """A page of its own for a screen."""
        page = self.context.new_page()
        width, height = SIZES[name]
        page.set_viewport_size({"width": width, "height": height})
        page.goto(address)
        return page

    def shoot(self, page: Page, name: str) -> None:
        """Keep the picture once the page has settled."""
        width, height = SIZES[name]
        page.set_viewport_size({"width": width, "height": height})
        page.wait_for_timeout(1500)
        page.screenshot(path=self.folder / f"{name}.png")

    def sign_in(self, role: str) -> Page:
        """Sign in by the trial's one press."""
        page = self.page("start", "/")
        page.locator(f"form[action='/trial/sign-in/{role}/'] button").click()
        return page


def visitor(photo: Photographer) -> str:
    """A visitor at the kiosk, and the page of the ticket on the phone."""
    kiosk = photo.page("kiosk", "/kiosk/nanshan/")
    photo.shoot(kiosk, "kiosk")
    kiosk.locator("main a[href^='/kiosk/nanshan/']").nth(4).click()
    photo.shoot(kiosk, "kiosk-services")
    kiosk.locator("form[data-once] button").first.click()
    kiosk.locator("[data-token]").first.wait_for()
    token = kiosk.locator("[data-token]").first.get_attribute("data-token")
    photo.shoot(kiosk, "kiosk-ticket")
    photo.shoot(photo.page("phone", f"/t/{token}/"), "phone")
    photo.shoot(photo.page("paper", f"/t/{token}/print/"), "paper")
    return str(token)


def clerk(photo: Photographer) -> None:
    """A clerk who has just called somebody, and the phone of who was called."""
    desk = photo.sign_in("clerk")
    if desk.locator("button[name=counter]").count():
        desk.locator("button[name=counter]").first.click()
    desk.locator("#now").wait_for()
    photo.shoot(desk, "counter")
    desk.keyboard.press("n")
    desk.locator("#now[data-state=called]").wait_for()
    token = desk.locator("#now").get_attribute("data-token")
    number = desk.locator("#now").get_attribute("data-counter")
    photo.shoot(photo.page("phone-called", f"/t/{token}/"), "phone-called")
    desk.keyboard.press("s")
    desk.locator("#now[data-state=serving]").wait_for()
    photo.shoot(desk, "counter")
    photo.shoot(photo.page("display", f"/board/nanshan/counters/{number}/"), "display")
    desk.keyboard.press("f")
    desk.locator("#now[data-state=idle]").wait_for()


def main() -> None:
    """Take them all."""
    url = sys.argv[1] if len(sys.argv) > 1 else "http://127.0.0.1:8000"
    folder = Path(sys.argv[2] if len(sys.argv) > 2 else "docs/screens")
    folder.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        program = find_browser(Path(playwright.chromium.executable_path))
        browser = playwright.chromium.launch(executable_path=program, args=ARGUMENTS)
        photo = Photographer(browser, url, folder)
        photo.shoot(photo.page("start", "/"), "start")
        visitor(photo)
        clerk(photo)
        photo.shoot(photo.page("board", "/board/nanshan/"), "board")
        photo.shoot(photo.sign_in("administrator"), "administration")
        browser.close()


if __name__ == "__main__":
    main()
