"""The board's voice in a real browser: each call once, in order, never two at once."""

from __future__ import annotations

import datetime as dt
import functools
import io
import math
import re
import struct
import threading
import wave
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import pairwise
from pathlib import Path
from typing import Any, cast

import pytest
from django.conf import settings
from playwright.sync_api import Browser, BrowserContext, Page, expect

pytestmark = pytest.mark.servers  # a browser test is run once, in the run of its own

STATIC = Path(settings.BASE_DIR) / "static"
NOW = dt.datetime(2026, 3, 2, 9, 0, tzinfo=dt.UTC)
POLICY = "default-src 'self'; object-src 'none'; base-uri 'none'"
PAGE = """<!doctype html><title>board</title>
<button type="button" data-enable-sound hidden>Enable sound</button>
<ol data-live="/live/" data-now="{now}" {attributes}>{rows}</ol>
<script type="module" src="/static/js/announce.js"></script>"""
# Writes down what is heard, and stretches of sound as they are put on the audio clock.
EAR = """
window.spoken = [];
window.events = [];
window.sounds = [];
for (const type of ["hall:speaking", "hall:spoken"]) {
  document.addEventListener(type, ({ detail }) => {
    const row = document.querySelector(`[data-call-id="${detail.id}"]`);
    events.push([type, detail.id, row?.hasAttribute("data-speaking") ?? null]);
    if (type === "hall:spoken") spoken.push(detail);
  });
}
const start = AudioBufferSourceNode.prototype.start;
AudioBufferSourceNode.prototype.start = function (at, from, length) {
  sounds.push([at, at + length / this.playbackRate.value]);
  start.call(this, at, from, length);
};
window.show = (rows) => {
  const region = document.querySelector("[data-live]");
  region.innerHTML = rows;
  region.dispatchEvent(new CustomEvent("hall:live", { bubbles: true }));
};
window.heard = (count, within) => new Promise((resolve, reject) => {
  setTimeout(() => reject(Error(`only ${spoken.length} spoken`)), within * 1000);
  const look = () => { if (spoken.length >= count) resolve(spoken); };
  document.addEventListener("hall:spoken", look);
  look();
});
"""
# The server's clock goes on by so much.
LATER = """by => import("/static/js/server-time.js").then(clock => {
  clock.correct(clock.serverNow() + by, performance.now());
})"""
# Stands in for a browser that was told nothing about sound: forbidden until a click.
FORBIDDEN = """
window.isAllowed = false;
const Real = AudioContext;
window.AudioContext = class extends Real {
  get state() { return window.isAllowed ? super.state : "suspended"; }
  resume() { return window.isAllowed ? super.resume() : Promise.reject(); }
};
addEventListener("click", () => { window.isAllowed = true; }, { capture: true });
"""
NEVER_ANSWERED = FORBIDDEN.replace("Promise.reject()", "new Promise(() => {})")
OWN_VOICES = """
const local = { lang: "en-GB", localService: true };
const remote = { lang: "zh-CN", localService: false };
window.uttered = [];
window.SpeechSynthesisUtterance = class extends EventTarget {
  constructor(text) { super(); this.text = text; }
};
Object.defineProperty(window, "speechSynthesis", { value: {
  getVoices: () => [remote, local],
  speak(one) { uttered.push([one.text, one.lang]); one.dispatchEvent(new Event("end")); },
  cancel() {},
}});
"""


def row(
    code: str, *, seconds: int = 5, counter: int = 3, time: int = 1, is_answered: bool = False
) -> str:
    """A row of the board with a call that is some seconds old when the page is answered."""
    at = NOW - dt.timedelta(seconds=seconds)
    return (
        f'<li data-call-id="20260302-{code}-{time}" data-code="{code}" data-counter="{counter}"'
        f' data-called-at="{at.isoformat()}"{" data-answered" * is_answered}>{code}</li>'
    )


