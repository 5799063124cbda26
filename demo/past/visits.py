"""Loads the demo's past: the tickets of each working day, their time lines, and who sat where."""

from __future__ import annotations

import datetime as dt
import itertools
import uuid
from collections import Counter as Tally
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from django.utils import timezone

from demo.past import days as past
from demo.past.bulk import insert, tell_planner
from demo.past.habits import DEMAND, HABITS
from hall import calendar
from hall.models import Branch, OpeningHours
from queueing.models import Issued, Numbering, Sitting, Step, Ticket
from queueing.simulate import chance
from queueing.simulate.day import PlayedDay
from queueing.simulate.staffing import Crew
from queueing.simulate.visit import Seated, Visit
from staff.models import Duty

CLOSED_AFTER: Final = dt.timedelta(minutes=4, seconds=12)  # midnight, when the worker comes by
BATCH: Final = 20  # days that are written at once
TICKET: Final = (
    "branch service department day prefix number lane language state issued_at rank_at "
    "state_since first_called_at last_called_at call_count requeue_count closed_by_day_end "
    "counter member issued_by request_id"
).split()
STEP: Final = "ticket at move from_state to_state service counter member reason".split()
# Who forgot to leave the counter in the evening does so before the next day begins.
MORNING: Final = dt.timedelta(hours=8, minutes=41)


@dataclass(frozen=True)
class Day:
    """A working day of a branch, played through."""

    branch: Branch
    date: dt.date
    midnight: dt.datetime
    visits: Sequence[Visit]
    sittings: Sequence[Seated]
    next_morning: dt.datetime

    def moment(self, microseconds: int) -> dt.datetime:
        return self.midnight + dt.timedelta(microseconds=microseconds)


def load(now: dt.datetime | None = None) -> Tally[str]:
    """Give a past to the demo's branches that have none; says how many tickets it has."""
    moment = now or timezone.now()
    added: Tally[str] = Tally()
    for branch in past.branches():
        days = past.days(branch, moment)
        if days is not None and not Ticket.objects.filter(branch=branch, day__lte=days[1]).exists():
            added["tickets"] += write(play(branch, *days, now=moment))
    tell_planner(Ticket, Step, Sitting)
    return added


def play(branch: Branch, first: dt.date, last: dt.date, *, now: dt.datetime) -> Iterator[Day]:
    """The branch's working days, one after the other."""
    crew = Crew.of(branch, DEMAND[Branch.Kind(branch.kind)], HABITS)
    guides = _guides(branch)
    if not (crew.offerings and crew.clerks):
        return
    # A week before, so that it is known how long the branch was closed before the first day.
    hours = calendar.open_days(branch, first - dt.timedelta(days=7), last)
    ahead = [*list(hours)[1:], None]
    before = first - dt.timedelta(days=8)
    for (date, spans), following in zip(hours.items(), ahead, strict=True):
        if date >= first:
            days_off = (date - before).days - 1
            yield _day(crew, date, spans, days_off, guides[date], following, now)
        before = date


def _day(
    crew: Crew,
    date: dt.date,
    spans: Sequence[OpeningHours],
    days_off: int,
    guides: Sequence[int],
    following: dt.date | None,
    now: dt.datetime,
) -> Day:
    branch = crew.branch
    rng = chance.chance("day", branch.slug, date)
    midnight, next_midnight = calendar.day_bounds(branch, date)
    floor = PlayedDay(
        rng, branch, crew.offerings, midnight, HABITS, guides, may_forget=following is not None
    )
    floor.play(
        crew.demand.arrivals(rng, branch, crew.offerings, date, spans, days_off),
        crew.shifts(rng, date, spans, away=guides),
    )
    closed_at = min(next_midnight + CLOSED_AFTER, now)
    floor.close((closed_at - midnight) // dt.timedelta(microseconds=1))
    morning = calendar.day_bounds(branch, following or date)[0] + MORNING
    return Day(branch, date, midnight, floor.visits, floor.sittings, morning)


def _guides(branch: Branch) -> Mapping[dt.date, list[int]]:
    """The ids of the guides of each day."""
    found: dict[dt.date, list[int]] = defaultdict(list)
    duties = Duty.objects.filter(branch=branch, role=Duty.Role.GUIDE)
    for day, member in duties.order_by("member__staff_number").values_list("day", "member"):
        found[day].append(member)
    return found


# --- what is written ---


def write(days: Iterable[Day]) -> int:
    """Write the rows of these days; returns the number of tickets."""
    count, source = 0, iter(days)
    while batch := list(itertools.islice(source, BATCH)):
        insert(Ticket, TICKET, (_ticket(day, visit) for day, visit in _visits(batch)))
        insert(Step, STEP, _steps(batch))
        Sitting.objects.bulk_create(_sitting(day, seat) for day in batch for seat in day.sittings)
        Numbering.objects.bulk_create(each for day in batch for each in _numbering(day))
        Issued.objects.bulk_create(each for day in batch for each in _issued(day))
        count += sum(len(day.visits) for day in batch)
    return count


def _visits(days: Iterable[Day]) -> Iterator[tuple[Day, Visit]]:
    return ((day, visit) for day in days for visit in day.visits)


def _ticket(day: Day, visit: Visit) -> tuple[object, ...]:
    """The values of ``TICKET``."""
    first, last = visit.first_called, visit.last_called
    return (
        day.branch.pk,
        visit.service,
        visit.department,
        day.date,
        visit.offering.prefix,
        visit.number,
        visit.lane,
        visit.language,
        visit.stage,
        day.moment(visit.issued),
        day.moment(visit.rank),
        day.moment(visit.since),
        None if first is None else day.moment(first),
        None if last is None else day.moment(last),
        visit.calls,
        visit.requeues,
        visit.is_closed_by_day_end,
        visit.counter,
        visit.member,
        visit.issued_by,
        uuid.uuid4(),
    )


def _steps(days: Sequence[Day]) -> Iterator[tuple[object, ...]]:
    """The values of ``STEP``. Tickets have been given their ids in the order of these visits."""
    tickets = Ticket.objects.filter(
        branch=days[0].branch, day__range=(days[0].date, days[-1].date)
    ).order_by("pk")
    ids = tickets.values_list("pk", flat=True)
    for (day, visit), ticket in zip(_visits(days), ids, strict=True):
        for step in visit.steps:
            yield (ticket, day.moment(step.at), *step[1:])


def _sitting(day: Day, seat: Seated) -> Sitting:
    return Sitting(
        branch=day.branch,
        counter_id=seat.counter,
        member_id=seat.member,
        started_at=day.moment(seat.started),
        ended_at=day.next_morning if seat.ended is None else day.moment(seat.ended),
    )


def _numbering(day: Day) -> Iterator[Numbering]:
    for prefix, last in Tally(visit.offering.prefix for visit in day.visits).items():
        yield Numbering(branch=day.branch, day=day.date, prefix=prefix, last=last)


def _issued(day: Day) -> Iterator[Issued]:
    for service, count in Tally(visit.offering.service_id for visit in day.visits).items():
        yield Issued(branch=day.branch, day=day.date, service_id=service, count=count)
