"""Due days: the only place where a due day, what is left of it, and the card are worked out.

A clock starts on a day, which does not count, and has so many working days. It may have stood
still for a while; those days do not count either. The due day is stored with what is due, so that
nothing that is set later makes it earlier. All days are days of the branch.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from django.db.models import F, Q

from hall.calendar import WorkWeek

A_DAY: Final = dt.timedelta(days=1)


@dataclass(frozen=True)
class Stop:
    """A clock stands still from the first of these days until the other one, which counts again."""

    since: dt.date
    until: dt.date

    def has(self, day: dt.date) -> bool:
        return self.since <= day < self.until


@dataclass(frozen=True)
class Clock:
    """Something that is due on a day, as it stands today."""

    day: dt.date
    today: dt.date
    left: int
    yellow_days: int

    @property
    def is_late(self) -> bool:
        return is_late(self.day, self.today)

    @property
    def card(self) -> str:
        """``red`` after the day, ``yellow`` from some working days before it on."""
        if self.is_late:
            return "red"
        return "yellow" if self.left <= self.yellow_days else ""

    @property
    def late(self) -> int:
        """Working days since the day."""
        return -self.left


def due_day(week: WorkWeek, start: dt.date, days: int, stops: Iterable[Stop] = ()) -> dt.date:
    """The day that is so many working days after ``start``, which itself does not count."""
    still = list(stops)
    day = start
    while days > 0:
        day += A_DAY
        days -= week.works_on(day) and not any(stop.has(day) for stop in still)
    return day


def left(week: WorkWeek, today: dt.date, due: dt.date) -> int:
    """Working days after today up to the due day; below zero, those that are past it."""
    first, last = min(today, due), max(today, due)
    days = (first + (each + 1) * A_DAY for each in range((last - first).days))
    count = sum(week.works_on(day) for day in days)
    return count if due >= today else -count


def clock(week: WorkWeek, today: dt.date, due: dt.date, yellow_days: int) -> Clock:
    return Clock(due, today, left(week, today, due), yellow_days)


def moved(due: dt.date, before: WorkWeek, after: WorkWeek, today: dt.date) -> dt.date:
    """Where a due day goes when the calendar changes today.

    The working days that were left, today's among them, are counted again. A day that is past
    stays; so does one that would become earlier: what was promised to the one who answers is
    not taken away, and a day off that is over cannot be given back.
    """
    if is_late(due, today):
        return due
    yesterday = today - A_DAY
    return max(due, due_day(after, yesterday, left(before, yesterday, due)))


def is_late(due: dt.date, today: dt.date) -> bool:
    """Whether something was due before today."""
    return due < today


# --- the same of columns ---


def late(due: str, today: dt.date) -> Q:
    """Rows whose due day, in a column of this name, is past."""
    return Q(**{f"{due}__lt": today})


def in_time(done: str, due: str) -> Q:
    """Rows whose day of doing, in one column, is not past the due day, in another."""
    return Q(**{f"{done}__lte": F(due)})
