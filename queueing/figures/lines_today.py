"""How the day of each line went so far."""

from __future__ import annotations

import datetime as dt
import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from hall import calendar
from hall.formats import whole_minutes
from hall.models import Branch, OpeningHours
from queueing.figures import waits
from queueing.figures.counter_plan import WAIT_LIMIT
from queueing.models import State, Ticket

SLOT: Final = dt.timedelta(minutes=30)


@dataclass(frozen=True)
class Bar:
    """A half hour of a sparkline: when it began, how many, and where the bar stands."""

    at: dt.datetime
    count: int
    x: int
    y: float
    height: float


@dataclass(frozen=True)
class Sparkline:
    """Tickets taken per half hour of the day, up to now, as bars in a box of 16 units' height."""

    bars: Sequence[Bar]

    HEIGHT = 16
    STEP = 5

    @property
    def width(self) -> int:
        return max(1, len(self.bars)) * self.STEP

    @property
    def total(self) -> int:
        return sum(bar.count for bar in self.bars)

    @classmethod
    def of(cls, counts: Mapping[int, int], first: int, last: int, start: dt.datetime) -> Sparkline:
        """Bars from one half hour of the day to another, counted from its ``start``."""
        most = max([*counts.values(), 1])

        def bar(slot: int) -> Bar:
            height = round(counts.get(slot, 0) / most * cls.HEIGHT, 1)
            place = (slot - first) * cls.STEP
            return Bar(start + slot * SLOT, counts.get(slot, 0), place, cls.HEIGHT - height, height)

        return cls([bar(slot) for slot in range(first, last + 1)])


@dataclass(frozen=True)
class LineToday:
    """A line as it is, with how its day went."""

    line: waits.Line
    arrivals: Sparkline
    now: dt.datetime

    @property
    def longest(self) -> int:
        """Whole minutes that the longest of them has waited."""
        return whole_minutes(self.now - (self.line.longest_since or self.now))

    @property
    def too_long(self) -> bool:
        """Whether the longest wait is beyond the branch's limit."""
        branch = self.line.offering.branch
        limit = WAIT_LIMIT.at(branch, self.now, self.line.offering.service_id)
        return self.line.waiting > 0 and self.longest >= limit


@dataclass(frozen=True)
class LinesToday:
    """All lines of a branch, those with people first, the longest wait on top.

    ``issued`` counts the tickets that were taken today, ``served`` the visits of today that were
    finished at a counter; both leave nothing out.
    """

    busy: Sequence[LineToday]
    quiet: Sequence[LineToday]
    waiting: int
    issued: int
    served: int

    @property
    def longest(self) -> LineToday | None:
        """The line with the longest wait."""
        return next(iter(self.busy), None)


def lines_today(branch: Branch, now: dt.datetime) -> LinesToday:
    """The lines of a branch with their length, estimate and arrivals, in ten queries."""
    state = waits.queues(branch, now)
    day = calendar.local_day(branch, now)
    start, _end = calendar.day_bounds(branch, day)
    tickets = Ticket.objects.of_day(branch, day)
    counts: dict[int, dict[int, int]] = defaultdict(lambda: defaultdict(int))
    for service_id, issued_at in tickets.values_list("service_id", "issued_at"):
        counts[service_id][(issued_at - start) // SLOT] += 1
    first, last = _slots(counts, start, calendar.hours_of(branch, day), now)

    def of_line(line: waits.Line) -> LineToday:
        line.offering.branch = branch
        arrivals = counts.get(line.offering.service_id, {})
        return LineToday(line, Sparkline.of(arrivals, first, last, start), now)

    lines = [of_line(line) for line in state.lines]
    busy = [each for each in lines if each.line.waiting]
    return LinesToday(
        busy=sorted(busy, key=lambda each: each.line.longest_since or now),
        quiet=[each for each in lines if not each.line.waiting],
        waiting=state.waiting,
        issued=sum(sum(slots.values()) for slots in counts.values()),
        served=tickets.filter(state=State.DONE).count(),
    )


def _slots(
    counts: Mapping[int, Mapping[int, int]],
    start: dt.datetime,
    hours: Sequence[OpeningHours],
    now: dt.datetime,
) -> tuple[int, int]:
    """From the first half hour that is open, or has tickets, to the present one."""
    last = math.floor((now - start) / SLOT)
    opens = [span.opens.hour * 2 + span.opens.minute // 30 for span in hours]
    taken = [slot for slots in counts.values() for slot in slots]
    return min([*opens, *taken, last]), last
