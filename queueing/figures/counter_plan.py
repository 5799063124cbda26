"""A branch at one moment: its counters, its lines, what was left open. Many branches cost the same
number of queries as one.
"""

from __future__ import annotations

import copy
import datetime as dt
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from django.db.models import Count, Max, Min, Q
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy, pgettext_lazy

from hall import calendar, rules
from hall.formats import whole_minutes
from hall.models import Branch, Counter, Offering, Service, Zone, fetch_rules
from queueing import reach, seats, spans
from queueing.figures import waits
from queueing.models import AT_COUNTER, OUTCOMES, Sitting, State, Step, Ticket
from staff.look import Look

# The worker closes days by itself; a month of them finds what a worker that was down left open.
LOOK_BACK: Final = 31  # days in which tickets that were left open are looked for
# Limits are rules, some of a service: what is long at one is usual at another. Elsewhere such a
# traffic light is a constant.
# As of the moment at which somebody looks.
WAIT_LIMIT: Final = rules.minutes(
    "queueing.alarm_wait_minutes",
    default=40,
    most=9999,
    label=gettext_lazy("wait that is too long"),
    per_service=True,
)
LINE_LIMIT: Final = rules.number(
    "queueing.alarm_line_length",
    default=25,
    most=9999,
    label=gettext_lazy("people in a line that is too long"),
    per_service=True,
)
VISIT_LIMIT: Final = rules.minutes(
    "queueing.alarm_service_minutes",
    default=45,
    most=9999,
    label=gettext_lazy("visit that is too long"),
    per_service=True,
)
# Since the last call: who is called again and again is being looked for.
CALLED_LIMIT: Final = rules.minutes(
    "queueing.alarm_called_minutes",
    default=10,
    most=9999,
    label=gettext_lazy("visitor who was called and neither came nor was let go"),
)
IDLE_LIMIT: Final = rules.minutes(
    "queueing.alarm_idle_minutes",
    default=10,
    most=9999,
    label=gettext_lazy("idle counter while people wait"),
)
IN_THE_HALL: Final = tuple(state for state in State if state not in OUTCOMES)
WORDS: Final[dict[str, str | Promise]] = {
    "closed": pgettext_lazy("counter", "closed"),
    "idle": gettext_lazy("free"),
    "called": State.CALLED.label,
    "serving": pgettext_lazy("counter", "serving"),
}


@dataclass(frozen=True)
class CounterNow:
    """A counter: who sits there, whom they serve, and since when it is as it is."""

    counter: Counter
    sitting: Sitting | None
    ticket: Ticket | None
    ticket_since: dt.datetime | None
    last_left_at: dt.datetime | None
    people_wait: bool
    now: dt.datetime

    @property
    def state(self) -> str:
        """``closed``, ``idle``, ``called`` or ``serving``."""
        if self.ticket is not None:
            return self.ticket.state
        return "closed" if self.sitting is None else "idle"

    @property
    def word(self) -> str | Promise:
        """The state as people call it."""
        return WORDS[self.state]

    @property
    def since(self) -> dt.datetime | None:
        """When this state began; a free counter is free since its last visitor went."""
        if self.ticket is not None:
            return self.ticket.state_since
        if self.sitting is None:
            return None
        return max(self.sitting.started_at, self.last_left_at or self.sitting.started_at)

    @property
    def lasts_since(self) -> dt.datetime | None:
        """As ``since``, but a visit counts with what was served of it before, as it will count."""
        return self.since if self.ticket is None else self.ticket_since

    @property
    def minutes(self) -> int:
        """Whole minutes that it has lasted."""
        return whole_minutes(self.now - (self.lasts_since or self.now))

    @property
    def too_long(self) -> bool:
        """Whether it serves or calls one visitor, or rests while people wait for it, beyond the
        limit."""
        may_be = self.ticket is not None or (self.state == "idle" and self.people_wait)
        return may_be and self.minutes >= self.limit

    @property
    def limit(self) -> int:
        """From how many minutes on a visit, a call, or a rest is too long here."""
        branch = self.counter.branch
        if self.state == State.CALLED:
            return CALLED_LIMIT.at(branch, self.now)
        if self.ticket is not None:
            return VISIT_LIMIT.at(branch, self.now, self.ticket.service_id)
        return IDLE_LIMIT.at(branch, self.now)