@functools.cache
def tone() -> bytes:
    """A short tone in place of each clip, so that the tests are quick."""
    rate, out = 22_050, io.BytesIO()
    waves = (int(9000 * math.sin(n * math.tau * 440 / rate)) for n in range(rate // 40))
    with wave.open(out, "wb") as file:
        file.setparams((1, 2, rate, 0, "NONE", ""))
        file.writeframes(b"".join(struct.pack("<h", value) for value in waves))
    return out.getvalue()


class Site(ThreadingHTTPServer):
    """A page like the board's, its scripts, and clips that may be lost or never come."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.rows = ""
        self.attributes = 'data-voice-languages="zh"'
        self.lost: set[str] = set()
        self.stuck: set[str] = set()
        self.asked: list[str] = []
        self.folders: set[str] = set()
        self.is_real = False
        self.is_over = threading.Event()

    @property
    def url(self) -> str:
        """Where the page is."""
        return f"http://127.0.0.1:{self.server_port}/"

    def clip(self, name: str) -> bytes | None:
        """The bytes of a clip; None for one that is lost."""
        self.asked.append(name)
        if name in self.stuck:
            self.is_over.wait()
        if name in self.lost:
            return None
        return (STATIC / "voice" / f"{name}.mp3").read_bytes() if self.is_real else tone()

    def answer(self, path: str) -> tuple[str, bytes | None]:
        """The type and body for a path."""
        if found := re.fullmatch(r"/(voice|own)/(\w+/[\w-]+)\.mp3", path):
            self.folders.add(found[1])
            return "audio/mpeg", self.clip(found[2])
        if found := re.fullmatch(r"/static/(js/[\w-]+\.js)", path):
            return "text/javascript", (STATIC / found[1]).read_bytes()
        page = PAGE.format(now=NOW.isoformat(), attributes=self.attributes, rows=self.rows)
        return "text/html", page.encode() if path == "/" else None


class Handler(BaseHTTPRequestHandler):
    """Answers from the site."""

    def do_GET(self) -> None:
        """Answer one request."""
        kind, body = cast(Site, self.server).answer(self.path)
        self.send_response(404 if body is None else 200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Security-Policy", POLICY)
        self.send_header("Cache-Control", "no-store")
        self.end_headers()
        self.wfile.write(body or b"")

    def log_message(self, format: str, *args: Any) -> None:
        """Keep quiet."""


@pytest.fixture
def site() -> Iterator[Site]:
    """The site, served from a thread of its own."""
    with Site() as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.is_over.set()
        server.shutdown()


Load = Callable[..., Page]


@pytest.fixture
def load(browser: Browser, site: Site) -> Iterator[Load]:
    """Loads the page in a browser of its own: `load(rows, script)`."""
    made: list[BrowserContext] = []

    def go(rows: str = "", *scripts: str) -> Page:
        site.rows = rows
        context = browser.new_context()
        made.append(context)
        page = context.new_page()
        for script in (EAR, *scripts):
            page.add_init_script(script)
        page.goto(site.url)
        return page

    yield go
    for context in made:
        context.close()


def heard(page: Page, count: int, within: int = 30) -> list[dict[str, Any]]:
    """The first calls that were spoken; waits some seconds until there are as many."""
    spoken: list[dict[str, Any]] = page.evaluate("([n, s]) => heard(n, s)", [count, within])
    return spoken


def unspoken(page: Page) -> list[str]:
    """The calls of which the board says that they were not spoken."""
    return page.locator("[data-unspoken]").all_text_contents()


def codes(spoken: list[dict[str, Any]]) -> list[str]:
    """The tickets of calls, in the order in which they were spoken."""
    return [call["id"].split("-")[1] for call in spoken]


# --- what is said ---


def said(page: Page, *call: object) -> str:
    """The clips of a sentence, in order."""
    script = "call => import('/static/js/voice.js').then(it => it.sentence(...call).join(' '))"
    return str(page.evaluate(script, list(call)))


def test_the_sentence_of_each_language(load: Load) -> None:
    page = load()
    code = "letter-a digit-0 digit-4 digit-2"
    assert said(page, "zh", "A042", 12) == f"please {code} number to number-12 counter"
    assert said(page, "yue", "A042", "12") == f"please {code} number to number-12 counter"
    assert said(page, "en", "A042", 12) == f"ticket {code} go-to-counter number-12"


def test_signs_and_counters_beyond_the_common(load: Load) -> None:
    page = load()
    assert said(page, "en", "vip-7", 1) == (
        "ticket letter-v letter-i letter-p digit-7 go-to-counter number-1"
    )
    assert said(page, "en", "B1", 104).endswith("go-to-counter digit-1 digit-0 digit-4")
    assert said(page, "fr", "B1", 2) == ""
    assert said(page, "zh", "", 2) == said(page, "zh", "A1", "") == ""


def test_every_clip_of_a_real_call_is_played_after_the_chime(load: Load, site: Site) -> None:
    site.is_real = True
    site.attributes = 'data-voice-languages="zh, en"'
    page = load(row("A042", counter=12))
    [call] = heard(page, 1)
    chinese = "please letter-a digit-0 digit-4 digit-2 number to number-12 counter"
    english = "ticket letter-a digit-0 digit-4 digit-2 go-to-counter number-12"
    expected = ["common/chime"]
    expected += [f"zh/{name}" for name in chinese.split()]
    expected += [f"en/{name}" for name in english.split()]
    assert call["clips"] == expected
    sounds = page.evaluate("sounds")
    assert all(0.15 < end - start < 2 for start, end in sounds), "no clip empty or endless"
    assert 8 < sum(end - start for start, end in sounds) < 12


# --- once, in order, one at a time ---


def test_calls_are_spoken_oldest_first_and_never_two_at_once(load: Load, site: Site) -> None:
    page = load(row("A3", seconds=2) + row("A1", seconds=20) + row("A2", seconds=10))
    assert codes(heard(page, 3)) == ["A1", "A2", "A3"]
    sounds = page.evaluate("sounds")
    assert len(sounds) == 3 * 8  # the chime, and seven clips a call
    assert all(end <= start for (_, end), (start, _) in pairwise(sounds))
    kinds = [kind for kind, _, _ in page.evaluate("events")]
    assert kinds == ["hall:speaking", "hall:spoken"] * 3
    assert len(site.asked) == len(set(site.asked)), "each clip is fetched once"
    expect(page.locator("[data-enable-sound]")).to_be_hidden()


def test_a_call_is_spoken_once_however_often_the_board_is_renewed(load: Load) -> None:
    page = load(row("A1"))
    page.evaluate("show", row("A1"))
    heard(page, 1)
    page.evaluate("show", row("A2", seconds=1) + row("A1") + row("A1"))
    assert codes(heard(page, 2)) == ["A1", "A2"]


def test_a_ticket_that_is_called_again_is_spoken_again(load: Load) -> None:
    page = load(row("A1"))
    heard(page, 1)
    page.evaluate("show", row("A1", seconds=1, time=2))
    assert [call["id"] for call in heard(page, 2)] == ["20260302-A1-1", "20260302-A1-2"]


def test_a_call_of_more_than_a_minute_ago_is_silent(load: Load) -> None:
    page = load(row("A2", seconds=40) + row("A1", seconds=61))
    heard(page, 1)
    page.evaluate("show", row("A3", seconds=0) + row("A2", seconds=40) + row("A0", seconds=61))
    assert codes(heard(page, 2)) == ["A2", "A3"]


def test_a_reload_repeats_nothing(load: Load) -> None:
    page = load(row("A1"))
    heard(page, 1)
    page.reload()
    page.evaluate("show", row("A2", seconds=1) + row("A1"))
    assert codes(heard(page, 1)) == ["A2"]


def test_in_a_crowd_only_the_first_language_is_spoken(load: Load, site: Site) -> None:
    site.attributes = 'data-voice-languages="zh,en"'
    page = load("".join(row(f"A{n}", seconds=9 - n) for n in range(1, 6)))
    spoken = heard(page, 2)
    languages = [{clip.split("/")[0] for clip in call["clips"]} - {"common"} for call in spoken]
    assert languages == [{"zh"}, {"zh", "en"}], "four were waiting, then three"


def test_forty_calls_at_once_are_all_spoken_the_more_wait_the_shorter(
    load: Load, site: Site
) -> None:
    site.attributes = 'data-voice-languages="zh,en"'
    page = load("".join(row(f"A{n}", seconds=41 - n, counter=n) for n in range(1, 41)))
    spoken = heard(page, 40, within=90)
    assert codes(spoken) == [f"A{n}" for n in range(1, 41)]
    first, *_, last = spoken
    assert first["clips"] == (
        "common/chime zh/letter-a zh/digit-1 zh/to zh/number-1 zh/counter".split()
    )
    rush = spoken[1:32]  # nobody needs a second chime
    assert [call["clips"][0] for call in rush] == ["zh/letter-a"] * 31
    assert last["clips"][0] == "common/chime"
    sounds = page.evaluate("sounds")
    assert all(end <= start + 0.001 for (_, end), (start, _) in pairwise(sounds))


def test_whose_turn_comes_late_is_spoken_in_short_though_few_wait(load: Load, site: Site) -> None:
    site.attributes = 'data-voice-languages="zh,en"'
    page = load()
    site.stuck = {"zh/digit-7"}  # it holds up the others for as long as we like
    page.evaluate("show", row("A7", seconds=3) + row("A1", seconds=2) + row("A2", seconds=1))
    page.evaluate(
        """const real = performance.now.bind(performance);
        performance.now = () => real() + 25_000"""
    )
    site.is_over.set()
    _lost, short, last = heard(page, 3)
    assert short["clips"] == "zh/letter-a zh/digit-1 zh/to zh/number-3 zh/counter".split()
    assert {clip.split("/")[0] for clip in last["clips"]} == {"common", "zh"}


def test_a_call_that_waited_for_its_turn_is_spoken_after_a_minute(load: Load) -> None:
    page = load(row("A2", seconds=58) + row("A1", seconds=59))
    page.evaluate(LATER, 61_000)
    assert codes(heard(page, 2)) == ["A1", "A2"]
    assert unspoken(page) == []


def test_a_call_whose_turn_comes_after_three_minutes_is_told_to_be_unspoken(load: Load) -> None:
    page = load(row("A2", seconds=1) + row("A1", seconds=2))
    page.evaluate(LATER, 181_000)
    expect(page.locator("[data-unspoken]")).to_have_count(1)
    assert unspoken(page) == ["A2"]


def test_who_has_come_meanwhile_is_called_no_more(load: Load) -> None:
    page = load(row("A3", seconds=1) + row("A2", seconds=2) + row("A1", seconds=3))
    page.evaluate("show", row("A4", seconds=0) + row("A3", seconds=1, is_answered=True) + row("A1"))
    assert codes(heard(page, 2)) == ["A1", "A4"]
    page.wait_for_timeout(500)
    assert codes(heard(page, 2)) == ["A1", "A4"]
    assert unspoken(page) == []


def test_a_call_that_is_not_spoken_after_all_says_so(load: Load, site: Site) -> None:
    site.lost = {"zh/digit-7"}
    page = load(row("A8", seconds=1) + row("A7", seconds=2) + row("A6", seconds=61))
    heard(page, 2)
    assert unspoken(page) == ["A7", "A6"]
    page.evaluate("show", row("A7", seconds=2, is_answered=True) + row("A6", seconds=61))
    assert unspoken(page) == ["A6"]


@pytest.mark.parametrize("how", ["forbidden", "silent"])
def test_a_board_without_a_voice_says_so_at_each_call(load: Load, site: Site, how: str) -> None:
    site.attributes = 'data-voice-languages=""' if how == "silent" else site.attributes
    page = load(row("A1"), FORBIDDEN)
    expect(page.locator("[data-unspoken]")).to_have_count(1)
    page.evaluate("show", row("A2", seconds=1) + row("A1"))
    expect(page.locator("[data-unspoken]")).to_have_count(2)


def test_the_row_is_marked_while_it_is_spoken_also_when_it_is_renewed(load: Load) -> None:
    page = load()
    page.evaluate(
        """rows => document.addEventListener("hall:speaking", () => {
          show(rows);
          window.marked = document.querySelectorAll("[data-speaking]").length;
        })""",
        row("A1"),
    )
    page.evaluate("show", row("A1"))
    heard(page, 1)
    assert page.evaluate("marked") == 1
    assert page.locator("[data-speaking]").count() == 0


# --- what goes wrong ---


def test_a_lost_phrase_is_passed_over(load: Load, site: Site) -> None:
    site.lost = {"zh/to", "common/chime"}
    page = load(row("A1"))
    [call] = heard(page, 1)
    assert "zh/to" not in call["clips"]
    assert call["clips"][0] == "zh/please"
    assert call["clips"][-1] == "zh/counter"


def test_with_a_digit_lost_the_sentence_is_not_spoken_and_the_next_one_is(
    load: Load, site: Site
) -> None:
    site.lost = {"zh/digit-7"}
    page = load(row("A7") + row("A8", seconds=1))
    first, second = heard(page, 2)
    assert first["clips"] == ["common/chime"], "half a number would mislead"
    assert "zh/digit-8" in second["clips"]


def test_a_clip_that_was_lost_is_asked_for_again(load: Load, site: Site) -> None:
    site.lost = {"zh/digit-7"}
    page = load(row("A7"))
    heard(page, 1)
    site.lost = set()
    page.evaluate("show", row("A7", seconds=1, time=2))
    assert "zh/digit-7" in heard(page, 2)[1]["clips"]


def test_a_clip_that_never_comes_does_not_hold_up_the_next_call(load: Load, site: Site) -> None:
    site.stuck = {"zh/digit-7"}
    page = load(row("A7") + row("A8", seconds=1))
    assert codes(heard(page, 2)) == ["A7", "A8"]


def test_without_a_gesture_calls_are_left_out_not_kept(load: Load) -> None:
    page = load(row("A1"), FORBIDDEN)
    button = page.get_by_role("button", name="Enable sound")
    button.click()
    expect(button).to_be_hidden()
    page.evaluate("show", row("A2", seconds=0) + row("A1"))
    assert codes(heard(page, 1)) == ["A2"]


def test_where_the_browser_does_not_answer_the_button_shows(
    load: Load,
) -> None:
    page = load(row("A1"), NEVER_ANSWERED)
    expect(page.get_by_role("button", name="Enable sound")).to_be_visible()


def test_a_board_without_languages_is_silent(load: Load, site: Site) -> None:
    site.attributes = 'data-voice-languages=""'
    page = load(row("A1"))
    page.evaluate("show", row("A2"))
    assert site.asked == []
    assert page.evaluate("events") == []


def test_the_clips_may_be_elsewhere(load: Load, site: Site) -> None:
    site.attributes += ' data-voice-base="/own/"'
    heard(load(row("A1")), 1)
    assert site.folders == {"own"}


def test_the_browsers_own_voice_speaks_only_if_asked_and_local(load: Load, site: Site) -> None:
    site.attributes = 'data-voice-languages="zh,en" data-voice="browser"'
    page = load(row("A042", counter=12), OWN_VOICES)
    [call] = heard(page, 1)
    assert page.evaluate("uttered") == [["Ticket A 0 4 2, please go to counter 12.", "en-GB"]]
    assert call["clips"][-1] == "en/browser"
    assert "zh/please" in call["clips"], "the Chinese voice is not on this machine"
