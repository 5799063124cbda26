"""Figures of the line and of the day, as small frozen values.

Durations come from the time line; estimates are made by playing the line forward with the
counters that are open and the length of today's visits.
"""

from __future__ import annotations

import datetime as dt
import itertools
import math
import statistics
from collections import Counter as Tally
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from django.core.cache import cache
from django.db.models import F
from django.utils import timezone

from hall import calendar
from hall.models import Branch, Counter, Notice, Offering, OpeningHours, Zone
from queueing import dispatch
from queueing.models import AT_COUNTER, Sitting, State, Step, Ticket
from staff import duty
from staff.models import Member

LEARN_FROM = 200  # the latest visits of today that tell how long a service takes
LEARN_AT_LEAST = 5  # fewer say less than the offering's typical length
CALLS_SHOWN = 8
CALLS_READ = 64  # enough to find a call that nobody has answered yet among those of forty counters
LINES_SHOWN = 7  # as many as have room beside the calls
LINES_BESIDE_LEADER = 6  # as many as have room above the leader on duty
EARLIER_BESIDE_LEADER = 6
MICROSECOND = dt.timedelta(microseconds=1)


@dataclass(frozen=True)
class Wait:
    """An expected wait as a range of whole minutes; ``None`` while no counter is open for it."""

    low: int | None
    high: int | None

    @property
    def is_known(self) -> bool:
        """Whether anybody works on this line now."""
        return self.high is not None

    @classmethod
    def around(cls, minutes: float | None) -> Wait:
        """A range of about ± a quarter, in fives once it is longer than ten minutes."""
        if minutes is None:
            return cls(None, None)
        step = 5 if minutes > 10 else 1
        low = math.floor(minutes * 0.75 / step) * step
        high = math.ceil(minutes * 1.3 / step) * step
        return cls(low, max(high, low + step))


@dataclass(frozen=True)
class Line:
    """Those who wait for one service at a branch."""

    offering: Offering
    waiting: int
    longest_since: dt.datetime | None
    counters: int
    wait: Wait

    @property
    def matters(self) -> bool:
        """Whether anybody waits in this line or works on it."""
        return bool(self.waiting or self.counters)

    @property
    def at_once(self) -> bool:
        """Whether the next visitor is called without waiting."""
        return self.waiting == 0 and self.wait.high is not None and self.wait.high <= 1


@dataclass(frozen=True)
class Place:
    """Where one ticket stands in its line: people ahead, and how long it may take."""

    ahead: int
    wait: Wait


@dataclass(frozen=True)
class Queues:
    """All lines of a branch at one moment, and the place of every waiting ticket."""

    branch: Branch
    now: dt.datetime
    lines: Sequence[Line]
    places: Mapping[int, Place]

    def line_of(self, service_id: int) -> Line | None:
        """The line of one service, if the branch offers it."""
        return next((line for line in self.lines if line.offering.service_id == service_id), None)

    @property
    def waiting(self) -> int:
        """Everybody in line."""
        return sum(line.waiting for line in self.lines)


@dataclass
class OpenCounter:
    """A counter in the forecast: what it serves, and in how many minutes it is free."""

    services: set[int]
    free_in: float = 0.0


@dataclass
class Forecast:
    """The line played forward: each ticket goes to the counter that is free for it first."""

    counters: list[OpenCounter]
    minutes: Mapping[int, float]
    starts: dict[int, float | None] = field(default_factory=dict)

    def play(self, waiting: Iterable[tuple[int, int]]) -> None:
        """Send (ticket, service) pairs to the counters in the order of the line."""
        for ticket_id, service_id in waiting:
            counter = self._first_free(service_id)
            self.starts[ticket_id] = None if counter is None else counter.free_in
            if counter is not None:
                counter.free_in += self.minutes[service_id]

    def next_start(self, service_id: int) -> float | None:
        """In how many minutes a newcomer's turn would come; None if no counter is open for it."""
        counter = self._first_free(service_id)
        return None if counter is None else counter.free_in

    def _first_free(self, service_id: int) -> OpenCounter | None:
        able = (counter for counter in self.counters if service_id in counter.services)
        return min(able, key=lambda counter: counter.free_in, default=None)


