"""Sums up the demo's past months, as the worker does when a month is over."""

from __future__ import annotations

import datetime as dt
from collections import Counter as Tally
from typing import Final

from demo.past import days as past
from hall import calendar
from hall.calendar import Month
from hall.models import Branch
from ratings import actions
from ratings.models import Summary

AFTER_MIDNIGHT: Final = dt.timedelta(minutes=11)


def load(now: dt.datetime | None = None) -> Tally[str]:
    """Make the summaries of the whole months of the past; says how many were not there."""
    before = Summary.objects.count()
    for branch in past.branches():
        days = past.days(branch, now)
        if days is not None and branch.tickets.filter(day__range=days).exists():
            _sum_up(branch, Month.of(days[0]), Month.of(past.day_of_loading(branch, now)))
    return Tally({"summaries": Summary.objects.count() - before})


def _sum_up(branch: Branch, month: Month, until: Month) -> None:
    while month < until:
        made_at = calendar.month_bounds(branch, month)[1] + AFTER_MIDNIGHT
        actions.summarise(branch=branch, month=month, now=made_at)
        month = month.next
