"""Edges of days and working days, in the branch's time zone."""

from __future__ import annotations

import datetime as dt

import pytest

from hall import calendar, clocks
from hall.calendar import Month
from hall.models import SpecialDay
from tests.cast import Cast

FRIDAY = dt.date(2026, 3, 6)


def test_a_day_runs_from_midnight_to_midnight_of_the_branch(cast: Cast) -> None:
    start, end = calendar.day_bounds(cast.branch, FRIDAY)
    assert start == dt.datetime(2026, 3, 5, 16, tzinfo=dt.UTC)
    assert calendar.local_day(cast.branch, start) == FRIDAY
    assert calendar.local_day(cast.branch, end) == FRIDAY + dt.timedelta(days=1)


def due(cast: Cast, days: int) -> dt.date:
    """So many working days after the Friday."""
    return clocks.due_day(calendar.work_week(cast.branch), FRIDAY, days)


def test_working_days_pass_over_weekend_and_holiday_but_not_a_worked_sunday(cast: Cast) -> None:
    assert due(cast, 1) == dt.date(2026, 3, 9)
    SpecialDay.objects.create(branch=None, date=dt.date(2026, 3, 9))
    SpecialDay.objects.create(branch=cast.branch, date=dt.date(2026, 3, 8), is_working=True)
    assert due(cast, 1) == dt.date(2026, 3, 8)
    assert due(cast, 2) == dt.date(2026, 3, 10)


def test_the_branchs_own_rule_goes_before_that_of_all(cast: Cast) -> None:
    SpecialDay.objects.create(branch=None, date=FRIDAY)
    SpecialDay.objects.create(branch=cast.branch, date=FRIDAY, is_working=True)
    assert calendar.is_working_day(cast.branch, FRIDAY)
    assert not calendar.is_working_day(cast.other, FRIDAY)


def test_a_branch_without_working_days_counts_every_day(cast: Cast) -> None:
    cast.branch.opening_hours.all().delete()
    assert due(cast, 3) == FRIDAY + dt.timedelta(days=3)
    SpecialDay.objects.create(branch=cast.branch, date=dt.date(2026, 3, 12), is_working=True)
    assert due(cast, 2) == dt.date(2026, 3, 13)


@pytest.mark.parametrize("text", ["2026-13", "2026-1", "0000-01", "", "2026-10-01", "２０２６-10"])
def test_what_is_no_month_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="YYYY-MM"):
        Month.parse(text)


def test_a_month_has_neighbours_and_edges(cast: Cast) -> None:
    month = Month.parse("2026-12")
    assert (str(month.previous), str(month), str(month.next)) == ("2026-11", "2026-12", "2027-01")
    assert len(month.days) == 31
    start, end = calendar.month_bounds(cast.branch, month)
    assert start == dt.datetime(2026, 11, 30, 16, tzinfo=dt.UTC)
    assert end == dt.datetime(2026, 12, 31, 16, tzinfo=dt.UTC)
