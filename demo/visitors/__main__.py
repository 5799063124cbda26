"""Visitors and staff who keep the demo hall busy: `make run VISITORS=1`.

Visitors take tickets, are served, rate, and now and then write to the box; clerks serve them; a
handler answers some of what they wrote.

They come in over HTTP like anybody else: HALL_URL is the hall, HALL_DEMO_PASSWORD opens the
demo's members. Some counters, and the clerk of the trial's one-click sign-in, are left to
whoever looks at the hall. They go on until SIGTERM, also when the hall is away meanwhile.
"""

from __future__ import annotations

import contextlib
import os
import random
import signal
import sys
import threading
import time
from collections import Counter as Tally
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import chain
from typing import Final, TypeVar

from demo.visitors.crowd import Group, Visit, groups_of
from demo.visitors.desk import Desk, View, Visitor
from demo.visitors.kiosk import Kiosk, Offer, Phone, Taken
from demo.visitors.office import Handler
from demo.visitors.person import Browser, Over, TurnedAway
from demo.visitors.place import MAIN_HALL, Window, branches, clerks, handlers, windows
from demo.visitors.voices import Pad, put_in_box, rate_on_phone

FREE_COUNTERS: Final = {MAIN_HALL: {1, 14, 25, 33}}
FREE_AT_STATIONS: Final = {2, 4, 6}
FREE_CLERKS: Final = {"N1001", "N1014", "N1025", "N1033", "N2001", "N3001", "N4001"}
KIOSKS: Final = {MAIN_HALL: 2}
SIGN_IN_AT_ONCE = 2  # a password is slow to check, on purpose
FIRST_THE_MAIN_HALL = 10.0
LIVELY_CALLS = 4  # with so many calls on the board nobody has to hurry in
RECALL_AFTER, MISSED_AFTER = 15.0, 12.0
REMEMBERED = 5000
REASONS: Final = ("复印身份证", "补拍照片", "填写申请表", "到自助机打印证明")


Thing = TypeVar("Thing")
Errand = Callable[[Browser], object]  # what somebody does on the phone


@dataclass
class Hall:
    """What all these people share: the address, the end of the day, and each other's tickets."""

    url: str
    password: str
    over: threading.Event = field(default_factory=threading.Event)
    door: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(SIGN_IN_AT_ONCE))
    visits: dict[tuple[str, str], Visit] = field(default_factory=dict)
    errands: list[tuple[float, Errand]] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)

    def browser(self) -> Browser:
        """A browser for one of them."""
        return Browser(self.url, self.over, faults=self.faults)

    def visit_of(self, branch: str, code: str) -> Visit:
        """What a visitor has in mind; one of whom nothing is known comes at once."""
        return self.visits.setdefault((branch, code), Visit.of_a_stranger())

    def remember(self, branch: str, taken: Taken, visit: Visit) -> None:
        """Keep in mind what a new visitor does."""
        self.visits[branch, taken.code] = visit
        visit.token = taken.token
        if visit.gives_up_after is not None:
            self.later(visit.gives_up_after, lambda phone: Phone(phone, visit.token).give_up())
        while len(self.visits) > REMEMBERED:
            self.visits.pop(next(iter(self.visits)), None)

    def later(self, seconds: float, errand: Errand) -> None:
        """Have somebody do this on the phone."""
        self.errands.append((time.time() + seconds, errand))

    def look_back(self, branch: str, visit: Visit) -> None:
        """What the visitor does about the visit on the way home."""
        if visit.token and visit.rates_on == "phone":
            rated = random.uniform(15, 240)
            self.later(rated, lambda phone: rate_on_phone(phone, visit.token, visit.opinion))
        if visit.token and visit.writes:
            written = random.uniform(40, 400)
            self.later(written, lambda phone: put_in_box(phone, branch, visit.token))


