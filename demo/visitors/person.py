"""A small browser for simulated people: cookies, forms, redirects, and patience.

Standard library only. A server that is away (refused, reset, silent, answering 5xx) is asked
again, later each time, until it is back. A form is sent again only if that is safe; else
``AnswerLost`` is raised, and the person looks at the screen to see what became of it.
"""

from __future__ import annotations

import contextlib
import html
import http.client
import random
import re
import select
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.cookies import SimpleCookie
from urllib.parse import urlencode, urljoin, urlsplit

TIMEOUT = 15.0
FIRST_PAUSE, LONGEST_PAUSE = 0.1, 2.0
IDLE_AT_MOST = 3.0  # a server closes a silent connection after five seconds
REDIRECTS = (301, 302, 303)
ATTRIBUTE = re.compile(r'([\w-]+)(?:="([^"]*)")?')
HIDDEN = re.compile(r'<input type="hidden" name="([^"]+)" value="([^"]*)">')
AWAY = (OSError, http.client.HTTPException)

Attributes = dict[str, str]


class Over(Exception):
    """The day is over: whoever waits for something goes home."""


class Away(Exception):
    """The server was away for longer than this person waits."""


class AnswerLost(Exception):
    """A form was sent and no answer came: nobody knows whether it was received."""

    def __init__(self, sent: float) -> None:
        super().__init__("no answer to a form")
        self.sent = sent


class TurnedAway(Exception):
    """The hall said no; the message is what was asked for."""


@dataclass(frozen=True)
class Page:
    """An answer, with the moments (own clock) between which the server dealt with the request."""

    url: str
    status: int
    headers: Mapping[str, str]
    text: str
    sent: float
    received: float

    @property
    def path(self) -> str:
        """Where it was, after all redirects."""
        return urlsplit(self.url).path

    def element(self, mark: str) -> Attributes:
        """The attributes of the first tag in which the mark stands; empty if there is none."""
        return tag_at(self.text, self.text.find(mark))

    def form(self, mark: str) -> Form | None:
        """The first form in which the mark stands."""
        found = (part for part in self.text.split("<form")[1:] if mark in part.split("</form>")[0])
        part = next(found, None)
        if part is None:
            return None
        tag, _, rest = part.partition(">")
        fields = HIDDEN.findall(rest.split("</form>")[0])
        action = attributes(tag).get("action") or self.path
        return Form(action, {html.unescape(k): html.unescape(v) for k, v in fields})


@dataclass(frozen=True)
class Form:
    """Where a form goes, and its hidden fields."""

    action: str
    fields: dict[str, str]


def tag_at(text: str, place: int) -> Attributes:
    """The attributes of the tag round a place in the text."""
    start = text.rfind("<", 0, place + 1)
    if place < 0 or start < 0:
        return {}
    return attributes(text[start + 1 : text.find(">", place)])


def attributes(tag: str) -> Attributes:
    """The attributes within a tag; its name is one, too."""
    return {name: html.unescape(value) for name, value in ATTRIBUTE.findall(tag)}


