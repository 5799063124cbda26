"""Ends server and worker by ``kill -9`` in the middle of the day, with screens open all the while.

A board and a visitor's page stay open in a real browser. After each restart a clerk calls that
visitor, and the time is taken until both pages show what the hall shows then.
"""

from __future__ import annotations

import contextlib
import random
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from playwright.sync_api import Error as PlaywrightError
from playwright.sync_api import Page as Screen
from playwright.sync_api import sync_playwright

from demo.visitors.desk import Desk, View
from demo.visitors.kiosk import Kiosk
from demo.visitors.place import MAIN_HALL, clerks, service_names
from tests.acceptance.history import Row
from tests.acceptance.own_log import Visitor
from tests.acceptance.play import Play
from tests.acceptance.private import Private
from tests.servers import find_browser

WATCHED_SERVICE, WATCHED_SEAT = "work-accident", 40  # nobody else has to do with them
BACK_WITHIN = 15.0  # seconds after a restart
CALL_WITHIN = 3.0  # seconds, while Redis is away
REDIS_AWAY_FOR = 8.0
POLL = 0.05
CHROMIUM: Final = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
CALL_IDS = "[...document.querySelectorAll('[data-live] [data-call-id]')].map(e => e.dataset.callId)"
TICKET = (
    "(e => e && [e.dataset.code, e.dataset.state, e.dataset.calls])"
    "(document.querySelector('[data-ticket]'))"
)
IS_STALE = "document.documentElement.hasAttribute('data-stale')"
LOADED_AT = "performance.timeOrigin"


@dataclass
class Screens:
    """The board and the phone that stay open."""

    board: Screen
    phone: Screen
    loaded: set[object] = field(default_factory=set)

    def board_shows(self, code: str, calls: int) -> bool:
        """Whether the board has this call of a ticket among the calls of now."""
        shown = self.read(self.board, CALL_IDS)
        return isinstance(shown, list) and any(each.endswith(f"-{code}-{calls}") for each in shown)

    def phone_shows(self, code: str, calls: int) -> bool:
        """Whether the visitor's page tells of this call."""
        return self.read(self.phone, TICKET) == [code, "called", str(calls)]

    def read(self, screen: Screen, script: str) -> object:
        """What a page says; nothing if it is old by its own account, or loads itself anew."""
        with contextlib.suppress(PlaywrightError):
            self.loaded.add(screen.evaluate(LOADED_AT))
            return None if screen.evaluate(IS_STALE) else screen.evaluate(script)
        return None


