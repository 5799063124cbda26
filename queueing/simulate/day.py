"""One day of a branch played through: who comes, waits, is called, and goes.

It follows ``queueing.actions`` and ``queueing.dispatch`` move by move, in memory: the line has the
same order, and a visit gets the steps and stamps that the actions would have written. A test
plays a day again with the actions and compares all rows. Moments are microseconds since midnight.
"""

from __future__ import annotations

import datetime as dt
import heapq
import random
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Sequence
from functools import partial
from typing import Final

from hall.models import Branch, Offering
from queueing import dispatch
from queueing.models import Lane
from queueing.reach import Reach
from queueing.simulate.demand import MINUTE, SECOND, Arrival
from queueing.simulate.habits import Habits
from queueing.simulate.staffing import Shift
from queueing.simulate.visit import WAITING, Seated, Visit

MICROSECOND: Final = dt.timedelta(microseconds=1)
LONGEST: Final = 55 * MINUTE
LATE: Final = 15 * 60 * MINUTE
CLOSING: Final = {"waiting": "abandon", "held": "abandon", "called": "miss", "serving": "close"}


class PlayedDay:
    """The hall of a branch on one day."""

    def __init__(
        self,
        rng: random.Random,
        branch: Branch,
        offerings: Sequence[Offering],
        midnight: dt.datetime,
        habits: Habits,
        guides: Sequence[int] = (),
        may_forget: bool = False,
    ) -> None:
        self.rng = rng
        self.offerings = offerings
        self.habits = habits
        self.guides = guides
        self.may_forget = may_forget
        self.minutes = {each.service_id: each.typical_minutes for each in offerings}
        # The rules of the day's first moment: nobody plays a change at noon.
        self.return_after = dispatch.RETURN_AFTER.at(branch, midnight)
        self.requeue_limit = dispatch.REQUEUE_LIMIT.at(branch, midnight)
        self.head_starts = {
            lane: dispatch.head_start(branch, lane, midnight) // MICROSECOND for lane in Lane.values
        }
        self.now = 0
        self.visits: list[Visit] = []
        self.sittings: list[Seated] = []
        self.lines: dict[int, list[tuple[int, int, Visit]]] = defaultdict(list)
        self.back: list[Visit] = []  # on hold, and here again
        self.idle: list[Shift] = []
        self.seats: dict[int, Seated] = {}  # by counter
        self.called: dict[int, frozenset[int]] = {}  # services, by counter
        self.given: dict[str, int] = defaultdict(int)
        self._agenda: list[tuple[int, int, Callable[[], None]]] = []
        self._planned = 0

    def play(self, arrivals: Iterable[Arrival], shifts: Iterable[Shift]) -> None:
        """From the first arrival until the last clerk has gone."""
        for shift in shifts:
            self.called[shift.counter] = frozenset(shift.services)
            self._at(shift.starts, partial(self._sit, shift))
        for arrival in arrivals:
            self._at(arrival.at, partial(self._arrive, arrival))
        while self._agenda:
            self.now, _number, act = heapq.heappop(self._agenda)
            act()

    def close(self, at: int) -> None:
        """Give every open ticket its outcome, as ``close_day`` does."""
        for visit in self.visits:
            move = CLOSING.get(visit.stage)
            if move is not None:
                visit.is_closed_by_day_end = True
                visit.move(move, at, None)

    # How often chance is asked, and in which order, decides what it says next: one question more
    # makes every later visitor another one, and the demo's past another past.
    # --- the clock, and chance ---

    def _at(self, moment: int, act: Callable[[], None]) -> None:
        self._planned += 1
        # The number decides within one moment: functions have no order.
        heapq.heappush(self._agenda, (max(moment, self.now), self._planned, act))

    def _in(self, low: float, high: float, act: Callable[[], None]) -> None:
        """After so many seconds."""
        self._at(self.now + self._seconds(low, high), act)

    def _seconds(self, low: float, high: float) -> int:
        return int(self.rng.uniform(low, high) * SECOND)

    def _one_in(self, count: float) -> bool:
        return self.rng.random() * count < 1

    # --- the visitor ---

    def _arrive(self, arrival: Arrival) -> None:
        offering, lane = arrival.offering, self._lane(arrival.offering)
        self.given[offering.prefix] += 1
        is_helped = lane == Lane.ASSISTED and self._is_helped()
        visit = Visit(
            order=len(self.visits),
            number=self.given[offering.prefix],
            offering=offering,
            issued=self.now,
            rank=self.now - self.head_starts[lane],
            lane=lane,
            language=self._language(),
            issued_by=self.rng.choice(self.guides) if is_helped else None,
            service=offering.service_id,
            department=offering.department_id,
        )
        self.visits.append(visit)
        self._line_up(visit)
        if self._one_in(self.habits.one_in_gives_up):
            self._in(4 * 60, 26 * 60, lambda: self._give_up(visit))

    def _is_helped(self) -> bool:
        """Whether a guide takes the ticket for somebody."""
        return bool(self.guides) and self._one_in(self.habits.one_in_helped)

    def _language(self) -> str:
        spoken = self.habits.languages
        return self.rng.choices([*spoken], [*spoken.values()])[0]

    def _lane(self, offering: Offering) -> str:
        if self._one_in(self.habits.one_in_assisted):
            return Lane.ASSISTED.value
        is_express = offering.service.slug in self.habits.express
        if is_express and self._one_in(self.habits.one_in_express):
            return Lane.EXPRESS.value
        return Lane.ORDINARY.value

    def _give_up(self, visit: Visit) -> None:
        if visit.stage == WAITING:
            visit.move("cancel", self.now, None)

    # --- the line ---

    def _line_up(self, visit: Visit) -> None:
        heapq.heappush(self.lines[visit.service], (visit.rank, visit.order, visit))
        self._wake(visit.service)

    def _wake(self, service: int) -> None:
        """The clerk who has been idle longest puts other work aside."""
        for shift in self.idle:
            if service in shift.services:
                self.idle.remove(shift)
                self._next_in(shift, 15, 330)
                return

    def _first(self, shift: Shift) -> Visit | None:
        """Take the first in line for a counter out of it, as ``dispatch.line_for`` orders it."""
        heads = [line for service in shift.services if (line := self._waiting(service))]
        return heapq.heappop(min(heads))[2] if heads else None

    def _waiting(self, service: int) -> list[tuple[int, int, Visit]]:
        """A line without those at its head who have gone."""
        line = self.lines[service]
        # Who left stays in the heap until they are its head: elsewhere it gives nobody up.
        while line and line[0][2].stage != WAITING:
            heapq.heappop(line)
        return line

    def _rank_behind(self, visit: Visit, services: Collection[int]) -> int:
        """As ``dispatch.rank_behind``."""
        lines = (each for service in services for each in self.lines[service])
        line = sorted(each for each in lines if each[2].stage == WAITING and each[2] is not visit)
        before = [rank for rank, _id, _visit in line][: self.return_after]
        return max(visit.rank, before[-1] + 1) if before else visit.rank

    def _back_in_line(
        self, visit: Visit, move: str, by: int | None, services: Collection[int]
    ) -> None:
        behind = self._rank_behind(visit, services)
        visit.move(move, self.now, by)
        visit.rank, visit.counter = behind, None
        self._line_up(visit)

    # --- the clerk ---

    def _sit(self, shift: Shift) -> None:
        """Sit down once the counter is free, and oneself."""
        taken = shift.counter in self.seats
        elsewhere = any(seat.member == shift.member for seat in self.seats.values())
        if (taken or elsewhere) and self.now < shift.last:
            self._in(20, 40, lambda: self._sit(shift))
        elif not taken and not elsewhere:
            self.seats[shift.counter] = Seated(shift.counter, shift.member, self.now)
            self.sittings.append(self.seats[shift.counter])
            ready = max(self.now + self._seconds(20, 70), shift.opens + self._seconds(1, 50))
            self._next_at(shift, ready)

    def _leave(self, shift: Shift) -> None:
        self.seats.pop(shift.counter).ended = self.now

    def _next_in(self, shift: Shift, low: float, high: float) -> None:
        self._next_at(shift, self.now + self._seconds(low, high))

    def _next_at(self, shift: Shift, moment: int) -> None:
        """The clerk looks up then, unless something calls for them before."""
        shift.turn += 1
        # A look-up that was planned before finds another turn, and does nothing.
        turn = shift.turn
        self._at(moment, lambda: self._next(shift) if shift.turn == turn else None)

    def _next(self, shift: Shift) -> None:
        """Somebody who is back, else the next in line; else wait, or go when it is time."""
        if shift in self.idle:
            self.idle.remove(shift)
        if self.now >= shift.last:
            self._leave(shift)
            return
        resumed = next((each for each in self.back if each.service in shift.services), None)
        visit = resumed or self._first(shift)
        if resumed:
            self._resume(shift, resumed)
        elif visit:
            self._call(shift, visit)
        elif self.now >= shift.ends:
            self._leave(shift)
        else:
            self.idle.append(shift)
            self._next_at(shift, shift.ends)

    # --- a visit at the counter ---

    def _call(self, shift: Shift, visit: Visit) -> None:
        visit.counter, visit.member = shift.counter, shift.member
        visit.move("call", self.now, shift.member)
        how, habits = self.rng.random(), self.habits
        late = habits.missed + habits.late
        if how < habits.missed:
            self._in(45, 80, lambda: self._recall(shift, visit, comes=False))
        elif how < late:
            self._in(40, 75, lambda: self._recall(shift, visit, comes=True))
        elif how < late + habits.sent_back:
            self._in(15, 50, lambda: self._return(shift, visit))
        else:
            self._in(6, 48, lambda: self._start(shift, visit))

    def _recall(self, shift: Shift, visit: Visit, comes: bool) -> None:
        visit.move("recall", self.now, shift.member)
        if comes:
            self._in(8, 45, lambda: self._start(shift, visit))
        else:
            self._in(40, 90, lambda: self._miss(shift, visit))

    def _miss(self, shift: Shift, visit: Visit) -> None:
        visit.move("no_show", self.now, shift.member)
        if self._one_in(self.habits.one_in_returns) and visit.requeues < self.requeue_limit:
            self._in(150, 900, lambda: self._requeue(shift, visit))
        self._next_in(shift, 5, 30)

    def _requeue(self, shift: Shift, visit: Visit) -> None:
        if self.now < shift.last:
            seat = self.seats.get(shift.counter)
            is_there = seat is not None and seat.member == shift.member
            by = shift.member if is_there else None
            self._back_in_line(visit, "requeue", by, self._beside(shift, visit, is_there))
            visit.requeues += 1

    def _beside(self, shift: Shift, visit: Visit, is_there: bool) -> Collection[int]:
        """As ``reach.beside_at``."""
        if is_there and visit.service in shift.services:
            return shift.services
        here = {counter: self.called[counter] for counter in self.seats}
        return Reach(here, self.called).beside(visit.service)

    def _return(self, shift: Shift, visit: Visit) -> None:
        self._next_in(shift, 5, 20)
        self._back_in_line(visit, "return", shift.member, self._beside(shift, visit, True))

    def _start(self, shift: Shift, visit: Visit) -> None:
        visit.move("start", self.now, shift.member)
        length = self._length(shift, visit)
        how, part = self.rng.random(), int(length * self.rng.uniform(0.25, 0.6))
        if how < self.habits.transferred:
            self._at(self.now + part, lambda: self._transfer(shift, visit))
        elif how < self.habits.transferred + self.habits.held:
            self._at(self.now + part, lambda: self._hold(shift, visit, length - part))
        elif not self._is_forgotten(shift, self.now + length):
            self._at(self.now + length, lambda: self._finish(shift, visit))

    def _length(self, shift: Shift, visit: Visit) -> int:
        usual = self.minutes[visit.service] * MINUTE * self.habits.stretch
        # Skewed, as lengths of visits are: a few are far longer than the median.
        spread = min(self.rng.lognormvariate(0, 0.45), 3.0)
        return min(int(usual * shift.speed * spread), LONGEST)

    def _is_forgotten(self, shift: Shift, ends: int) -> bool:
        """Whether the clerk goes home without a last press."""
        is_late = self.may_forget and ends > shift.ends > LATE
        return is_late and self._one_in(self.habits.one_in_forgotten)

    def _hold(self, shift: Shift, visit: Visit, _rest: int) -> None:
        visit.move("hold", self.now, shift.member, self.rng.choice(self.habits.fetches))
        if not self._one_in(self.habits.one_in_lost):
            self._in(150, 800, lambda: self._come_back(visit))
        self._next_in(shift, 4, 20)

    def _come_back(self, visit: Visit) -> None:
        self.back.append(visit)
        self._wake(visit.service)

    def _resume(self, shift: Shift, visit: Visit) -> None:
        self.back.remove(visit)
        visit.counter, visit.member = shift.counter, shift.member
        visit.move("resume", self.now, shift.member)
        length = max(self._length(shift, visit) // 2, MINUTE)
        self._at(self.now + length, lambda: self._finish(shift, visit))

    def _transfer(self, shift: Shift, visit: Visit) -> None:
        other = [each for each in self.offerings if each.service_id != visit.service]
        offering = self.rng.choice(other)
        visit.service, visit.department = offering.service_id, offering.department_id
        visit.move("transfer", self.now, shift.member, self.rng.choice(self.habits.goes_on))
        visit.counter = None
        self._next_in(shift, 5, 40)
        self._line_up(visit)

    def _finish(self, shift: Shift, visit: Visit) -> None:
        visit.member = shift.member
        visit.move("finish", self.now, shift.member)
        if self._one_in(self.habits.one_in_reopened):
            self._in(6, 60, lambda: self._reopen(shift, visit))
        else:
            self._next_in(shift, 25, 150)

    def _reopen(self, shift: Shift, visit: Visit) -> None:
        visit.move("reopen", self.now, shift.member)
        self._in(30, 150, lambda: self._finish(shift, visit))