class Clerk:
    """Serves one visitor after the other."""

    def __init__(self, hall: Hall, branch: str, member: str, window: Window, group: Group) -> None:
        self.hall, self.branch, self.group = hall, branch, group
        self.number = window.number
        self.desk = Desk(hall.browser(), member, hall.password)
        self.pad = Pad(hall.browser(), branch, window.number)
        self.pause = self.desk.browser.pause
        self.on_hold: list[tuple[float, str]] = []
        self.missed: list[tuple[float, str]] = []

    def work(self) -> None:
        """A whole day, from signing in."""
        with self.hall.door:
            view = self.desk.open()
        while True:
            if view.state == "idle":  # with a visitor the desk tells nothing of the line
                self.group.waiting = view.line_length
            view = self.next_step(view)

    def next_step(self, view: View) -> View:
        """Whatever is to be done as the desk stands."""
        if view.state == "away":
            return self.find_seat()
        if view.visitor is None:
            return self.call()
        visit = self.hall.visit_of(self.branch, view.visitor.code)
        if view.state == "called":
            return self.receive(view.visitor.ticket, visit)
        return self.serve(view.visitor, visit)

    def find_seat(self) -> View:
        """Sit down at the usual counter, or wait until it is free again."""
        view = self.desk.sit([self.number])
        if view.state == "away":
            self.pause(random.uniform(20, 40))
        return view

    def call(self) -> View:
        """Go on with somebody who is back, else with the next in line."""
        ticket = due(self.missed)
        if ticket:
            self.desk.move(ticket, "requeue")
        self.pause(random.uniform(0.5, 6))
        ticket = due(self.on_hold)
        view = self.desk.move(ticket, "resume") if ticket else self.desk.next()
        if view.state == "idle":
            self.pause(random.uniform(3, 7))
        return view

    def receive(self, ticket: str, visit: Visit) -> View:
        """Wait for the visitor who was called; call again; give up."""
        if visit.needs_a_moment:
            visit.needs_a_moment = False
            self.pause(8)
            return self.desk.move(ticket, "return")
        if visit.walk > RECALL_AFTER:
            self.pause(RECALL_AFTER)
            self.desk.move(ticket, "recall")
        if visit.walk > RECALL_AFTER + MISSED_AFTER:
            self.pause(MISSED_AFTER)
            return self.miss(ticket, visit)
        self.pause(visit.walk % RECALL_AFTER)
        return self.desk.move(ticket, "start")

    def miss(self, ticket: str, visit: Visit) -> View:
        """The visitor did not come; some are back later."""
        if visit.comes_back:
            visit.walk = 4
            self.missed.append((time.time() + random.uniform(40, 120), ticket))
        return self.desk.move(ticket, "no-show")

    def serve(self, visitor: Visitor, visit: Visit) -> View:
        """Serve the visitor, or send them for a copy or to a colleague on the way."""
        if visit.fetches or visit.goes_on:
            visit.length /= 2
            self.pause(visit.length)
            return self.interrupt(visitor.ticket, visit)
        self.pause(visit.length)
        view = self.desk.move(visitor.ticket, "finish")
        if not view.is_refused:
            self.hall.visits.pop((self.branch, visitor.code), None)
            self.let_go(visit)
        return view

    def let_go(self, visit: Visit) -> None:
        """The visitor rates on the pad before leaving, or does so on the phone, or not at all."""
        if visit.rates_on == "pad":
            self.pause(random.uniform(1, 4))
            self.pad.rate(visit.opinion)
        self.hall.look_back(self.branch, visit)

    def interrupt(self, ticket: str, visit: Visit) -> View:
        """Hold the visit, or transfer the visitor to another service."""
        if visit.fetches:
            visit.fetches = False
            self.on_hold.append((time.time() + random.uniform(30, 90), ticket))
            return self.desk.move(ticket, "hold", {"reason": random.choice(REASONS)})
        visit.goes_on = False
        others = self.desk.other_services()
        if not others:
            return self.desk.look()
        fields = {"offering": random.choice(others), "reason": "材料已核对"}
        return self.desk.move(ticket, "transfer", fields)


def due(waiting: list[tuple[float, Thing]]) -> Thing | None:
    """The first whose time has come, taken off the list."""
    for each in waiting:
        if each[0] <= time.time():
            waiting.remove(each)
            return each[1]
    return None