@dataclass(frozen=True)
class Call:
    """A call on the board. The id is new with every call and recall of a ticket."""

    id: str
    code: str
    counter: int
    zone: Zone | None
    at: dt.datetime
    is_current: bool
    is_answered: bool


@dataclass(frozen=True)
class LineGroup:
    """Lines of the board that wait in the same zone, under its name."""

    zone: Zone | None
    lines: Sequence[Line]


@dataclass(frozen=True)
class BoardState:
    """Everything on a branch's lobby board. ``hours`` are today's, told while nothing is open;
    ``leader`` is on duty today."""

    branch: Branch
    now: dt.datetime
    calls: Sequence[Call]
    earlier: Sequence[Call]
    queues: Queues
    notices: Sequence[Notice]
    hours: Sequence[OpeningHours]
    leader: Member | None

    @property
    def has_floors(self) -> bool:
        """Whether visitors must be told the floor."""
        zones = [line.offering.zone for line in self.queues.lines]
        return len({zone.floor for zone in zones if zone}) > 1

    @property
    def has_zones(self) -> bool:
        """Whether visitors must be told the zone."""
        return len({line.offering.zone_id for line in self.queues.lines}) > 1

    @property
    def line_pages(self) -> list[list[LineGroup]]:
        """The lines that matter, by zone, on pages that the board shows in turn."""
        lines = group_by_zone([line for line in self.queues.lines if line.matters])
        return paged(lines, LINES_SHOWN if self.leader is None else LINES_BESIDE_LEADER)


def group_by_zone(lines: Sequence[Line]) -> list[LineGroup]:
    """The lines under the zones where their visitors wait, floor by floor."""
    zones: dict[Zone | None, list[Line]] = defaultdict(list)
    for line in lines:
        zones[line.offering.zone].append(line)
    groups = [LineGroup(zone, found) for zone, found in zones.items()]
    return sorted(groups, key=lambda each: zone_order(each.zone))


def zone_order(zone: Zone | None) -> tuple[bool, int, int, int]:
    return (False, zone.floor, zone.order, zone.pk) if zone else (True, 0, 0, 0)


def paged(groups: Iterable[LineGroup], room: int = LINES_SHOWN) -> list[list[LineGroup]]:
    """Groups on as few pages as their order allows; a heading takes half a line's room.

    A group that goes on on the next page has its heading again; no line stands alone for it.
    """
    pages: list[list[LineGroup]] = []
    left = 0.0
    for group in groups:
        rest = group.lines
        while rest:
            fit = int(left - 0.5)
            if fit < min(len(rest), 2):
                pages.append([])
                left, fit = room + 0.5, room
            part, rest = rest[:fit], rest[fit:]
            pages[-1].append(LineGroup(group.zone, part))
            left -= len(part) + 0.5
    return pages


@dataclass(frozen=True)
class Today:
    """A member's own day. ``served``: visits finished by them today; median of their lengths."""

    served: int
    no_shows: int
    median_service: dt.timedelta | None


def minutes_by_service(branch: Branch, now: dt.datetime) -> dict[int, float]:
    """How long a visit takes at this branch today, by service id, in minutes.

    The median of the latest finished visits of the service, from start to finish, if there are
    five of them; visits closed by the end of the day are left out. Kept for half a minute.
    """
    day = calendar.local_day(branch, now)
    key = f"minutes:{branch.pk}:{day}"
    known: dict[int, float] | None = cache.get(key)
    if known is None:
        known = _measure(branch, day)
        cache.set(key, known, 30)
    return known


def _measure(branch: Branch, day: dt.date) -> dict[int, float]:
    steps = (
        Step.objects.filter(ticket__branch=branch, ticket__day=day, ticket__state=State.DONE)
        .filter(move="start", ticket__closed_by_day_end=False)
        .order_by("-ticket__state_since")
        .values_list("ticket__service_id", F("ticket__state_since") - F("at"))[:LEARN_FROM]
    )
    lengths: dict[int, list[float]] = defaultdict(list)
    for service_id, length in steps:
        lengths[service_id].append(length.total_seconds() / 60)
    return {
        service_id: statistics.median(values)
        for service_id, values in lengths.items()
        if len(values) >= LEARN_AT_LEAST
    }


