"""Days, months and working days: the only place where their edges are computed.

A day belongs to a branch: it runs from midnight to midnight in the branch's time zone.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Self

from django.db.models import Q
from django.utils.functional import cached_property

from hall import typed
from hall.models import Branch, OpeningHours, SpecialDay


@dataclass(frozen=True, order=True)
class Month:
    """A calendar month; as text ``2026-10``."""

    year: int
    number: int

    def __str__(self) -> str:
        return f"{self.year:04d}-{self.number:02d}"

    @classmethod
    def of(cls, day: dt.date) -> Self:
        return cls(day.year, day.month)

    @classmethod
    def parse(cls, text: str) -> Self:
        """The month written as YYYY-MM; raises ValueError."""
        found = typed.month(text)
        if found is None:
            raise ValueError(f"Not a month (YYYY-MM): {text}")
        return cls(*found)

    @property
    def first(self) -> dt.date:
        return dt.date(self.year, self.number, 1)

    @property
    def next(self) -> Self:
        # 31 days after the first it is the next month, however long this one is.
        return self.of(self.first + dt.timedelta(days=31))

    @property
    def previous(self) -> Self:
        return self.of(self.first - dt.timedelta(days=1))

    @property
    def days(self) -> list[dt.date]:
        count = (self.next.first - self.first).days
        return [self.first + dt.timedelta(days=each) for each in range(count)]


def month_bounds(branch: Branch, month: Month) -> tuple[dt.datetime, dt.datetime]:
    """The first moment of the month at the branch, and the first of the next one."""
    start, _ = day_bounds(branch, month.first)
    end, _ = day_bounds(branch, month.next.first)
    return start, end


def local_day(branch: Branch, moment: dt.datetime) -> dt.date:
    """The branch's day in which an aware moment falls."""
    return moment.astimezone(branch.zone_info).date()


def day_bounds(branch: Branch, day: dt.date) -> tuple[dt.datetime, dt.datetime]:
    """The first moment of the day, and the first of the next one."""
    zone = branch.zone_info
    start = dt.datetime.combine(day, dt.time.min, zone)
    # Not 24 hours later: where clocks are put back a day has 25.
    end = dt.datetime.combine(day + dt.timedelta(days=1), dt.time.min, zone)
    return start.astimezone(dt.UTC), end.astimezone(dt.UTC)


def special_day(branch: Branch, day: dt.date) -> SpecialDay | None:
    """The exception that rules this day; the branch's own goes before one of all branches."""
    rows = SpecialDay.objects.filter(Q(branch=branch) | Q(branch=None), date=day)
    return min(rows, key=lambda row: row.branch_id is None, default=None)


def is_working_day(branch: Branch, day: dt.date) -> bool:
    """Whether the branch works on this day: by exception, else by its week."""
    exception = special_day(branch, day)
    if exception is not None:
        return exception.is_working
    return branch.opening_hours.filter(weekday=day.weekday()).exists()


def hours_of(branch: Branch, day: dt.date) -> list[OpeningHours]:
    """The spans in which the branch is open on this day, in order.

    A weekend day that is worked takes the first working weekday's hours.
    """
    return open_days(branch, day, day).get(day, [])


def open_days(branch: Branch, first: dt.date, last: dt.date) -> dict[dt.date, list[OpeningHours]]:
    """The days from first to last on which the branch works, with their hours (two queries)."""
    spans = list(branch.opening_hours.order_by("weekday", "opens"))
    weekdays = {span.weekday for span in spans}
    exceptions = _exceptions(branch, date__gte=first, date__lte=last)
    days = (first + dt.timedelta(days=each) for each in range((last - first).days + 1))
    return {
        day: _spans_on(spans, day) for day in days if exceptions.get(day, day.weekday() in weekdays)
    }


def _spans_on(spans: list[OpeningHours], day: dt.date) -> list[OpeningHours]:
    own = [span for span in spans if span.weekday == day.weekday()]
    return own or [span for span in spans if span.weekday == spans[0].weekday]


def _exceptions(branch: Branch, **when: dt.date) -> dict[dt.date, bool]:
    """Whether each special day of the branch is worked."""
    rows = SpecialDay.objects.filter(Q(branch=branch) | Q(branch=None), **when)
    # The branch's own come last, and go before those of all branches.
    return {row.date: row.is_working for row in sorted(rows, key=lambda row: row.branch_id or 0)}


def is_open(branch: Branch, moment: dt.datetime) -> bool:
    local = moment.astimezone(branch.zone_info)
    clock = local.time()
    return any(span.opens <= clock < span.closes for span in hours_of(branch, local.date()))


@dataclass(frozen=True)
class WorkWeek:
    """When a branch works: the weekdays of its week, and the days that differ from it."""

    weekdays: frozenset[int]
    exceptions: Mapping[dt.date, bool]

    def works_on(self, day: dt.date) -> bool:
        """Whether this is a working day.

        A week without weekdays has the special days that are worked, and after the last of them
        every day: what is due must be due on some day.
        """
        if day in self.exceptions:
            return self.exceptions[day]
        return day.weekday() in self.weekdays if self.weekdays else day > self._last_worked

    @cached_property
    def _last_worked(self) -> dt.date:
        return max((day for day, works in self.exceptions.items() if works), default=dt.date.min)


def work_week(branch: Branch) -> WorkWeek:
    """The working days of a branch, in two queries."""
    return work_weeks([branch.pk])[branch.pk]


def work_weeks(branch_ids: Collection[int]) -> dict[int, WorkWeek]:
    """The working days of several branches, in two queries."""
    weekdays: dict[int, set[int]] = defaultdict(set)
    spans = OpeningHours.objects.filter(branch__in=branch_ids)
    for branch_id, weekday in spans.values_list("branch_id", "weekday"):
        weekdays[branch_id].add(weekday)
    rows = list(SpecialDay.objects.filter(Q(branch__in=branch_ids) | Q(branch=None)))
    # The branch's own come last, and go before those of all branches.
    rows.sort(key=lambda row: row.branch_id is not None)
    return {
        pk: WorkWeek(
            frozenset(weekdays[pk]),
            {row.date: row.is_working for row in rows if row.branch_id in (None, pk)},
        )
        for pk in branch_ids
    }
