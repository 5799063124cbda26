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
KIOSK, PHONE, DESK, WIDE, PAD = (1080, 1920), (390, 844), (1366, 768), (1440, 900), (1024, 600)
SIZES = {
    "start": WIDE,
    "kiosk": KIOSK,
    "kiosk-services": KIOSK,
    "kiosk-ticket": KIOSK,
    "kiosk-guide": KIOSK,
    "phone": PHONE,
    "phone-called": PHONE,
    "paper": (420, 640),
    "board": (1920, 1080),
    "display": PAD,
    "counter": DESK,
    "pad": PAD,
    "pad-asks": PAD,
    "box": PHONE,
    "receipt": PHONE,
    "matter": PHONE,
    "inquiry": PHONE,
    "guides": DESK,
    "guide": DESK,
    "matters": DESK,
    "file": DESK,
    "supervisor": WIDE,
    "branches": WIDE,
    "roster": WIDE,
    "summary": WIDE,
    "pairing": PAD,
    "administration": DESK,
}
CALLED_WITHIN = 900_000  # milliseconds
SAID = "老人看不清屏幕上的小字，希望把字放大一些。"


class Photographer:
    """Opens pages at the size of the screen that they stand on, and keeps pictures of them."""

    def __init__(self, browser: Browser, url: str, folder: Path) -> None:
        self.context = browser.new_context(base_url=url, reduced_motion="reduce")
        self.url, self.folder = url, folder

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

    def take(self, name: str, address: str) -> None:
        """A picture of a page as it opens."""
        page = self.page(name, address)
        self.shoot(page, name)
        page.close()

    def signed_in(self, role: str) -> Photographer:
        """A browser of its own, signed in by the trial's one press."""
        browser = self.context.browser
        assert browser is not None
        other = Photographer(browser, self.url, self.folder)
        page = other.page("start", "/")
        page.locator(f"form[action='/trial/sign-in/{role}/'] button").click()
        page.wait_for_load_state()
        return other


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
    photo.take("phone", f"/t/{token}/")
    photo.take("paper", f"/t/{token}/print/")
    return str(token)


def clerk(photo: Photographer) -> None:
    """A visit at the counter, with the screens that face the visitor."""
    desk = photo.signed_in("clerk").page("counter", "/counter/")
    if desk.locator("button[name=counter]").count():
        desk.locator("button[name=counter]").first.click()
    now = desk.locator("#now")
    now.wait_for()
    if now.get_attribute("data-state") == "idle":
        desk.keyboard.press("n")
        desk.locator("#now[data-state=called]").wait_for()
    if now.get_attribute("data-state") == "called":
        desk.keyboard.press("s")
        desk.locator("#now[data-state=serving]").wait_for()
    number = now.get_attribute("data-counter")
    photo.shoot(desk, "counter")
    photo.take("display", f"/board/nanshan/counters/{number}/")
    photo.take("pad", f"/pad/nanshan/{number}/")
    desk.keyboard.press("f")
    desk.locator("#now[data-state=idle]").wait_for()
    photo.take("pad-asks", f"/pad/nanshan/{number}/")


def matter(photo: Photographer) -> None:
    """A suggestion put in the box, and what its author gets and follows."""
    box = photo.page("box", "/box/nanshan/")
    box.locator("input[name=kind][value=suggestion]").check()
    box.locator("textarea[name=text]").fill(SAID)
    photo.shoot(box, "box")
    box.locator("main form[method=post] button[type=submit]").last.click()
    box.wait_for_url("**/receipt/")
    photo.shoot(box, "receipt")
    photo.take("matter", box.url.removesuffix("receipt/"))
    photo.take("inquiry", "/inquiry/")


def guides(photo: Photographer) -> None:
    """The guides on a desk and at the kiosk."""
    page = photo.page("guides", "/guide/")
    photo.shoot(page, "guides")
    address = page.locator("main a[href^='/guide/']").first.get_attribute("href")
    photo.take("guide", str(address))
    photo.take("kiosk-guide", f"/kiosk/nanshan{str(address).replace('/guide/', '/guides/')}")


def office(photo: Photographer) -> None:
    """What the handler, the supervisor and the leader see."""
    handler = photo.signed_in("complaint-handler")
    desk = handler.page("matters", "/matters/")
    handler.shoot(desk, "matters")
    first = desk.locator("main a[href^='/matters/'][href$='/']").first.get_attribute("href")
    handler.take("file", str(first))
    supervisor = photo.signed_in("supervisor")
    supervisor.take("supervisor", "/supervisor/nanshan/")
    supervisor.take("roster", "/supervisor/nanshan/roster/")
    months = supervisor.page("summary", "/summary/")
    last = months.locator("main a[href^='/summary/nanshan/']").first.get_attribute("href")
    supervisor.take("summary", str(last))
    photo.signed_in("duty-leader").take("branches", "/supervisor/")
    photo.signed_in("administrator").take("administration", "/admin/")


def pairing(photo: Photographer) -> None:
    """A screen that waits to be paired."""
    page = photo.page("pairing", "/screens/")
    if page.locator("main form button").count():
        page.locator("main form button").first.click()
    photo.shoot(page, "pairing")


def main() -> None:
    """Take them all; the last one waits until the visitor's ticket is called."""
    url = sys.argv[1] if len(sys.argv) > 1 else "http://127.0.0.1:8000"
    folder = Path(sys.argv[2] if len(sys.argv) > 2 else "docs/screens")
    folder.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        program = find_browser(Path(playwright.chromium.executable_path))
        browser = playwright.chromium.launch(executable_path=program, args=ARGUMENTS)
        photo = Photographer(browser, url, folder)
        photo.take("start", "/")
        phone = photo.page("phone-called", f"/t/{visitor(photo)}/")
        for scene in (clerk, matter, guides, office):
            scene(photo)
        photo.take("board", "/board/nanshan/")
        pairing(Photographer(browser, url, folder))
        phone.locator("[data-ticket][data-state=called]").wait_for(timeout=CALLED_WITHIN)
        photo.shoot(phone, "phone-called")
        browser.close()


if __name__ == "__main__":
    main()