def open_counters(
    branch: Branch, now: dt.datetime, minutes: Mapping[int, float]
) -> list[OpenCounter]:
    """The counters where somebody sits, and when each will be free (two queries)."""
    seats = Sitting.objects.open().filter(branch=branch).values_list("counter_id", flat=True)
    able: dict[int, OpenCounter] = {pk: OpenCounter(set()) for pk in seats}
    skills = Counter.services.through.objects.filter(counter__in=list(able))
    for counter_id, service_id in skills.values_list("counter_id", "service_id"):
        able[counter_id].services.add(service_id)
    day = calendar.local_day(branch, now)
    busy = Ticket.objects.of_day(branch, day).at_counters()
    for counter_id, service_id, since in busy.values_list(
        "counter_id", "service_id", "state_since"
    ):
        if counter_id in able:
            gone = (now - since).total_seconds() / 60
            able[counter_id].free_in = max(minutes.get(service_id, 5.0) - gone, 1.0)
    return list(able.values())


def queues(branch: Branch, now: dt.datetime | None = None) -> Queues:
    """Every line of the branch now, in six queries however long they are."""
    moment = now or timezone.now()
    offerings = list(branch.offerings.select_related("service__category", "zone"))
    minutes = {each.service_id: float(each.typical_minutes) for each in offerings}
    minutes |= minutes_by_service(branch, moment)
    counters = open_counters(branch, moment, minutes)
    day = calendar.local_day(branch, moment)
    waiting = list(dispatch.line(branch, day).values_list("pk", "service_id", "issued_at"))
    forecast = Forecast(counters, defaultdict(lambda: 8.0, minutes))
    forecast.play((pk, service_id) for pk, service_id, _issued_at in waiting)
    lines = [_line(offering, waiting, counters, forecast) for offering in offerings]
    return Queues(branch, moment, lines, _places(waiting, forecast))


def _line(
    offering: Offering,
    waiting: Sequence[tuple[int, int, dt.datetime]],
    counters: Sequence[OpenCounter],
    forecast: Forecast,
) -> Line:
    since = [issued for _pk, service_id, issued in waiting if service_id == offering.service_id]
    return Line(
        offering=offering,
        waiting=len(since),
        longest_since=min(since, default=None),
        counters=sum(offering.service_id in counter.services for counter in counters),
        wait=Wait.around(forecast.next_start(offering.service_id)),
    )


def _places(
    waiting: Sequence[tuple[int, int, dt.datetime]], forecast: Forecast
) -> dict[int, Place]:
    ahead: Tally[int] = Tally()
    places = {}
    for pk, service_id, _issued_at in waiting:
        places[pk] = Place(ahead[service_id], Wait.around(forecast.starts[pk]))
        ahead[service_id] += 1
    return places


def calls(branch: Branch, now: dt.datetime, limit: int = CALLS_READ) -> list[Call]:
    """The latest calls of today, newest first."""
    tickets = (
        Ticket.objects.of_day(branch, calendar.local_day(branch, now))
        .filter(last_called_at__isnull=False, counter__isnull=False)
        .select_related("counter__zone")
        .order_by("-last_called_at")[:limit]
    )
    return [_call(ticket) for ticket in tickets]


def _call(ticket: Ticket) -> Call:
    counter = ticket.counter
    assert counter is not None and ticket.last_called_at is not None
    return Call(
        id=f"{ticket.day:%Y%m%d}-{ticket.code}-{ticket.call_count}",
        code=ticket.code,
        counter=counter.number,
        zone=counter.zone,
        at=ticket.last_called_at,
        is_current=ticket.state in AT_COUNTER,
        is_answered=ticket.state != State.CALLED,
    )


def board(branch: Branch, now: dt.datetime | None = None) -> BoardState:
    """Everything that the branch's board shows now, in a fixed number of queries."""
    moment = now or timezone.now()
    recent = calls(branch, moment)
    at_counters = [each for each in recent if each.is_current]
    # Who has not come yet still looks for the counter; newer calls must not push them off.
    current = sorted(at_counters, key=lambda call: call.is_answered)[:CALLS_SHOWN]
    day = calendar.local_day(branch, moment)
    leader = duty.leader(branch, day)
    room = CALLS_SHOWN if leader is None else EARLIER_BESIDE_LEADER
    earlier = [each for each in recent if each not in current][:room]
    notices = list(Notice.objects.shown_at(branch, moment))
    state = queues(branch, moment)
    is_quiet = not any(line.matters for line in state.lines)
    hours = calendar.hours_of(branch, day) if is_quiet else []
    return BoardState(branch, moment, current, earlier, state, notices, hours, leader)


