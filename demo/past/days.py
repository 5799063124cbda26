"""Which branches get a past, and which days it has: what the loaders of history agree on."""

from __future__ import annotations

import datetime as dt
from typing import Final

from django.conf import settings
from django.utils import timezone

from demo.place.load import HERE
from demo.rows import rows
from hall import calendar
from hall.calendar import Month
from hall.models import Branch

MONTHS: Final = 2  # whole months before the one that runs
AHEAD: Final = 2  # months for which the roster is planned
Days = tuple[dt.date, dt.date]


def branches() -> list[Branch]:
    """The demo's branches, by the addresses that only the demo has."""
    addresses = {row["slug"]: row["address_zh_hans"] for row in rows(HERE / "branches.json")}
    found = Branch.objects.filter(slug__in=addresses)
    return [each for each in found if each.address_zh_hans == addresses[each.slug]]


def day_of_loading(branch: Branch, now: dt.datetime | None) -> dt.date:
    """The branch's day on which the demo is loaded."""
    return calendar.local_day(branch, now or timezone.now())


def days(branch: Branch, now: dt.datetime | None) -> Days | None:
    """The first and the last day of the past; None if the demo is to have none."""
    if not settings.HALL_DEMO_HISTORY:
        return None
    day = day_of_loading(branch, now)
    return _first_of_past(day), day - dt.timedelta(days=1)


def planned_days(branch: Branch, now: dt.datetime | None) -> Days:
    """The first and the last day of the roster."""
    day = day_of_loading(branch, now)
    month = Month.of(day)
    for _month in range(AHEAD + 1):
        month = month.next
    return _first_of_past(day), month.first - dt.timedelta(days=1)


def _first_of_past(day: dt.date) -> dt.date:
    month = Month.of(day)
    for _month in range(MONTHS):
        month = month.previous
    return month.first
