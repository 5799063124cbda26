"""Forty counters call within a second: every call is seen on the board, and can be read."""

from __future__ import annotations

import datetime as dt
import os
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import BrowserContext, Page, ViewportSize, expect

from hall import devices
from hall.actions.device import hashed
from hall.models import Counter, Device, Notice, Zone
from queueing import actions
from queueing.models import Sitting, Ticket
from staff.models import Member
from tests.browser.conftest import NewContext
from tests.browser.live import LiveHall
from tests.cast import Cast, hire

URL = "/board/nanshan/?lang=en"
PANEL: ViewportSize = {"width": 1920, "height": 1080}
FARTHEST, NEAREST = 116, 58  # pixels of cap height: read from six metres, and from three
SEEN_FOR, IN_TURN = 2500, 15_000  # milliseconds
# Looks ten times a second which calls can be seen whole, and how long each is at a stretch.
EYE = """
window.sightings = {};
const isSeen = (code) => {
  const { left, right, top, bottom, width } = code.getBoundingClientRect();
  const calls = code.closest(".calls").getBoundingClientRect();
  return width > 0 && left >= calls.left && right <= calls.right
    && top >= calls.top - 30 && bottom <= calls.bottom + 30;
};
const look = () => {
  const now = Date.now();
  const seen = new Set();
  for (const row of document.querySelectorAll("[data-call-id]")) {
    const { callId, code, calledAt } = row.dataset;
    const each = sightings[callId] ??= {
      code, calledAt: Date.parse(calledAt), metAt: now, stretches: [] };
    each.lastMetAt = now;
    if (!isSeen(row.querySelector(".code"))) continue;
    seen.add(callId);
    if (!each.isSeen) each.stretches.push([now, now]);
    each.stretches.at(-1)[1] = now;
  }
  for (const [id, each] of Object.entries(sightings)) each.isSeen = seen.has(id);
};
addEventListener("DOMContentLoaded", () => { look(); setInterval(look, 100); });
"""
# The cap height of every code, by the metrics of the font that draws it.
CAPS = """codes => codes.map(code => {
  const ruler = document.createElement("span");
  Object.assign(ruler.style, { display: "inline-block", blockSize: "1cap", inlineSize: "1px" });
  code.append(ruler);
  const height = ruler.getBoundingClientRect().height;
  ruler.remove();
  return height;
})"""
# How far the words of one row reach into what stands right of them.
OVERLAPS = """rows => rows.flatMap(row => {
  const edges = [...row.children].filter(each => each.checkVisibility()).map(each => {
    const words = document.createRange();
    if (each.matches(".code, .counter")) words.selectNode(each.lastChild);
    const box = (words.startContainer === document ? each : words).getBoundingClientRect();
    return [box.left, box.right];
  });
  edges.push([row.getBoundingClientRect().right, 0]);
  return edges.slice(1).map(([left], index) => edges[index][1] - left);
})"""


# The oldest call is made again: it comes to the top, under a new id.
CALL_AGAIN = """count => {
  const region = document.querySelector("[data-live]");
  const last = [...region.querySelectorAll("[data-call-id]")].at(-1);
  last.dataset.callId = last.dataset.callId.replace(/(-again.*)?$/, `-again${count}`);
  last.parentElement.prepend(last);
  region.innerHTML = region.innerHTML.replaceAll("later", "");
  region.dispatchEvent(new CustomEvent("hall:live"));
}"""


@pytest.fixture
def wall(new_context: NewContext) -> BrowserContext:
    """The browser of a board: a large panel, and motion."""
    return new_context(viewport=PANEL, reduced_motion="no-preference")


Seats = list[tuple[Sitting, Member]]


def many_counters(cast: Cast, count: int) -> Seats:
    """Counters on two floors, a clerk at each, and a visitor for each in line."""
    upstairs = Zone.objects.create(
        branch=cast.branch, name_zh_hans="B区", name_en="Zone B", floor=2
    )
    ground = Zone.objects.get(branch=cast.branch, floor=1)
    cast.medical.zone = upstairs
    cast.medical.save()
    clerks = hire(*((f"X{n}", "某某", cast.branch, "clerk") for n in range(count)))
    seats = []
    for number, clerk in enumerate(clerks):
        zone = upstairs if number % 2 else ground
        counter = Counter.objects.create(branch=cast.branch, number=10 + number, zone=zone)
        counter.services.set([cast.pension.service])
        seats.append((actions.sit_down(counter=counter, by=clerk), clerk))
        cast.ticket()
    return seats