def today(member_id: int, branch: Branch, now: dt.datetime | None = None) -> Today:
    """What a member did today: visits they finished, and visitors who did not come to them."""
    moment = now or timezone.now()
    day = calendar.local_day(branch, moment)
    ended = Ticket.objects.of_day(branch, day).filter(member=member_id, closed_by_day_end=False)
    tally = Tally(
        ended.filter(state__in=(State.DONE, State.NO_SHOW)).values_list("state", flat=True)
    )
    starts = Step.objects.filter(ticket__in=ended.filter(state=State.DONE), move="start")
    lengths = list(starts.values_list(F("ticket__state_since") - F("at"), flat=True))
    median = statistics.median(lengths) if lengths else None
    return Today(tally[State.DONE], tally[State.NO_SHOW], median)


# --- a whole day, looked back on ---


@dataclass(frozen=True)
class Spread:
    """How lengths are spread: how many there are, their median and their 90th percentile.

    The median of an even number of lengths is the mean of the middle two. The 90th percentile is
    the shortest length that at least nine in ten do not exceed (nearest rank). None of none.
    """

    count: int
    median: dt.timedelta | None
    p90: dt.timedelta | None

    @classmethod
    def of(cls, lengths: Iterable[dt.timedelta]) -> Spread:
        """The spread of these lengths."""
        return cls.of_microseconds(length // MICROSECOND for length in lengths)

    @classmethod
    def of_microseconds(cls, lengths: Iterable[int]) -> Spread:
        """The spread of lengths in microseconds: quicker for many."""
        ordered = sorted(lengths)
        if not ordered:
            return cls(0, None, None)
        half, rank = len(ordered) // 2, -(-9 * len(ordered) // 10)
        median = (ordered[half] + ordered[~half]) / 2
        return cls(len(ordered), median * MICROSECOND, ordered[rank - 1] * MICROSECOND)


@dataclass(frozen=True)
class DayFigures:
    """A branch's day by ticket; the day is the one on which the ticket was issued.

    ``issued``: all tickets of the day, whatever became of them; nothing is left out.
    ``by_state``: how many of them are in each state now; the counts add up to ``issued``. After
    the close of the day only the four outcomes count any.
    ``waits``: from issue to first call, one length for every ticket that was called, also if the
    visitor did not come. Left out: tickets that were never called.
    ``services``: all the time in which a visitor was being served, one length for every visit
    that a clerk finished. Left out of a length: time on hold, in line again after a transfer,
    and between a finish and its undoing. Left out altogether: visits that nobody finished, also
    those that the close of the day counted as served.
    """

    branch: Branch
    day: dt.date
    issued: int
    by_state: Mapping[str, int]
    waits: Spread
    services: Spread


def day_figures(branch: Branch, day: dt.date) -> DayFigures:
    """The figures of a branch's day, in two queries."""
    tickets = list(
        Ticket.objects.of_day(branch, day).values_list("state", "issued_at", "first_called_at")
    )
    tally = Tally(state for state, _issued, _called in tickets)
    return DayFigures(
        branch=branch,
        day=day,
        issued=len(tickets),
        by_state={state: tally[state] for state in State.values},
        waits=Spread.of(called - issued for _state, issued, called in tickets if called),
        services=Spread.of(served_times(branch, day).values()),
    )


def served_times(branch: Branch, day: dt.date) -> dict[int, dt.timedelta]:
    """How long each visitor of the day was being served, by ticket id (see ``DayFigures``)."""
    visits = Ticket.objects.of_day(branch, day).filter(state=State.DONE, closed_by_day_end=False)
    steps = Step.objects.filter(ticket__in=visits).order_by("ticket_id", "id")
    lengths: dict[int, dt.timedelta] = defaultdict(dt.timedelta)
    rows = steps.values_list("ticket_id", "to_state", "at")
    for (ticket_id, state, since), (next_id, _state, until) in itertools.pairwise(rows):
        if ticket_id == next_id and state == State.SERVING:
            lengths[ticket_id] += until - since
    return lengths