@dataclass(frozen=True)
class LineNow:
    """Those who wait for one service, and the counters that are open for it."""

    offering: Offering
    waiting: int
    longest_since: dt.datetime | None
    counters: int
    now: dt.datetime

    @property
    def service(self) -> Service:
        return self.offering.service

    @property
    def longest(self) -> int:
        """Whole minutes that the longest of them has waited."""
        return whole_minutes(self.now - (self.longest_since or self.now))

    @property
    def longest_limit(self) -> int:
        """From how many minutes on a wait is too long here."""
        return WAIT_LIMIT.at(self.offering.branch, self.now, self.offering.service_id)

    @property
    def length_limit(self) -> int:
        """How many may stand here before the line is too long."""
        return LINE_LIMIT.at(self.offering.branch, self.now, self.offering.service_id)

    @property
    def waits_too_long(self) -> bool:
        return self.longest >= self.longest_limit


@dataclass(frozen=True)
class LeftOpen:
    """Tickets of a day that is over which never got an outcome."""

    day: dt.date
    count: int
    since: dt.datetime


@dataclass(frozen=True)
class CounterPlan:
    """A branch at one moment. ``lines`` has those services alone for which somebody waits."""

    branch: Branch
    now: dt.datetime
    counters: Sequence[CounterNow]
    lines: Sequence[LineNow]
    left_open: Sequence[LeftOpen]

    @property
    def waiting(self) -> int:
        return sum(line.waiting for line in self.lines)

    @property
    def longest_since(self) -> dt.datetime | None:
        """Since when the one who has stood in line longest does so."""
        return min((line.longest_since for line in self.lines if line.longest_since), default=None)

    @property
    def longest(self) -> int:
        """Whole minutes of the longest wait."""
        return whole_minutes(self.now - (self.longest_since or self.now))

    @property
    def open(self) -> int:
        """Counters where somebody sits."""
        return sum(each.sitting is not None for each in self.counters)

    @property
    def zones(self) -> list[tuple[Zone | None, list[CounterNow]]]:
        """The counters by zone, floor by floor, as they stand in the hall."""
        found: dict[Zone | None, list[CounterNow]] = defaultdict(list)
        for each in self.counters:
            found[each.counter.zone].append(each)
        return sorted(found.items(), key=lambda item: waits.zone_order(item[0]))

    def in_state(self, state: str) -> int:
        return sum(each.state == state for each in self.counters)

    @property
    def tally(self) -> list[tuple[str, str | Promise, int]]:
        """How many counters are in each state: name, word, number."""
        return [(state, word, self.in_state(state)) for state, word in WORDS.items()]


def at(branches: Sequence[Branch], now: dt.datetime) -> dict[int, CounterPlan]:
    """These branches as they stand at this moment, by id, in ten queries."""
    fetch_rules(branches)
    days = {branch.pk: calendar.local_day(branch, now) for branch in branches}
    visitors = _visitors(days)
    sittings = _sittings(branches, now)
    stands = {pk: visitor.branch_id for pk, (visitor, _since) in visitors.items()}
    counters = _counters(branches, {pk: seat.branch_id for pk, seat in sittings.items()} | stands)
    calls = reach.of(branches, now)
    lines = _lines(branches, days, calls, now)
    left = _last_left(days)
    left_open = _left_open(days)

    def counter_now(counter: Counter) -> CounterNow:
        called = calls[counter.branch_id].seats.get(counter.pk, frozenset())
        people_wait = any(line.service.pk in called for line in lines[counter.branch_id])
        seat, left_at = sittings.get(counter.pk), left.get(counter.pk)
        visitor, since = visitors.get(counter.pk, (None, None))
        return CounterNow(counter, seat, visitor, since, left_at, people_wait, now)

    return {
        branch.pk: CounterPlan(
            branch=branch,
            now=now,
            counters=[counter_now(each) for each in counters[branch.pk]],
            lines=lines[branch.pk],
            left_open=left_open[branch.pk],
        )
        for branch in branches
    }


def seen(look: Look) -> dict[int, CounterPlan]:
    """The branches that are looked at."""
    return at(look.branches, look.now)


