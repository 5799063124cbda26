"""A day in the hall: visitors who come when the data says, and clerks who serve them."""

from __future__ import annotations

import functools
import queue
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Final

from demo.visitors.desk import Desk, View
from demo.visitors.kiosk import Kiosk, Offer, Phone
from demo.visitors.person import Browser, TurnedAway
from demo.visitors.place import MAIN_HALL, clerks, service_names, windows
from tests.acceptance.history import SERVICES, Staffing
from tests.acceptance.own_log import OwnLog, Visitor

PATIENCE: Final = 120.0  # seconds that anybody waits for the server
KIOSKS: Final = 4
SIGN_IN_AT_ONCE: Final = 2
LOOK_AGAIN: Final = 1.0
BREATH: Final = 0.05
RECALL_AFTER, MISSED_AFTER = 20.0, 20.0  # seconds of the day
STAYS_OPEN: Final = 600.0  # so long after the last arrival, seconds of the day


@dataclass
class Clock:
    """The time of the replayed day, which runs faster than ours once it is started."""

    begin: float
    speed: float
    started: float = float("inf")

    def start(self) -> None:
        """The day begins now."""
        self.started = time.time()

    def now(self) -> float:
        """The second of the day."""
        return self.begin + max(time.time() - self.started, 0) * self.speed

    def own(self, second: float) -> float:
        """When a second of the day is by our own clock."""
        return self.started + (second - self.begin) / self.speed


@dataclass
class Play:
    """What all who take part share."""

    url: str
    password: str
    clock: Clock
    staffing: Staffing
    log: OwnLog
    over: threading.Event = field(default_factory=threading.Event)
    closing: threading.Event = field(default_factory=threading.Event)
    faults: list[str] = field(default_factory=list)

    def browser(self) -> Browser:
        """A browser for one of them."""
        return Browser(self.url, self.over, PATIENCE, faults=self.faults)


class Clerk:
    """A clerk who is there in some hours of the day, and serves as long as the data says."""

    def __init__(self, play: Play, seat: int) -> None:
        self.play, self.seat, self.log = play, seat, play.log
        window = next(each for each in windows(MAIN_HALL) if each.number == seat)
        names = service_names()
        self.services = [code for code, slug in SERVICES.items() if names[slug] in window.services]
        self.desk = Desk(play.browser(), clerks(MAIN_HALL)[seat - 1], play.password)
        self.browser = self.desk.browser

    def prepare(self) -> None:
        """Sign in before the day begins, and sit down if the counter opens then."""
        self.desk.open()
        if self.is_at_work():
            self.desk.sit([self.seat])

    def work(self) -> None:
        """The whole day."""
        view: View | None = self.desk.look()
        while view is not None:
            self.log.note(view)
            view = self.next_step(view)

    def next_step(self, view: View) -> View | None:
        """Whatever is to be done as the desk stands; None when the day is over."""
        if view.state == "away":
            return self.come_back()
        if view.visitor is None:
            return self.call() if self.is_at_work() else self.desk.leave()
        visitor = self.log.by_code[view.visitor.code]
        if view.state == "serving":
            return self.serve(view.visitor.ticket, visitor)
        return self.receive(view.visitor.ticket, visitor)

    def is_at_work(self) -> bool:
        """Whether this counter is open now."""
        return not self.play.closing.is_set() and self.play.staffing.is_open(
            self.seat, self.play.clock.now()
        )

    def wait_for_shift(self) -> None:
        """Stay away until the counter opens, or the day is over."""
        while not self.is_at_work() and not self.play.closing.is_set():
            self.browser.pause(0.2)

    def come_back(self) -> View | None:
        """Sit down when the counter opens."""
        self.wait_for_shift()
        return None if self.play.closing.is_set() else self.desk.sit([self.seat])

    def call(self) -> View:
        """Call the next as soon as the line shows somebody."""
        with self.log.changed:
            self.log.changed.wait_for(self.is_wanted, LOOK_AGAIN)
        if not self.is_at_work():
            return self.desk.look()
        view = self.desk.next()
        if view.visitor is None:
            self.browser.pause(BREATH)
        return view

    def is_wanted(self) -> bool:
        """Whether somebody waits for this counter, or it closes."""
        return self.log.is_awaited(self.services) or not self.is_at_work()

    def receive(self, ticket: str, visitor: Visitor) -> View:
        """The visitor comes at once, or has gone: then call once more, and go on."""
        if not visitor.has_left:
            return self.desk.move(ticket, "start")
        self.rest(RECALL_AFTER)
        self.desk.move(ticket, "recall")
        self.rest(MISSED_AFTER)
        return self.desk.move(ticket, "no-show")

    def serve(self, ticket: str, visitor: Visitor) -> View:
        """Serve for as long as the data says, by our own clock."""
        assert visitor.started is not None
        end = visitor.started.received + visitor.row.length / self.play.clock.speed
        self.browser.pause(end - time.time())
        return self.desk.move(ticket, "finish")

    def rest(self, seconds: float) -> None:
        """Wait for seconds of the day."""
        self.browser.pause(seconds / self.play.clock.speed)