def call(seats: Seats) -> list[Ticket]:
    """Each counter calls somebody, one right after the other."""
    called = [actions.call_next(sitting=sitting, by=clerk) for sitting, clerk in seats]
    return [ticket for ticket in called if ticket]


def sightings(page: Page) -> list[dict[str, Any]]:
    """What the eye has seen until now, call by call."""
    return list(page.evaluate("Object.values(sightings)"))


def longest(sighting: dict[str, Any]) -> int:
    """For how many milliseconds at a stretch a call was seen, in its first fifteen seconds."""
    until = sighting["metAt"] + IN_TURN
    return max((min(end, until) - start for start, end in sighting["stretches"]), default=0)


@pytest.mark.layout
@pytest.mark.parametrize("count", [1, 8, 16, 40])
def test_every_call_of_one_second_stands_on_the_board(
    cast: Cast, wall: BrowserContext, count: int
) -> None:
    Notice.objects.create(text_zh_hans="通知", text_en="The lift is out of order.")
    seats = many_counters(cast, count)
    page = wall.new_page()
    page.add_init_script(EYE)
    page.goto(URL)
    expect(page.locator(".board-live[data-arrived]")).to_be_visible()
    codes = {ticket.code for ticket in call(seats)}
    expect(page.locator(".call:visible")).to_have_count(count, timeout=15_000)
    page.wait_for_timeout(3000)
    seen = sightings(page)
    assert {each["code"] for each in seen} == codes
    assert min(map(longest, seen)) >= SEEN_FOR
    late = [each["stretches"][0][0] - each["calledAt"] for each in seen]
    assert max(late) <= 2000
    if folder := os.environ.get("RUSH_PICTURES"):
        page.screenshot(path=Path(folder) / f"board-{count}.png")
    caps = page.locator(".call .code, .call .counter").evaluate_all(CAPS)
    assert min(caps) >= (FARTHEST if count <= 12 else NEAREST) - 0.5
    assert max(page.locator(".call").evaluate_all(OVERLAPS)) <= 0
    assert page.evaluate("document.documentElement.scrollHeight") == PANEL["height"]


def with_pages(context: BrowserContext, cast: Cast, count: int) -> Page:
    """A board on which so many calls take turns; its clock is in our hands."""
    call(many_counters(cast, count))
    page = context.new_page()
    page.add_init_script(EYE)
    page.clock.install()
    page.goto(URL)
    expect(page.locator(".board-live[data-arrived]")).to_be_visible()
    page.clock.pause_at(dt.datetime.now(dt.UTC) + dt.timedelta(seconds=1))
    return page


@pytest.mark.parametrize("count", [41, 60])
@pytest.mark.parametrize("motion", ["no-preference", "reduce"])
def test_more_than_have_room_are_all_seen_in_turn(
    cast: Cast, new_context: NewContext, count: int, motion: str
) -> None:
    page = with_pages(new_context(viewport=PANEL, reduced_motion=motion), cast, count)
    page.clock.run_for(IN_TURN + 1000)
    seen = sightings(page)
    assert len(seen) == count
    assert min(map(longest, seen)) >= SEEN_FOR
    rows = page.locator(".call:visible")
    assert rows.count() < count
    assert min(rows.locator(".code").evaluate_all(CAPS)) >= NEAREST


def test_with_a_call_a_second_nobody_is_starved(cast: Cast, wall: BrowserContext) -> None:
    page = with_pages(wall, cast, 60)
    for second in range(45):
        page.evaluate(CALL_AGAIN, second)
        page.clock.run_for(1000)
    # Those who were called again sooner have a new row in place of the old one.
    due = [each for each in sightings(page) if each["lastMetAt"] - each["metAt"] >= IN_TURN]
    assert len(due) >= 60
    assert min(map(longest, due)) >= SEEN_FOR


