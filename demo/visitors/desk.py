"""What a clerk does: signs in, sits down, and presses one button after the other."""

from __future__ import annotations

import datetime as dt
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from demo.visitors.person import AnswerLost, Browser, Page, TurnedAway, sign_in

HOME: Final = "/counter/"
LIKE_HTMX: Final = {"HX-Request": "true"}
STEP = re.compile(r'<time[^>]*datetime="([^"]+)".*?data-state="(\w+)"', re.DOTALL)
SEAT = re.compile(r'name="counter" value="(\d+)"([^>]*)>.*?class="number num">(\d+)<', re.DOTALL)
MISSED = re.compile(r'id="back-\d+"[^>]*>[^<]*<span class="visually-hidden"> (\w+)<')
CHOICE = re.compile(r'name="offering" value="(\d+)"')


@dataclass(frozen=True)
class Visitor:
    """Who is at the counter, with the time line that the desk shows.

    ``ticket`` is what the desk calls the ticket in its addresses; visitors know it by its code.
    """

    ticket: str
    code: str
    issued_at: dt.datetime
    since: dt.datetime
    steps: list[tuple[dt.datetime, str]]

    @property
    def first_called_at(self) -> dt.datetime:
        """When the ticket was called for the first time."""
        return next(at for at, state in self.steps if state == "called")


@dataclass(frozen=True)
class Result:
    """What became of a ticket by the last press."""

    ticket: str
    code: str
    state: str
    since: dt.datetime


@dataclass(frozen=True)
class View:
    """The desk as a clerk sees it: ``idle``, ``called``, ``serving``, or ``away`` without a seat.

    ``missed`` are codes. ``sent`` and ``received`` are the clerk's own clock before the press and
    after its answer.
    """

    state: str
    counter: int | None
    line_length: int
    visitor: Visitor | None
    result: Result | None
    is_refused: bool
    missed: list[str]
    sent: float
    received: float


@dataclass
class Desk:
    """A clerk's browser; everything starts with the member who signs in."""

    browser: Browser
    member: str
    password: str
    _picker: Page | None = field(default=None, init=False)

    def open(self) -> View:
        """Sign in, and see where one sits."""
        page = sign_in(self.browser, self.member, self.password)
        view = read(page)
        self._picker = page if view.state == "away" else None
        return view

    def look(self, sent: float | None = None) -> View:
        """The whole screen, read again."""
        page = self.browser.get(HOME)
        if page.path == "/sign-in/":
            page = sign_in(self.browser, self.member, self.password)
        if page.status >= 400:
            raise TurnedAway(f"the desk of {self.member}")
        return read(page, sent)

    def sit(self, wanted: list[int]) -> View:
        """Sit down at the first of these counters that is free; ``away`` if none is."""
        page, self._picker = self._picker or self.browser.get(HOME), None
        free = free_seats(page)
        seat = next((free[number] for number in wanted if number in free), None)
        if seat is not None:
            page = self.browser.post("/counter/sit/", {"counter": seat}, may_repeat=True)
        return read(page)

    def leave(self) -> View:
        """Leave the counter; a visitor who is there keeps one at it."""
        return read(self.browser.post("/counter/leave/", may_repeat=True))

    def next(self) -> View:
        return self.press("/counter/next/")

    def move(self, ticket: str, name: str, fields: Mapping[str, str] | None = None) -> View:
        """Make one move with a ticket: ``start``, ``finish``, ``no-show`` …"""
        return self.press(f"/counter/{ticket}/{name}/", fields)

    def press(self, path: str, fields: Mapping[str, str] | None = None) -> View:
        """Press a button; if the answer is lost, look what became of it."""
        sent = time.time()
        try:
            page = self.browser.post(path, fields, may_repeat=False, headers=LIKE_HTMX)
        except AnswerLost as lost:
            return self.look(lost.sent)
        if "hx-redirect" in page.headers or page.status >= 400:
            return self.look(sent)
        return read(page)

    def other_services(self) -> list[str]:
        """Where the visitor may be transferred to."""
        page = self.browser.get(f"{HOME}?panel=transfer", LIKE_HTMX)
        return CHOICE.findall(page.text)


def read(page: Page, sent: float | None = None) -> View:
    """What a page says of the desk."""
    about = page.element('id="now"')
    state = about.get("data-state", "away")
    return View(
        state=state if state in ("idle", "called", "serving") else "away",
        counter=int(about["data-counter"]) if about.get("data-counter") else None,
        line_length=int(about.get("data-line-length") or 0),
        visitor=read_visitor(page, about.get("data-ticket", ""), about.get("data-code", "")),
        result=read_result(about),
        is_refused="data-refused" in about,
        missed=MISSED.findall(page.text),
        sent=page.sent if sent is None else sent,
        received=page.received,
    )


def read_visitor(page: Page, ticket: str, code: str) -> Visitor | None:
    about = page.element("data-issued-at=")
    if not ticket or not about:
        return None
    line = page.text.partition('class="time-line"')[2].partition("</ol>")[0]
    return Visitor(
        ticket=ticket,
        code=code,
        issued_at=moment(about["data-issued-at"]),
        since=moment(about["data-since"]),
        steps=[(moment(at), state) for at, state in STEP.findall(line)],
    )


def read_result(about: Mapping[str, str]) -> Result | None:
    """What the last press led to."""
    if not about.get("data-result"):
        return None
    return Result(
        ticket=about["data-result"],
        code=about["data-result-code"],
        state=about["data-result-state"],
        since=moment(about["data-result-since"]),
    )


def moment(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text)


def free_seats(page: Page) -> dict[int, str]:
    """The counters that nobody sits at: number → what the form sends."""
    found = SEAT.findall(page.text)
    return {int(number): value for value, more, number in found if "data-taken" not in more}
