"""The server is killed in the middle of everything: nothing is lost, and the screens come back."""

from __future__ import annotations

import os
import re
import signal
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from demo.visitors.desk import Desk, View
from demo.visitors.kiosk import Kiosk, Taken
from demo.visitors.person import Browser
from hall import calendar
from queueing.models import State, Ticket
from tests.acceptance.audit import audit
from tests.browser.conftest import NewContext
from tests.browser.guard import Guard
from tests.browser.live import LiveHall
from tests.cast import PASSWORD, Cast

VISITORS = 24
WITHIN = 15_000  # milliseconds after the restart
LOST_CONNECTIONS = "ERR_(CONNECTION|INCOMPLETE|EMPTY)"


def kill(hall: LiveHall) -> None:
    """``kill -9`` of the server itself, which is its keeper's only child."""
    assert hall.process is not None
    keeper = hall.process.pid
    (server,) = Path(f"/proc/{keeper}/task/{keeper}/children").read_text().split()
    os.kill(int(server), signal.SIGKILL)
    hall.process.wait()


def take_tickets(url: str, count: int) -> list[Taken]:
    """Visitors take tickets one after the other, whatever happens to the server."""
    kiosk = Kiosk(Browser(url, patience=60), "nanshan")
    (offer, *_others) = kiosk.offers().values()
    return [kiosk.take(offer) for _visitor in range(count)]


def serve(desk: Desk, seat: int, over: threading.Event) -> None:
    """A clerk serves whoever comes, whatever happens to the server."""
    desk.open()
    view = desk.sit([seat])
    while view.visitor or view.line_length or not over.is_set():
        view = next_step(desk, view)


def next_step(desk: Desk, view: View) -> View:
    if view.visitor is None:
        desk.browser.pause(0.05)
        return desk.next()
    return desk.move(view.visitor.ticket, "start" if view.state == "called" else "finish")


@pytest.fixture
def board(new_context: NewContext) -> Page:
    page = new_context(viewport={"width": 1920, "height": 1080}).new_page()
    page.goto("/board/nanshan/")
    return page


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="a process's children are found there")
def test_kill_9_in_the_middle_of_everything(
    cast: Cast, live_hall: LiveHall, board: Page, page: Page, guard: Guard
) -> None:
    guard.expect(LOST_CONNECTIONS)
    over = threading.Event()
    watched = cast.ticket(cast.medical)
    cast.counters[4].services.set([cast.medical.service])
    cast.counters[3].services.set([cast.pension.service])
    page.goto(watched.get_absolute_url())
    expect(page.locator("[data-ticket]")).to_have_attribute("data-state", "waiting")
    desk = Desk(Browser(live_hall.url, patience=60), cast.clerk.staff_number, PASSWORD)
    with ThreadPoolExecutor(3) as people:
        kiosks = [people.submit(take_tickets, live_hall.url, VISITORS // 2) for _kiosk in range(2)]
        clerk = people.submit(serve, desk, 3, over)
        wait_until_some_are_served(2)
        kill(live_hall)
        time.sleep(0.5)
        live_hall.start()
        the_screens_come_back(cast, live_hall, board, page)
        taken = [ticket for kiosk in kiosks for ticket in kiosk.result()]
        over.set()
        clerk.result()
    nothing_is_lost_or_doubled(cast, taken)


def wait_until_some_are_served(count: int) -> None:
    until = time.monotonic() + 20
    while Ticket.objects.filter(state=State.DONE).count() < count:
        assert time.monotonic() < until
        time.sleep(0.05)


def the_screens_come_back(cast: Cast, hall: LiveHall, board: Page, phone: Page) -> None:
    """Nobody touches them; a call made after the restart is on both."""
    other = Desk(Browser(hall.url), cast.colleague.staff_number, PASSWORD)
    other.open()
    other.sit([4])
    called = other.next()
    assert called.visitor is not None
    new_call = board.locator(f"[data-call-id$='-{called.visitor.code}-1']")
    expect(new_call).to_be_attached(timeout=WITHIN)
    ticket = phone.locator("[data-ticket]")
    expect(ticket).to_have_attribute("data-state", "called", timeout=WITHIN)
    for screen in (board, phone):
        expect(screen.locator("html")).not_to_have_attribute("data-stale", re.compile(""))
    other.move(called.visitor.ticket, "start")
    other.move(called.visitor.ticket, "finish")


def nothing_is_lost_or_doubled(cast: Cast, taken: list[Taken]) -> None:
    """Everybody has a ticket of their own, and every ticket its one outcome."""
    assert len({ticket.token for ticket in taken}) == len(taken) == VISITORS
    answer = audit("nanshan", str(calendar.local_day(cast.branch, timezone.now())))
    assert answer["faults"] == []
    states = answer["tickets"]
    assert isinstance(states, dict)
    assert {ticket.token for ticket in taken} < states.keys()
    assert list(states.values()) == ["done"] * (VISITORS + 1)