class Doors:
    """The kiosks, where visitors take their tickets, and the phones of those who leave again."""

    def __init__(self, play: Play) -> None:
        self.play = play
        self.tasks: queue.PriorityQueue[tuple[float, int, Callable[[Kiosk], None]]] = (
            queue.PriorityQueue()
        )
        self.offers = Kiosk(play.browser(), MAIN_HALL).offers()
        self.names = service_names()

    def plan(self, visitors: Sequence[Visitor]) -> None:
        """Everybody comes at their time."""
        for visitor in visitors:
            due = self.play.clock.own(visitor.row.arrives)
            self.at(due, visitor, functools.partial(self.arrive, visitor))

    def at(self, due: float, visitor: Visitor, task: Callable[[Kiosk], None]) -> None:
        """Do something at a moment of our own clock."""
        self.tasks.put((due, visitor.row.number, task))

    def work(self) -> None:
        """One kiosk: do what is due, until the day is over."""
        kiosk = Kiosk(self.play.browser(), MAIN_HALL)
        while not self.play.closing.is_set():
            try:
                due, number, task = self.tasks.get(timeout=0.2)
            except queue.Empty:
                continue
            if due > time.time() + BREATH:
                self.tasks.put((due, number, task))
                self.play.closing.wait(min(due - time.time(), BREATH))
                continue
            kiosk.browser.pause(due - time.time())
            task(kiosk)

    def arrive(self, visitor: Visitor, kiosk: Kiosk) -> None:
        """A visitor takes a ticket; who leaves again does so after the wait of the data."""
        row = visitor.row
        taken = kiosk.take(self.offer(row.service), assisted=row.is_assisted)
        self.play.log.took(visitor, taken)
        if row.patience is not None:
            due = taken.received + row.patience / self.play.clock.speed
            self.at(due, visitor, functools.partial(self.leave, visitor))

    def offer(self, service: str) -> Offer:
        """Where the kiosk gives a service of the data."""
        name = self.names[SERVICES[service]]
        if name not in self.offers:
            raise TurnedAway(f"a ticket for {name}: is this the demo hall?")
        return self.offers[name]

    def leave(self, visitor: Visitor, kiosk: Kiosk) -> None:
        """Go, if nobody has called: every other one gives the place up, the others say nothing."""
        assert visitor.taken is not None
        if not visitor.is_waiting:
            return
        if visitor.row.number % 2:
            visitor.has_left = True
        elif Phone(kiosk.browser, visitor.taken.token).give_up():
            self.play.log.ended(visitor, "cancelled")


def play_day(play: Play, extra: Sequence[Callable[[], None]] = ()) -> None:
    """Let the day happen, until everybody who works has gone home."""
    visitors = [each for each in play.log.visitors if each.taken is None]
    doors = Doors(play)
    staff = [Clerk(play, seat) for seat in play.staffing.all_seats]
    with ThreadPoolExecutor(SIGN_IN_AT_ONCE) as entrance:
        list(entrance.map(Clerk.prepare, staff))
    play.clock.start()
    doors.plan(visitors)
    closes = play.clock.own(max(each.row.arrives for each in visitors) + STAYS_OPEN)
    tasks = [*(clerk.work for clerk in staff), *[doors.work] * KIOSKS, *extra]
    with ThreadPoolExecutor(len(tasks)) as people:
        jobs = [people.submit(task) for task in tasks]
        try:
            while time.time() < closes or any(each.taken is None for each in visitors):
                raise_first([job for job in jobs if job.done()])
                time.sleep(0.1)
        except BaseException:
            play.over.set()
            raise
        finally:
            play.closing.set()
    raise_first(jobs)


def raise_first(jobs: Sequence[Future[None]]) -> None:
    """Stop with what went wrong in one of the jobs, if anything did."""
    for job in jobs:
        job.result()
