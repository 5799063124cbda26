"""How many visitors come on a day, when, and for what. Moments are microseconds since midnight."""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from hall import calendar
from hall.models import Branch, Offering, OpeningHours
from queueing import opening

SECOND: Final = 1_000_000
MINUTE: Final = 60 * SECOND


@dataclass(frozen=True, slots=True)
class Arrival:
    """Somebody comes in at a moment for a service."""

    at: int
    offering: Offering


@dataclass(frozen=True)
class Rush:
    """Services that are asked for so much more often until a day of the month."""

    until: int
    times: float
    services: frozenset[str]


@dataclass(frozen=True)
class Demand:
    """What a branch has to expect. Weights count against one another, and services are slugs."""

    usual: int  # visitors a working day
    weekdays: Sequence[float]  # so many times as many, from Monday
    after_break: float  # instead, on the first day after a long break
    long_break: int  # days off in a row that are one
    half_hours: Mapping[int, float]  # by the minute of the day with which they begin
    other_half_hours: float
    early: int  # how long before the doors open some come, if they may
    early_weight: float
    last: int  # how long before the doors close the last one comes
    popularity: Mapping[str, float]
    other_services: float
    rush: Rush

    def arrivals(
        self,
        rng: random.Random,
        branch: Branch,
        offerings: Sequence[Offering],
        day: dt.date,
        spans: Sequence[OpeningHours],
        days_off: int,
    ) -> list[Arrival]:
        """All visitors of a day in order; ``days_off`` before it are those it was closed on."""
        count = self.how_many(rng, day, days_off)
        may_be_early = opening.OUTSIDE_HOURS.at(branch, calendar.day_bounds(branch, day)[0])
        slots = [slot for span in spans for slot in self._slots(span, may_be_early)]
        weights = [weight for _start, _end, weight in slots]
        moments = [
            int(rng.uniform(start, end))
            for start, end, _weight in rng.choices(slots, weights, k=count)
        ]
        asked_for = [self.weight(each, day) for each in offerings]
        wanted = rng.choices(offerings, asked_for, k=count)
        return [Arrival(at, offering) for at, offering in zip(sorted(moments), wanted, strict=True)]

    def how_many(self, rng: random.Random, day: dt.date, days_off: int) -> int:
        busy = self.after_break if days_off >= self.long_break else self.weekdays[day.weekday()]
        return round(self.usual * busy * rng.uniform(0.97, 1.03))

    def weight(self, offering: Offering, day: dt.date) -> float:
        """How often a service is asked for on a day, against the others."""
        slug = offering.service.slug
        weight = self.popularity.get(slug, self.other_services)
        is_rush = day.day <= self.rush.until and slug in self.rush.services
        return weight * self.rush.times if is_rush else weight

    def _slots(self, span: OpeningHours, may_be_early: bool) -> list[tuple[int, int, float]]:
        """Parts of the day in which people come: from, until, how many against the others."""
        opens, closes = clock(span.opens), clock(span.closes)
        found = [(opens - self.early, opens, self.early_weight)] if may_be_early else []
        last = closes - self.last
        edges = [opens, *range((opens // 1800 // SECOND + 1) * 1800 * SECOND, last, 1800 * SECOND)]
        for start, end in pairwise([*edges, last]):
            share = (end - start) / (30 * MINUTE)
            weight = self.half_hours.get(start // 1800 // SECOND * 30, self.other_half_hours)
            found.append((start, end, weight * share))
        return found


def clock(time: dt.time) -> int:
    """A time of day in microseconds since midnight."""
    return ((time.hour * 60 + time.minute) * 60 + time.second) * SECOND
