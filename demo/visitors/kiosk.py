"""What a visitor does: takes a ticket at a kiosk, and has its page on the phone."""

from __future__ import annotations

import datetime as dt
import html
import re
from dataclasses import dataclass

from demo.visitors.person import Attributes, Browser, TurnedAway

OFFER = re.compile(r'name="offering" value="(\d+)".*?<strong>([^<]+)</strong>', re.DOTALL)


@dataclass(frozen=True)
class Offer:
    """A service on a kiosk: the page where it is chosen, and its number there."""

    name: str
    path: str
    offering: str


@dataclass(frozen=True)
class Taken:
    """A ticket, as the kiosk showed it; the own clock before asking and after seeing it."""

    token: str
    code: str
    issued_at: dt.datetime
    sent: float
    received: float


class Kiosk:
    """The kiosks of a branch, with somebody standing there."""

    def __init__(self, browser: Browser, branch: str) -> None:
        self.browser = browser
        self.home = f"/kiosk/{branch}/"

    def offers(self) -> dict[str, Offer]:
        """Every service that takes tickets, by its Chinese name."""
        self.browser.cookies["django_language"] = "zh-hans"
        start = self.browser.get(self.home).text
        pages = dict.fromkeys(re.findall(rf'href="({re.escape(self.home)}\d+/)"', start))
        found = (offer for path in pages for offer in self._offers_on(path))
        return {offer.name: offer for offer in found}

    def _offers_on(self, path: str) -> list[Offer]:
        parts = self.browser.get(path).text.split("<form")[1:]
        found = filter(None, map(OFFER.search, parts))
        return [Offer(html.unescape(each[2]).strip(), path, each[1]) for each in found]

    def take(self, offer: Offer, *, assisted: bool = False, language: str = "zh-hans") -> Taken:
        """Take a ticket; a lost answer is asked for again with the same request id."""
        self.browser.cookies["django_language"] = language
        page = self.browser.get(offer.path + ("?lane=assisted" if assisted else ""))
        form = page.form(f'name="offering" value="{offer.offering}"')
        if form is None:
            raise TurnedAway(f"a ticket for {offer.name}")
        taken = self.browser.post(form.action, form.fields, may_repeat=True)
        about = taken.element("data-token=")
        if "data-token" not in about:
            raise TurnedAway(f"a ticket for {offer.name}")
        return Taken(
            token=about["data-token"],
            code=about["data-code"],
            issued_at=dt.datetime.fromisoformat(about["data-issued-at"]),
            sent=taken.sent,
            received=taken.received,
        )


class Phone:
    """A visitor's own page."""

    def __init__(self, browser: Browser, token: str) -> None:
        self.browser = browser
        self.home = f"/t/{token}/"

    def look(self) -> Attributes:
        """The ticket's ``data-`` attributes, as it stands now."""
        return self.browser.get(self.home).element("data-token=")

    def give_up(self) -> bool:
        """Give up the place in line; False if it was too late for that."""
        self.browser.get(f"{self.home}cancel/")
        page = self.browser.post(f"{self.home}cancel/", may_repeat=True)
        # Sent twice (the first answer was lost), the second is refused: the page tells.
        about = page.element("data-token=") or self.look()
        return about.get("data-state") == "cancelled"
