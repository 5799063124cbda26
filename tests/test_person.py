"""A simulated person's browser: patient with a server that is away, careful with forms."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs

import pytest

from demo.visitors.person import AnswerLost, Away, Browser, Over, Page, TurnedAway, sign_in
from tests.servers import free_port

pytestmark = pytest.mark.servers  # pages: once, on what a hall has

Answer = tuple[int, dict[str, str], str]
HANGS_UP = "X-Hangs-Up"
Script = Callable[["Asked"], Answer | None]


@dataclass(frozen=True)
class Asked:
    """A request, as the server saw it."""

    method: str
    path: str
    fields: dict[str, list[str]]
    cookie: str
    csrf: str


@dataclass
class Stage:
    """A server that answers by script (None: it hangs up without a word), and keeps what it saw."""

    port: int
    script: Script = lambda _asked: (200, {}, "hello")
    seen: list[Asked] = field(default_factory=list)
    connections: int = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @contextlib.contextmanager
    def open(self) -> Iterator[None]:
        """The server is there."""
        server = ThreadingHTTPServer(("127.0.0.1", self.port), handler_of(self))
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        try:
            yield
        finally:
            server.shutdown()
            server.server_close()


def handler_of(stage: Stage) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def setup(self) -> None:
            super().setup()
            stage.connections += 1

        def do_GET(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
            asked = Asked(
                self.command,
                self.path,
                parse_qs(body),
                self.headers.get("Cookie", ""),
                self.headers.get("X-CSRFToken", ""),
            )
            stage.seen.append(asked)
            self.answer(stage.script(asked))

        do_POST = do_GET  # noqa: N815

        def answer(self, answer: Answer | None) -> None:
            if answer is None:
                self.hang_up()
                return
            status, headers, text = answer
            self.send_response(status)
            for name, value in {**headers, "Content-Length": str(len(text.encode()))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(text.encode())
            if HANGS_UP in headers:
                self.hang_up()

        def hang_up(self) -> None:
            self.close_connection = True
            self.connection.shutdown(socket.SHUT_RDWR)

        def log_message(self, *args: object) -> None:
            pass

    return Handler


@pytest.fixture
def stage() -> Stage:
    return Stage(free_port())


def first_then(first: Answer | None, then: Answer) -> Script:
    """Answers differently from the second request on."""
    answers = iter([first])
    return lambda _asked: next(answers, then)


def test_a_server_that_is_away_is_waited_for(stage: Stage) -> None:
    pages: list[Page] = []
    waiting = threading.Thread(target=lambda: pages.append(Browser(stage.url).get("/")))
    waiting.start()
    time.sleep(0.3)
    with stage.open():
        waiting.join(5)
    assert [page.text for page in pages] == ["hello"]
    assert pages[0].received - pages[0].sent > 0.2


@pytest.mark.parametrize("trouble", [None, (503, {}, "later"), (500, {}, "oh")])
def test_a_page_is_asked_for_again(stage: Stage, trouble: Answer | None) -> None:
    stage.script = first_then(trouble, (200, {}, "here"))
    with stage.open():
        assert Browser(stage.url).get("/").text == "here"
    assert len(stage.seen) == 2


def test_faults_of_the_server_are_remembered(stage: Stage) -> None:
    stage.script = first_then((500, {}, "oh"), (200, {}, "here"))
    browser = Browser(stage.url)
    with stage.open():
        browser.get("/t/secret/?x=1")
    assert browser.faults == ["500 GET /t/secret/"]


def test_a_form_that_may_be_repeated_is_sent_again_as_it_was(stage: Stage) -> None:
    stage.script = first_then(None, (200, {}, "taken"))
    with stage.open():
        page = Browser(stage.url).post("/take/", {"request_id": "1"}, may_repeat=True)
    assert page.text == "taken"
    assert [asked.fields for asked in stage.seen] == [{"request_id": ["1"]}] * 2


@pytest.mark.parametrize("trouble", [None, (502, {}, "")])
def test_another_form_is_sent_once(stage: Stage, trouble: Answer | None) -> None:
    stage.script = lambda _asked: trouble
    with stage.open(), pytest.raises(AnswerLost):
        Browser(stage.url).post("/next/", may_repeat=False)
    assert len(stage.seen) == 1


def test_patience_has_an_end_if_one_was_set(stage: Stage) -> None:
    with pytest.raises(Away):
        Browser(stage.url, patience=0.3).get("/")


def test_nobody_waits_when_the_day_is_over(stage: Stage) -> None:
    browser = Browser(stage.url)
    threading.Timer(0.2, browser.over.set).start()
    began = time.monotonic()
    with pytest.raises(Over):
        browser.get("/")
    assert time.monotonic() - began < 2
    with pytest.raises(Over):
        browser.pause(10)


def test_a_form_leads_to_a_page(stage: Stage) -> None:
    stage.script = lambda asked: (
        (303, {"Location": "/done/?a=1"}, "") if asked.method == "POST" else (200, {}, asked.path)
    )
    with stage.open():
        page = Browser(stage.url).post("/do/", may_repeat=True)
    assert (page.text, page.path) == ("/done/?a=1", "/done/")


def test_cookies_are_kept_and_the_token_is_sent_with_forms(stage: Stage) -> None:
    stage.script = first_then((200, {"Set-Cookie": "csrftoken=abc; Path=/"}, ""), (200, {}, ""))
    browser = Browser(stage.url)
    with stage.open():
        browser.get("/")
        browser.post("/do/", may_repeat=False)
    assert (stage.seen[1].cookie, stage.seen[1].csrf) == ("csrftoken=abc", "abc")


def test_a_cookie_can_be_taken_back(stage: Stage) -> None:
    stage.script = first_then(
        (200, {"Set-Cookie": 'messages=""; Max-Age=0; Path=/'}, ""), (200, {}, "")
    )
    browser = Browser(stage.url, cookies={"messages": "x"})
    with stage.open():
        browser.get("/")
        browser.get("/")
    assert stage.seen[1].cookie == ""


def test_one_connection_serves_until_the_server_closes_it(stage: Stage) -> None:
    browser = Browser(stage.url)
    with stage.open():
        browser.get("/")
        stage.script = lambda _asked: (200, {HANGS_UP: "1"}, "")
        browser.get("/")
        assert stage.connections == 1
        time.sleep(0.1)
        browser.post("/do/", may_repeat=False)  # not lost: the end of the line was noticed before
    assert stage.connections == 2


def page_of(text: str) -> Page:
    return Page("http://hall/x/", 200, {}, text, 0, 0)


def test_attributes_of_an_element() -> None:
    page = page_of(
        '<p id="a">x</p><section\n  id="now" data-code="A&amp;1" data-refused>y</section>'
    )
    about = page.element('id="now"')
    assert (about["data-code"], "data-refused" in about) == ("A&1", True)
    assert page.element("data-nothing") == {}


def test_a_form_is_found_by_what_stands_in_it() -> None:
    page = page_of(
        '<form action="/a/"><input type="hidden" name="n" value="1"></form>'
        '<form action="/b/"><input type="hidden" name="n" value="2&quot;"></form>'
    )
    form = page.form('value="2')
    assert form is not None
    assert (form.action, form.fields) == ("/b/", {"n": '2"'})
    assert page.form("nothing") is None


def test_a_wrong_password_is_told(stage: Stage) -> None:
    with stage.open(), pytest.raises(TurnedAway, match="N1001"):
        sign_in(Browser(stage.url), "N1001", "wrong")