def of_days(days: Mapping[int, dt.date], field: str = "") -> Q:
    """The rows of these branches on their own days; ``field`` is the way to the ticket."""
    # Matches nothing; an empty Q() would match every row.
    found = Q(pk__in=[])
    for day in set(days.values()):
        branches = [pk for pk, its_day in days.items() if its_day == day]
        found |= Q(**{f"{field}branch__in": branches, f"{field}day": day})
    return found


def _counters(branches: Sequence[Branch], taken: Mapping[int, int]) -> Mapping[int, list[Counter]]:
    """The counters in use, and those put out of use at which somebody stands or sits.

    ``taken`` says of which branch they are: a counter that was moved to another one under its
    visitor is shown where the visitor belongs as well.
    """
    found: dict[int, list[Counter]] = defaultdict(list)
    by_id = {branch.pk: branch for branch in branches}
    in_use = Q(is_active=True, branch__in=branches)
    counters = Counter.objects.filter(in_use | Q(pk__in=taken)).select_related("zone")
    for counter in counters.order_by("number"):
        for branch_id in {
            counter.branch_id,
            taken.get(counter.pk, counter.branch_id),
        } & by_id.keys():
            here = copy.copy(counter)
            here.branch = by_id[branch_id]
            found[branch_id].append(here)
    return found


def _sittings(branches: Sequence[Branch], now: dt.datetime) -> dict[int, Sitting]:
    found = seats.open_at(branches, now).select_related("member")
    return {seat.counter_id: seat for seat in found}


def _lines(
    branches: Sequence[Branch],
    days: Mapping[int, dt.date],
    calls: Mapping[int, reach.Reach],
    now: dt.datetime,
) -> Mapping[int, list[LineNow]]:
    """The lines in which somebody waits, in the order of the services (two queries)."""
    waiting = Ticket.objects.waiting().filter(of_days(days))
    stands = waiting.annotate(stands=spans.standing_since(State.WAITING))
    rows = stands.values_list("branch", "service").annotate(Count("pk"), Min("stands")).order_by()
    by_line = {(branch_id, service_id): told for branch_id, service_id, *told in rows}
    found: dict[int, list[LineNow]] = defaultdict(list)
    for offering in reach.lines(branches, by_line):
        key = (offering.branch_id, offering.service_id)
        if key in by_line:
            count, since = by_line[key]
            seats = calls[offering.branch_id].seats_for(offering.service_id)
            found[offering.branch_id].append(LineNow(offering, count, since, seats, now))
    return found


def _visitors(days: Mapping[int, dt.date]) -> dict[int, tuple[Ticket, dt.datetime]]:
    """Who is at a counter, and since when; also from the day before if it was not closed."""
    tickets = Ticket.objects.at_counters().filter(
        branch__in=list(days), day__in=_days_before(days, 1) | set(days.values())
    )
    since = tickets.annotate(stands=spans.standing_since(State.SERVING))
    return {
        each.counter_id: (each, each.stands)  # type: ignore[attr-defined]
        for each in since
        if each.counter_id
    }


def _last_left(days: Mapping[int, dt.date]) -> dict[int, dt.datetime]:
    """When the last visitor of the day went from each counter, whatever the outcome."""
    steps = Step.objects.filter(of_days(days, "ticket__"), from_state__in=AT_COUNTER)
    ended = steps.exclude(to_state__in=AT_COUNTER).exclude(counter=None)
    rows = ended.values_list("counter").annotate(Max("at")).order_by()
    return dict(rows)


def _left_open(days: Mapping[int, dt.date]) -> Mapping[int, list[LeftOpen]]:
    """What is still open of the days before."""
    found: dict[int, list[LeftOpen]] = defaultdict(list)
    tickets = Ticket.objects.filter(
        branch__in=list(days), day__in=_days_before(days, LOOK_BACK), state__in=IN_THE_HALL
    )
    rows = tickets.values_list("branch", "day").annotate(Count("pk"), Min("issued_at"))
    for branch_id, day, count, since in rows.order_by("day"):
        if day < days[branch_id]:
            found[branch_id].append(LeftOpen(day, count, since))
    return found


def _days_before(days: Mapping[int, dt.date], count: int) -> set[dt.date]:
    """The days before these, and these but for the latest."""
    return {day - dt.timedelta(days=back) for day in days.values() for back in range(1, count + 1)}
