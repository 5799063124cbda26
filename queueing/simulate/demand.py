"""How many visitors come on a day, when, and for what. Moments are microseconds since midnight."""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from hall import calendar
from hall.models import Branch, Offering, OpeningHours
from queueing import opening

SECOND: Final = 1_000_000
MINUTE: Final = 60 * SECOND

USUAL: Final = {Branch.Kind.MAIN: 304, Branch.Kind.STATION: 42}  # visitors a working day
# By weekday from Monday; a weekend that is worked is a quiet one.
WEEKDAYS: Final = (1.13, 1.04, 0.98, 0.97, 0.93, 0.95, 0.95)
AFTER_HOLIDAYS: Final = 1.15
LONG_BREAK: Final = 3  # days off that make the next one busy
EARLY: Final = 14 * MINUTE  # before the doors open
LAST: Final = 12 * MINUTE  # before they close
EARLY_WEIGHT: Final = 26

# Who comes in which half hour: a morning peak, one after lunch, a long tail; roughly the shape of
# a real service desk's day, with a lunch hour as in a hall.
HALF_HOURS: Final = {
    9 * 60: 60, 9 * 60 + 30: 76, 10 * 60: 82, 10 * 60 + 30: 74,
    11 * 60: 60, 11 * 60 + 30: 42, 12 * 60: 28, 12 * 60 + 30: 24,
    13 * 60: 28, 13 * 60 + 30: 46, 14 * 60: 68, 14 * 60 + 30: 70,
    15 * 60: 62, 15 * 60 + 30: 56, 16 * 60: 52, 16 * 60 + 30: 42,
    17 * 60: 28, 17 * 60 + 30: 18,
}  # fmt: skip
OTHER_HALF_HOURS: Final = 20

# What they come for: parts of a thousand, more or less.
POPULARITY: Final = {
    "register-employer": 22, "register-building-project": 6, "close-employer": 10,
    "enrol-employee": 44, "enrol-resident": 20, "employer-details": 20, "personal-details": 64,
    "pension-account": 24, "staff-changes": 58, "declare-contributions": 46,
    "missed-contributions": 22, "employer-certificate": 56, "personal-record": 108,
    "retirement": 34, "residents-pension": 24, "survivors-allowance": 11, "pension-transfer": 34,
    "medical-claim": 44, "treatment-elsewhere": 34, "child-medical": 30,
    "maternity-allowance": 32, "work-accident": 12, "work-injury": 10, "work-injury-costs": 9,
    "unemployment-benefit": 42, "skills-allowance": 24, "housing-register": 18,
    "housing-withdrawal": 52, "card-application": 62, "card-replacement": 54, "ask-rules": 48,
    "complaint": 4,
}  # fmt: skip
UNKNOWN_SERVICE: Final = 10
TENTH: Final = 10  # until this day of the month employers declare and pay
RUSH: Final = 1.5
BY_THE_TENTH: Final = ("staff-changes", "declare-contributions", "missed-contributions")


@dataclass(frozen=True, slots=True)
class Arrival:
    """Somebody comes in at a moment for a service."""

    at: int
    offering: Offering


def arrivals(
    rng: random.Random,
    branch: Branch,
    offerings: Sequence[Offering],
    day: dt.date,
    spans: Sequence[OpeningHours],
    days_off: int,
) -> list[Arrival]:
    """All visitors of a day in order; ``days_off`` are those before it on which it was closed."""
    count = how_many(rng, branch, day, days_off)
    slots = _slots(spans, opening.OUTSIDE_HOURS.at(branch, calendar.day_bounds(branch, day)[0]))
    weights = [weight for _start, _end, weight in slots]
    moments = [
        int(rng.uniform(start, end)) for start, end, _weight in rng.choices(slots, weights, k=count)
    ]
    wanted = rng.choices(offerings, [popularity(each, day) for each in offerings], k=count)
    return [Arrival(at, offering) for at, offering in zip(sorted(moments), wanted, strict=True)]


def how_many(rng: random.Random, branch: Branch, day: dt.date, days_off: int) -> int:
    """How many come: most on Mondays and after holidays."""
    busy = AFTER_HOLIDAYS if days_off >= LONG_BREAK else WEEKDAYS[day.weekday()]
    return round(USUAL[Branch.Kind(branch.kind)] * busy * rng.uniform(0.97, 1.03))


def popularity(offering: Offering, day: dt.date) -> float:
    """How often a service is asked for, against the others."""
    weight = POPULARITY.get(offering.service.slug, UNKNOWN_SERVICE)
    is_rush = day.day <= TENTH and offering.service.slug in BY_THE_TENTH
    return weight * RUSH if is_rush else weight


def clock(time: dt.time) -> int:
    """A time of day in microseconds since midnight."""
    return ((time.hour * 60 + time.minute) * 60 + time.second) * SECOND


def _slots(spans: Sequence[OpeningHours], comes_early: bool) -> list[tuple[int, int, float]]:
    """Parts of the day in which people come: from, until, how many against the others."""
    found: list[tuple[int, int, float]] = []
    for span in spans:
        opens, closes = clock(span.opens), clock(span.closes)
        if comes_early:
            found.append((opens - EARLY, opens, EARLY_WEIGHT))
        last = closes - LAST
        edges = [opens, *range((opens // 1800 // SECOND + 1) * 1800 * SECOND, last, 1800 * SECOND)]
        for start, end in pairwise([*edges, last]):
            share = (end - start) / (30 * MINUTE)
            weight = HALF_HOURS.get(start // 1800 // SECOND * 30, OTHER_HALF_HOURS)
            found.append((start, end, weight * share))
    return found