@dataclass
class Browser:
    """One person's browser: one connection, its own cookies."""

    base: str
    over: threading.Event = field(default_factory=threading.Event)
    patience: float | None = None
    cookies: dict[str, str] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)
    _connection: http.client.HTTPConnection | None = field(default=None, init=False)
    _used: float = field(default=0.0, init=False)

    def get(self, path: str, headers: Mapping[str, str] | None = None) -> Page:
        """A page, as soon as the server answers."""
        return self._followed(self._patiently("GET", path, None, headers or {}))

    def post(
        self,
        path: str,
        fields: Mapping[str, str] | None = None,
        *,
        may_repeat: bool,
        headers: Mapping[str, str] | None = None,
    ) -> Page:
        """Send a form. Raises AnswerLost if the answer is lost and it may not be sent again."""
        body = urlencode(fields or {}).encode()
        about = {"Content-Type": "application/x-www-form-urlencoded", **(headers or {})}
        about["X-CSRFToken"] = self.cookies.get("csrftoken", "")
        if may_repeat:
            return self._followed(self._patiently("POST", path, body, about))
        sent = time.time()
        page = self._once("POST", path, body, about)
        if page is None:
            raise AnswerLost(sent)
        return self._followed(page)

    def pause(self, seconds: float) -> None:
        """Do nothing for a while; raises Over if the day ends meanwhile."""
        if self.over.wait(max(seconds, 0)):
            raise Over

    def close(self) -> None:
        if self._connection:
            self._connection.close()
        self._connection = None

    def _followed(self, page: Page) -> Page:
        sent = page.sent
        while page.status in REDIRECTS:
            target = urlsplit(urljoin(page.url, page.headers["location"]))
            page = self._patiently("GET", f"{target.path}?{target.query}".rstrip("?"), None, {})
        # Whoever follows from a form to its result asked when the form was sent.
        return Page(page.url, page.status, page.headers, page.text, sent, page.received)

    def _patiently(
        self, method: str, path: str, body: bytes | None, headers: Mapping[str, str]
    ) -> Page:
        sent, pause = time.time(), FIRST_PAUSE
        while True:
            page = self._once(method, path, body, headers)
            if page is not None:
                return Page(page.url, page.status, page.headers, page.text, sent, page.received)
            if self.patience is not None and time.time() - sent > self.patience:
                raise Away(f"{self.base} did not answer for {self.patience:.0f} s")
            self.pause(pause * random.uniform(0.7, 1.3))
            pause = min(pause * 1.6, LONGEST_PAUSE)

    def _once(
        self, method: str, path: str, body: bytes | None, headers: Mapping[str, str]
    ) -> Page | None:
        """One attempt; None if the server is away."""
        if self.over.is_set():
            raise Over
        sent = time.time()
        try:
            answer, text = self._exchange(method, path, body, headers)
        except AWAY:
            self.close()
            return None
        if answer.status >= 500:
            self.faults.append(f"{answer.status} {method} {urlsplit(path).path}")
            return None
        url = urljoin(self.base, path)
        return Page(url, answer.status, dict(lowered(answer)), text, sent, time.time())

    def _exchange(
        self, method: str, path: str, body: bytes | None, headers: Mapping[str, str]
    ) -> tuple[http.client.HTTPResponse, str]:
        connection = self._fresh_connection()
        cookie = {"Cookie": "; ".join(f"{k}={v}" for k, v in self.cookies.items())}
        about = (cookie if self.cookies else {}) | {"Accept": "text/html"} | dict(headers)
        connection.request(method, path, body, about)
        answer = connection.getresponse()
        text = answer.read().decode()
        self._used = time.monotonic()
        self._keep_cookies(answer)
        return answer, text

    def _fresh_connection(self) -> http.client.HTTPConnection:
        if self._connection and (
            time.monotonic() - self._used > IDLE_AT_MOST or has_hung_up(self._connection)
        ):
            self.close()
        if self._connection is None:
            host = urlsplit(self.base)
            kind = (
                http.client.HTTPSConnection
                if host.scheme == "https"
                else http.client.HTTPConnection
            )
            self._connection = kind(host.netloc, timeout=TIMEOUT)
        return self._connection

    def _keep_cookies(self, answer: http.client.HTTPResponse) -> None:
        for line in answer.headers.get_all("Set-Cookie", []):
            for name, morsel in SimpleCookie(line).items():
                self.cookies[name] = morsel.value
                if morsel["max-age"] == "0" or not morsel.value:
                    del self.cookies[name]


def lowered(answer: http.client.HTTPResponse) -> list[tuple[str, str]]:
    """The headers with their names in small letters."""
    return [(name.lower(), value) for name, value in answer.getheaders()]


def has_hung_up(connection: http.client.HTTPConnection) -> bool:
    """Whether the server has closed a connection that waits for the next request."""
    with contextlib.suppress(OSError, ValueError):
        return connection.sock is None or bool(select.select([connection.sock], [], [], 0)[0])
    return True


def sign_in(browser: Browser, number: str, password: str, home: str = "/counter/") -> Page:
    """Sign in as a member of staff, and see the desk. Raises TurnedAway."""
    browser.get("/sign-in/")
    fields = {"username": number, "password": password, "next": home}
    page = browser.post("/sign-in/", fields, may_repeat=True)
    if page.status >= 400 or page.path == "/sign-in/":
        raise TurnedAway(f"the sign-in of {number}")
    return page
