"""The lines as they are, and how long each may take.

Estimates are made by playing the line forward with the counters that are open and the length of
today's visits.
"""

from __future__ import annotations

import datetime as dt
import math
import statistics
from collections import Counter as Tally
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from django.core.cache import cache
from django.utils import timezone

from hall import calendar
from hall.models import Branch, Offering, Zone
from queueing import dispatch, reach, spans
from queueing.models import State, Ticket
from queueing.simulate.forecast import Forecast, OpenCounter

# More would tell of the morning what is asked of the afternoon.
LEARN_FROM = 200  # the latest visits of today that tell how long a service takes
LEARN_AT_LEAST = 5  # fewer say less than the offering's typical length


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
        # "13 to 21 minutes" promises what nobody can know; over ten, fives are honest enough.
        step = 5 if minutes > 10 else 1
        low = math.floor(minutes * 0.75 / step) * step
        high = math.ceil(minutes * 1.3 / step) * step
        return cls(low, max(high, low + step))


@dataclass(frozen=True)
class Line:
    """Those who wait for one service at a branch.

    ``ahead``: all whose turn comes before a newcomer's, as seats that call this service call
    others as well (``queueing.reach``); ``waiting``: those for the service itself.
    """

    offering: Offering
    waiting: int
    ahead: int
    longest_since: dt.datetime | None
    counters: int
    wait: Wait

    @property
    def matters(self) -> bool:
        """Whether anybody waits in this line, or works on it and one can join it."""
        return bool(self.waiting or (self.counters and self.offering.is_open))

    @property
    def is_ending(self) -> bool:
        """Whether nobody can join it any more, though some still wait in it."""
        return not self.offering.is_open and self.waiting > 0

    @property
    def at_once(self) -> bool:
        """Whether the next visitor is called without waiting."""
        return self.ahead == 0 and self.wait.high is not None and self.wait.high <= 1


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
        return sum(line.waiting for line in self.lines)


@dataclass(frozen=True)
class LineGroup:
    """Lines of the board that wait in the same zone, under its name."""

    zone: Zone | None
    lines: Sequence[Line]


def group_by_zone(lines: Sequence[Line]) -> list[LineGroup]:
    """The lines under the zones where their visitors wait, floor by floor."""
    zones: dict[Zone | None, list[Line]] = defaultdict(list)
    for line in lines:
        zones[line.offering.zone].append(line)
    groups = [LineGroup(zone, found) for zone, found in zones.items()]
    return sorted(groups, key=lambda each: zone_order(each.zone))


def zone_order(zone: Zone | None) -> tuple[bool, int, int, int]:
    return (False, zone.floor, zone.order, zone.pk) if zone else (True, 0, 0, 0)


def minutes_by_service(branch: Branch, now: dt.datetime) -> dict[int, float]:
    """How long a visit takes at this branch today, by service id, in minutes.

    The median of the served time of the latest visits that ended there, if there are five of
    them, counted as the figures of the day count them. Kept for half a minute.
    """
    day = calendar.local_day(branch, now)
    key = f"minutes:{branch.pk}:{day}"
    known: dict[int, float] | None = cache.get(key)
    if known is None:
        known = _measure(branch, day)
        cache.set(key, known, 30)
    return known


def _measure(branch: Branch, day: dt.date) -> dict[int, float]:
    visits = Ticket.objects.of_day(branch, day).filter(spans.counted()).order_by("-state_since")
    latest = visits.values_list("service_id", spans.served_in_all())[:LEARN_FROM]
    lengths: dict[int, list[float]] = defaultdict(list)
    for service_id, length in latest:
        lengths[service_id].append(length.total_seconds() / 60)
    return {
        service_id: statistics.median(values)
        for service_id, values in lengths.items()
        if len(values) >= LEARN_AT_LEAST
    }


def open_counters(
    branch: Branch, now: dt.datetime, minutes: Mapping[int, float], calls: reach.Reach
) -> list[OpenCounter]:
    """The counters where somebody sits, and when each will be free (one query)."""
    able = {pk: OpenCounter(services) for pk, services in calls.seats.items()}
    day = calendar.local_day(branch, now)
    busy = Ticket.objects.of_day(branch, day).at_counters()
    for counter_id, service_id, since in busy.values_list(
        "counter_id", "service_id", spans.standing_since(State.SERVING)
    ):
        if counter_id in able:
            gone = (now - since).total_seconds() / 60
            # Longer than usual, and not over yet: it takes another minute at least.
            able[counter_id].free_in = max(minutes.get(service_id, 5.0) - gone, 1.0)
    return list(able.values())


class InLine(NamedTuple):
    """Somebody who waits: the ticket, what for, and since when."""

    ticket_id: int
    service_id: int
    since: dt.datetime


def queues(branch: Branch, now: dt.datetime | None = None) -> Queues:
    """Every line of the branch now, in six queries however long they are."""
    moment = now or timezone.now()
    waiting = _in_line(branch, moment)
    offerings = reach.lines([branch], {(branch.pk, each.service_id) for each in waiting})
    minutes = {each.service_id: float(each.typical_minutes) for each in offerings}
    minutes |= minutes_by_service(branch, moment)
    calls = reach.at(branch, moment)
    counters = open_counters(branch, moment, minutes, calls)
    forecast = Forecast(counters, defaultdict(lambda: 8.0, minutes))
    forecast.play((each.ticket_id, each.service_id) for each in waiting)
    lines = [_line(offering, waiting, calls, forecast) for offering in offerings]
    return Queues(branch, moment, lines, _places(waiting, calls, forecast))


def _in_line(branch: Branch, moment: dt.datetime) -> list[InLine]:
    line = dispatch.line(branch, calendar.local_day(branch, moment))
    since = spans.standing_since(State.WAITING)
    return [InLine(*row) for row in line.values_list("pk", "service_id", since)]


def _line(
    offering: Offering, waiting: Sequence[InLine], calls: reach.Reach, forecast: Forecast
) -> Line:
    tally = Tally(each.service_id for each in waiting)
    since = [each.since for each in waiting if each.service_id == offering.service_id]
    return Line(
        offering=offering,
        waiting=len(since),
        ahead=dispatch.ahead(tally, offering.service_id, calls),
        longest_since=min(since, default=None),
        counters=calls.seats_for(offering.service_id),
        wait=Wait.around(forecast.next_start(offering.service_id)),
    )


def _places(waiting: Sequence[InLine], calls: reach.Reach, forecast: Forecast) -> dict[int, Place]:
    pairs = [(each.ticket_id, each.service_id) for each in waiting]
    return {
        ticket_id: Place(ahead, Wait.around(forecast.starts[ticket_id]))
        for ticket_id, ahead in dispatch.ahead_in(pairs, calls)
    }
