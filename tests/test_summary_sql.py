"""The figures of a summary are those of plain SQL, written by hand, over two months."""

from __future__ import annotations

import datetime as dt

import pytest
import pytest_django

from hall.calendar import Month
from hall.models import Branch, Department
from queueing.models import Ticket
from ratings import actions
from ratings.figures import summary_rows as summaries
from ratings.models import Row, Summary
from tests import months
from tests.cast import Cast
from tests.past import load_past, load_place, look_over

JANUARY, FEBRUARY, MARCH = Month(2026, 1), Month(2026, 2), Month(2026, 3)
LATER = dt.datetime(2026, 6, 1, tzinfo=dt.UTC)


@pytest.fixture
def past(cast: Cast) -> Cast:
    """Three months at two branches; the pension has a department, the medical has none."""
    cast.pension.department = Department.objects.get(branch=cast.branch)
    cast.pension.save()
    for month in (JANUARY, FEBRUARY, MARCH):
        people = [cast.clerk, cast.colleague, cast.supervisor]
        months.Filler(cast.branch, month, people).fill(24)
        months.Filler(cast.other, month, [cast.stranger]).fill(4)
    look_over()
    return cast


@pytest.mark.parametrize("month", [FEBRUARY, MARCH])
def test_every_figure_is_that_of_plain_sql(past: Cast, month: Month) -> None:
    for branch, at_least in ((past.branch, 400), (past.other, 80)):
        actions.summarise(branch=branch, month=month, now=LATER)
        assert months.check(branch, month) > at_least


def test_the_check_can_fail(past: Cast) -> None:
    summary = actions.summarise(branch=past.branch, month=MARCH, now=LATER)
    assert_seen = [
        ("done", 1),
        ("unrated", -1),
        ("received", 1),
        ("wait_median", dt.timedelta(seconds=2)),
        ("service_p90", dt.timedelta(seconds=-2)),
    ]
    for name, error in assert_seen:
        row = summary.rows.filter(scope=Row.Scope.DEPARTMENT).first()
        assert row is not None
        right = getattr(row, name)
        Row.objects.filter(pk=row.pk).update(**{name: right + error})
        with pytest.raises(AssertionError):
            months.check(past.branch, MARCH)
        Row.objects.filter(pk=row.pk).update(**{name: right})
    months.check(past.branch, MARCH)


def test_the_months_have_every_kind_of_visit_and_matter(past: Cast) -> None:
    """What is not in the data is not tested by it."""
    actions.summarise(branch=past.branch, month=FEBRUARY, now=LATER)
    whole = Summary.objects.get().rows.get(scope=Row.Scope.BRANCH)
    for field in Row._meta.get_fields():
        if field.name in summaries.FIGURES[6:]:
            assert getattr(whole, field.name), field.name
    # Who was served, and then left or did not come, counts with the time in which they were.
    assert whole.services > whole.done - whole.closed_by_day_end


def test_the_two_months_of_the_demo(
    db: None, settings: pytest_django.Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What every chart of the trial shows, over all of its branches."""
    settings.HALL_DEMO_HISTORY = True
    load_place(monkeypatch)
    load_past()
    summaries = Summary.objects.select_related("branch")
    assert len({each.month for each in summaries}) == 2
    assert summaries.count() == 2 * Branch.objects.count()
    tickets = sum(months.check(each.branch, each.month) for each in summaries)
    assert tickets == Ticket.objects.filter(day__month__in=(9, 10)).count() > 10_000