def test_a_call_that_is_spoken_comes_at_once_and_takes_nobodys_time(
    cast: Cast, wall: BrowserContext
) -> None:
    page = with_pages(wall, cast, 60)
    page.clock.run_for(6000)  # one turn: thirty calls are shown, ten fewer than have room
    hidden = page.locator(".call.later").first.get_attribute("data-call-id")
    shown = page.locator(".call:not(.later)").evaluate_all(
        "rows => rows.map(row => row.dataset.callId)"
    )
    page.evaluate(
        "id => document.dispatchEvent(new CustomEvent('hall:speaking', { detail: { id } }))", hidden
    )
    now = page.locator(".call:not(.later)").evaluate_all(
        "rows => rows.map(row => row.dataset.callId)"
    )
    assert sorted(now) == sorted([*shown, hidden])


def test_stopped_all_calls_are_there_to_scroll_through(cast: Cast, wall: BrowserContext) -> None:
    page = with_pages(wall, cast, 60)
    page.locator("[data-pause]").focus()
    page.keyboard.press("Enter")
    page.clock.run_for(1000)
    expect(page.locator(".call:visible")).to_have_count(60)
    assert page.locator(".calls").evaluate("each => each.scrollWidth > each.clientWidth")


def test_without_scripts_the_columns_come_by_in_turn(cast: Cast, new_context: NewContext) -> None:
    call(many_counters(cast, 60))
    context = new_context(viewport=PANEL, java_script_enabled=False, reduced_motion="no-preference")
    page = context.new_page()
    page.goto(URL)
    last = page.locator(".call").last
    for _tenth in range(100):
        box = last.bounding_box()
        if box and 0 <= box["x"] < PANEL["width"]:
            break
        page.wait_for_timeout(100)
    assert box and 0 <= box["x"] < PANEL["width"]


@pytest.mark.parametrize("count", [4, 6, 40])
def test_a_call_that_was_not_spoken_says_so_in_its_row(
    cast: Cast, wall: BrowserContext, count: int
) -> None:
    call(many_counters(cast, count))
    Ticket.objects.update(last_called_at=timezone.now() - dt.timedelta(minutes=2))
    page = wall.new_page()
    page.goto(URL)
    expect(page.locator(".call[data-unspoken] .unspoken:visible")).to_have_count(count)
    legend = page.locator(".call-legend")  # what the sign in each row means
    expect(legend).to_have_text("Not announced aloud")
    expect(legend).to_be_visible()
    assert max(page.locator(".call").evaluate_all(OVERLAPS)) <= 0
    heights = page.locator(".call").evaluate_all(
        """rows => rows.map(row =>
          row.querySelector(".where").scrollHeight - row.getBoundingClientRect().height)"""
    )
    if folder := os.environ.get("RUSH_PICTURES"):
        page.screenshot(path=Path(folder) / f"unspoken-{count}.png")
    assert max(heights) <= 1


def test_a_paired_board_reports_what_it_spoke_and_the_desk_says_so(
    cast: Cast, new_context: NewContext, live_hall: LiveHall
) -> None:
    seats = many_counters(cast, 2)
    wall = new_context(viewport=PANEL)
    secret, now = "a-secret-of-a-board", timezone.now()
    Device.objects.create(
        branch=cast.branch, kind=Device.Kind.BOARD, paired_at=now, secret_hash=hashed(secret)
    )
    wall.add_cookies([{"name": devices.COOKIE, "value": secret, "url": live_hall.url}])
    board = wall.new_page()
    board.goto(URL)
    expect(board.locator(".board-live[data-arrived]")).to_be_visible()
    desk = new_context(member=seats[0][1]).new_page()
    call(seats)
    desk.goto("/counter/")
    expect(board.locator(".call[data-announced]")).to_have_count(2, timeout=60_000)
    expect(board.locator(".call[data-unspoken]")).to_have_count(0)
    expect(desk.locator(".visitor [data-icon=sound]")).to_be_visible(timeout=15_000)
