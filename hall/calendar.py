"""Days, months and working days: the only place where their edges are computed.

A day belongs to a branch: it runs from midnight to midnight in the branch's time zone.
"""

from __future__ import annotations

import datetime as dt

from django.db.models import Q

from hall.models import Branch, OpeningHours, SpecialDay


def local_day(branch: Branch, moment: dt.datetime) -> dt.date:
    """The branch's day in which an aware moment falls."""
    return moment.astimezone(branch.zone_info).date()


def day_bounds(branch: Branch, day: dt.date) -> tuple[dt.datetime, dt.datetime]:
    """The first moment of the day, and the first of the next one."""
    zone = branch.zone_info
    start = dt.datetime.combine(day, dt.time.min, zone)
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
    if not is_working_day(branch, day):
        return []
    spans = list(branch.opening_hours.order_by("weekday", "opens"))
    own = [span for span in spans if span.weekday == day.weekday()]
    return own or [span for span in spans if span.weekday == spans[0].weekday]


def is_open(branch: Branch, moment: dt.datetime) -> bool:
    """Whether the doors are open at this moment."""
    local = moment.astimezone(branch.zone_info)
    clock = local.time()
    return any(span.opens <= clock < span.closes for span in hours_of(branch, local.date()))


def add_working_days(branch: Branch, day: dt.date, count: int) -> dt.date:
    """The day that is ``count`` working days after ``day`` (which itself does not count).

    Raises ValueError if the branch's calendar has no working days within ten years.
    """
    current = day
    for _attempt in range(3660):
        if count <= 0:
            return current
        current += dt.timedelta(days=1)
        count -= is_working_day(branch, current)
    raise ValueError(f"{branch.slug} has no working days")