class Door:
    """People come in and take a ticket at a kiosk."""

    def __init__(self, hall: Hall, branch: str, groups: list[Group], share: float) -> None:
        self.hall, self.branch, self.groups, self.share = hall, branch, groups, share
        self.browser = hall.browser()
        self.kiosk = Kiosk(self.browser, branch)

    def open(self) -> None:
        """Fill the hall if it is empty; then let people in as they come."""
        if self.branch != MAIN_HALL:
            self.browser.pause(FIRST_THE_MAIN_HALL)
        offers = self.kiosk.offers()
        board = self.browser.get(f"/board/{self.branch}/").text
        if board.count("data-call-id=") < LIVELY_CALLS:
            self.hurry(lambda group: self.enter(group, offers, Visit.of_the_first()))
        while True:
            rates = [group.arrivals_per_second() for group in self.groups]
            self.browser.pause(random.expovariate(max(sum(rates) * self.share, 0.01)))
            (group,) = random.choices(self.groups, [rate + 1e-6 for rate in rates])
            self.enter(group, offers, Visit.of_anybody())

    def hurry(self, enter: Callable[[Group], None]) -> None:
        """The first visitors: one for each clerk, then the lines."""
        first = [group for group in self.groups for _seat in range(group.seats)]
        lines = [group for group in self.groups for _place in range(round(group.wanted()))]
        random.shuffle(first)
        random.shuffle(lines)
        crowd = first + lines
        for group in crowd[: round(len(crowd) * self.share)]:
            enter(group)

    def enter(self, group: Group, offers: dict[str, Offer], visit: Visit) -> None:
        """One person takes one ticket, if the service is given."""
        offer = offers.get(group.any_service())
        if offer is None:
            return
        with contextlib.suppress(TurnedAway):
            taken = self.kiosk.take(offer, assisted=visit.is_assisted, language=visit.language)
            self.hall.remember(self.branch, taken, visit)
            group.waiting += 1


def use_phones(hall: Hall) -> None:
    """Do on the phone what is due: those who lose patience, who rate, who write to the box."""
    browser = hall.browser()
    while True:
        errand = due(hall.errands)
        if errand:
            errand(browser)
        browser.pause(0 if errand else 2)


def for_ever(hall: Hall, task: Callable[[], None]) -> None:
    """Do something again and again, whatever goes wrong, until the day is over."""
    while not hall.over.is_set():
        try:
            task()
        except Over:
            return
        except TurnedAway as refused:
            say(f"The hall refused {refused}.")
            hall.over.wait(600)
        except Exception as error:
            say(f"{type(error).__name__} in {task.__qualname__}: {error}")
            hall.over.wait(random.uniform(10, 20))


def crowd_of(hall: Hall) -> list[Callable[[], None]]:
    """Everybody's task, the main hall's first: people at the doors, clerks, people with phones."""
    office = [Handler(hall.browser(), each, hall.password).work for each in handlers()]
    people = chain(*(people_of(hall, branch) for branch in branches()))
    return [*people, lambda: use_phones(hall), *office]


def people_of(hall: Hall, branch: str) -> list[Callable[[], None]]:
    """Who comes to a branch: to its doors, and to its counters in any order."""
    free = FREE_COUNTERS.get(branch, FREE_AT_STATIONS)
    manned = [window for window in windows(branch) if window.number not in free]
    groups = groups_of(manned)
    at_work = [member for member in clerks(branch) if member not in FREE_CLERKS]
    staff = [
        Clerk(hall, branch, member, window, groups[window.services]).work
        for member, window in zip(at_work, manned, strict=False)
    ]
    random.shuffle(staff)
    kiosks = KIOSKS.get(branch, 1)
    doors = [Door(hall, branch, list(groups.values()), 1 / kiosks).open for _kiosk in range(kiosks)]
    return [*doors, *staff]


def say(line: str) -> None:
    """Print a line at once."""
    print(line, flush=True)


def main() -> int:
    """Run until somebody ends it."""
    hall = Hall(os.environ.get("HALL_URL", ""), os.environ.get("HALL_DEMO_PASSWORD", ""))
    if not hall.url or not hall.password:
        print(
            "HALL_URL and HALL_DEMO_PASSWORD say where to go and how to sign in.", file=sys.stderr
        )
        return 2
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda _number, _frame: hall.over.set())
    for task in crowd_of(hall):
        threading.Thread(target=for_ever, args=(hall, task), daemon=True).start()
    while not hall.over.wait(60):
        for fault, count in Tally(hall.faults).items():
            say(f"{count} × {fault}")
        hall.faults.clear()
    return 0


if __name__ == "__main__":
    sys.exit(main())