class Killer:
    """Kills, restarts, and looks at the screens."""

    def __init__(self, play: Play, private: Private, kills: int, length: float) -> None:
        self.play, self.private = play, private
        self.faults: list[str] = []
        self.moments = sorted(random.uniform(0.08, 0.85) * length for _kill in range(kills))
        self.redis_at = random.uniform(0.3, 0.6) * length
        self.desk = Desk(play.browser(), clerks(MAIN_HALL)[WATCHED_SEAT - 1], play.password)
        self.token = self.take_ticket()

    def take_ticket(self) -> str:
        """The ticket of the visitor whose page stays open; it belongs to the day like any other."""
        row = Row(0, self.play.clock.begin, "watched", False, None, 0, "", None)
        visitor = Visitor(row)
        kiosk = Kiosk(self.play.browser(), MAIN_HALL)
        taken = kiosk.take(kiosk.offers()[service_names()[WATCHED_SERVICE]])
        self.play.log.visitors.append(visitor)
        self.play.log.took(visitor, taken)
        return taken.token

    def work(self) -> None:
        """The whole day."""
        tasks: list[tuple[float, Callable[[Screens], None]]] = [
            (m, self.kill) for m in self.moments
        ]
        if self.private.redis:
            tasks.append((self.redis_at, self.take_redis_away))
        self.desk.open()
        self.note(self.desk.sit([WATCHED_SEAT]))
        with open_screens(self.play, self.token) as screens:
            for moment, task in sorted(tasks, key=lambda each: each[0]):
                self.desk.browser.pause(self.play.clock.started + moment - time.time())
                task(screens)
            print(
                f"screens         loaded themselves anew {len(screens.loaded) - 2} times",
                flush=True,
            )
        visitor = self.desk.look().visitor
        assert visitor is not None
        self.note(self.desk.move(visitor.ticket, "start"))
        self.note(self.desk.move(visitor.ticket, "finish"))

    def note(self, view: View) -> None:
        """Write down what the watched desk shows."""
        self.play.log.note(view)

    def call(self) -> tuple[str, int]:
        """Call the watched visitor, or call again; the code, and how many calls that makes."""
        view = self.desk.look()
        view = self.desk.move(view.visitor.ticket, "recall") if view.visitor else self.desk.next()
        self.note(view)
        assert view.visitor is not None
        return view.visitor.code, sum(state == "called" for _at, state in view.visitor.steps)

    def kill(self, screens: Screens) -> None:
        """``kill -9``, a moment of nothing, a restart, and how soon the screens are current."""
        killed, when = time.time(), clock_text(self.play.clock.now())
        self.private.hall.kill()
        time.sleep(random.uniform(1.0, 2.0))
        self.private.hall.start()
        back = time.time()
        shown = self.until_shown(screens, back, BACK_WITHIN)
        print(
            f"kill -9         at {when}: away for {back - killed:.1f} s; a call after the restart "
            f"was shown {shown} after it",
            flush=True,
        )

    def take_redis_away(self, screens: Screens) -> None:
        """Stop Redis, call, look; start it again, call, look."""
        redis, when = self.private.redis, clock_text(self.play.clock.now())
        assert redis is not None
        redis.process.kill()
        gone = self.until_shown(screens, time.time(), CALL_WITHIN)
        self.desk.browser.pause(REDIS_AWAY_FOR)
        later = self.until_shown(screens, time.time(), CALL_WITHIN)
        redis.start()
        back = self.until_shown(screens, time.time(), CALL_WITHIN)
        print(
            f"Redis away      at {when}: a call was shown after {gone}; "
            f"some seconds later after {later}; with Redis again after {back}",
            flush=True,
        )

    def until_shown(self, screens: Screens, since: float, limit: float) -> str:
        """Call, and see how long after a moment both screens show it; too long is a fault."""
        code, calls = self.call()
        waiting = {"board": screens.board_shows, "phone": screens.phone_shows}
        took = dict.fromkeys(waiting, float("inf"))
        while waiting and time.time() - since < limit + BACK_WITHIN:
            for name in [name for name, shows in waiting.items() if shows(code, calls)]:
                took[name] = time.time() - since
                del waiting[name]
            time.sleep(POLL)
        for name, seconds in took.items():
            if seconds > limit:
                self.faults.append(f"the {name} showed a call only after {seconds:.1f} s")
        return f"{took['board']:.1f} s (board) and {took['phone']:.1f} s (phone)"


@contextlib.contextmanager
def open_screens(play: Play, token: str) -> Iterator[Screens]:
    """A browser with the two pages; nobody touches them."""
    with sync_playwright() as playwright:
        program = find_browser(Path(playwright.chromium.executable_path))
        browser = playwright.chromium.launch(executable_path=program, args=CHROMIUM)
        board = browser.new_page(viewport={"width": 1920, "height": 1080})
        phone = browser.new_page(viewport={"width": 390, "height": 844})
        board.goto(f"{play.url}/board/{MAIN_HALL}/")
        phone.goto(f"{play.url}/t/{token}/")
        yield Screens(board, phone)
        browser.close()


def clock_text(second: float) -> str:
    """A second of the day as people say it."""
    return f"{int(second // 3600):02}:{int(second // 60 % 60):02}"
