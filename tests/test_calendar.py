"""Edges of days and working days, in the branch's time zone."""

from __future__ import annotations

import datetime as dt

import pytest

from hall import calendar
from hall.models import SpecialDay
from tests.cast import Cast

FRIDAY = dt.date(2026, 3, 6)


def test_a_day_runs_from_midnight_to_midnight_of_the_branch(cast: Cast) -> None:
    start, end = calendar.day_bounds(cast.branch, FRIDAY)
    assert start == dt.datetime(2026, 3, 5, 16, tzinfo=dt.UTC)
    assert calendar.local_day(cast.branch, start) == FRIDAY
    assert calendar.local_day(cast.branch, end) == FRIDAY + dt.timedelta(days=1)


def test_working_days_pass_over_weekend_and_holiday_but_not_a_worked_sunday(cast: Cast) -> None:
    assert calendar.add_working_days(cast.branch, FRIDAY, 1) == dt.date(2026, 3, 9)
    SpecialDay.objects.create(branch=None, date=dt.date(2026, 3, 9))
    SpecialDay.objects.create(branch=cast.branch, date=dt.date(2026, 3, 8), is_working=True)
    assert calendar.add_working_days(cast.branch, FRIDAY, 1) == dt.date(2026, 3, 8)
    assert calendar.add_working_days(cast.branch, FRIDAY, 2) == dt.date(2026, 3, 10)


def test_the_branchs_own_rule_goes_before_that_of_all(cast: Cast) -> None:
    SpecialDay.objects.create(branch=None, date=FRIDAY)
    SpecialDay.objects.create(branch=cast.branch, date=FRIDAY, is_working=True)
    assert calendar.is_working_day(cast.branch, FRIDAY)
    assert not calendar.is_working_day(cast.other, FRIDAY)


def test_a_branch_without_hours_says_so(cast: Cast) -> None:
    cast.branch.opening_hours.all().delete()
    with pytest.raises(ValueError, match="nanshan"):
        calendar.add_working_days(cast.branch, FRIDAY, 1)
