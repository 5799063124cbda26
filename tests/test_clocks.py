"""Due days, what is left of them, and cards."""

from __future__ import annotations

import datetime as dt
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as some

from hall import clocks
from hall.calendar import WorkWeek
from hall.clocks import Stop

A_DAY = dt.timedelta(days=1)
MONDAY = dt.date(2026, 3, 2)
USUAL = WorkWeek(frozenset(range(5)), {})

days = some.dates(dt.date(2026, 1, 1), dt.date(2026, 12, 31))
counts = some.integers(0, 40)
weeks = some.builds(
    WorkWeek,
    some.frozensets(some.integers(0, 6)),
    some.dictionaries(days, some.booleans(), max_size=30),
)
stops = some.builds(
    lambda since, length: Stop(since, since + length * A_DAY), days, some.integers(0, 30)
)


def worked(week: WorkWeek, first: dt.date, last: dt.date) -> list[dt.date]:
    """The working days after the first day up to the last, one by one."""
    spanned = (first + (each + 1) * A_DAY for each in range((last - first).days))
    return [day for day in spanned if week.works_on(day)]


def with_holidays(week: WorkWeek, *off: dt.date) -> WorkWeek:
    """The week with more days off."""
    return WorkWeek(week.weekdays, {**week.exceptions, **dict.fromkeys(off, False)})


@pytest.mark.parametrize(
    ("start", "count", "due"),
    [
        ("2026-03-02", 0, "2026-03-02"),
        ("2026-03-02", 5, "2026-03-09"),
        ("2026-03-06", 1, "2026-03-09"),
        ("2026-03-07", 1, "2026-03-09"),  # a Saturday
    ],
)
def test_weekends_do_not_count(start: str, count: int, due: str) -> None:
    assert str(clocks.due_day(USUAL, dt.date.fromisoformat(start), count)) == due


@given(weeks, days, counts)
def test_a_due_day_has_so_many_working_days(week: WorkWeek, start: dt.date, count: int) -> None:
    due = clocks.due_day(week, start, count)
    assert due >= start
    assert len(worked(week, start, due)) == count
    assert clocks.left(week, start, due) == count
    assert clocks.left(week, due, start) == -count
    assert count == 0 or week.works_on(due), "the last of them is the due day"


@given(weeks, days, some.lists(counts, min_size=2).map(sorted))
def test_more_days_are_never_due_earlier(week: WorkWeek, start: dt.date, counts: list[int]) -> None:
    dues = [clocks.due_day(week, start, count) for count in counts]
    assert dues == sorted(dues)


@given(weeks, days, counts, counts)
def test_putting_off_is_counting_on(week: WorkWeek, start: dt.date, count: int, more: int) -> None:
    once = clocks.due_day(week, start, count)
    assert clocks.due_day(week, once, more) == clocks.due_day(week, start, count + more)


# --- a clock that stood still ---


@given(weeks, days, counts, some.lists(stops, max_size=3))
def test_days_on_which_the_clock_stood_do_not_count(
    week: WorkWeek, start: dt.date, count: int, spans: list[Stop]
) -> None:
    due = clocks.due_day(week, start, count, spans)
    ran = [day for day in worked(week, start, due) if not any(each.has(day) for each in spans)]
    assert len(ran) == count
    assert due >= clocks.due_day(week, start, count)


@given(weeks, days, counts, days, some.integers(0, 10), some.integers(0, 10))
def test_stops_add_up(
    week: WorkWeek, start: dt.date, count: int, since: dt.date, first: int, second: int
) -> None:
    """Two that touch are one, and one told twice counts once."""
    middle, end = since + first * A_DAY, since + (first + second) * A_DAY
    apart = [Stop(since, middle), Stop(middle, end)]
    once = clocks.due_day(week, start, count, [Stop(since, end)])
    assert clocks.due_day(week, start, count, apart) == once
    assert clocks.due_day(week, start, count, apart * 2) == once


def test_a_stop_moves_the_due_day_by_its_working_days() -> None:
    over_a_weekend = Stop(dt.date(2026, 3, 5), dt.date(2026, 3, 10))  # Thursday, Friday, Monday
    assert clocks.due_day(USUAL, MONDAY, 5) == dt.date(2026, 3, 9)
    assert clocks.due_day(USUAL, MONDAY, 5, [over_a_weekend]) == dt.date(2026, 3, 12)


# --- a holiday that is set later ---


def test_a_holiday_before_the_due_day_moves_it() -> None:
    friday, after = dt.date(2026, 3, 6), with_holidays(USUAL, dt.date(2026, 3, 5))
    assert clocks.moved(friday, USUAL, after, MONDAY) == dt.date(2026, 3, 9)
    on_the_day = with_holidays(USUAL, friday)
    assert clocks.moved(friday, USUAL, on_the_day, friday) == dt.date(2026, 3, 9)


def test_what_is_over_is_not_counted_again() -> None:
    friday, after = dt.date(2026, 3, 6), with_holidays(USUAL, dt.date(2026, 3, 3))
    assert clocks.moved(friday, USUAL, after, dt.date(2026, 3, 4)) == friday
    assert clocks.moved(friday, USUAL, after, dt.date(2026, 3, 7)) == friday, "it is past"


@given(weeks, weeks, days, some.integers(-20, 20))
def test_a_due_day_never_moves_to_an_earlier_one(
    before: WorkWeek, after: WorkWeek, due: dt.date, ago: int
) -> None:
    today = due + ago * A_DAY
    found = clocks.moved(due, before, after, today)
    assert found >= due
    assert found == due or today <= due, "a day that is past stays"
    assert clocks.moved(found, after, after, today) == found, "once is enough"
    assert clocks.moved(due, before, before, today) == due


@given(weeks, days, counts, some.lists(days, max_size=8), some.lists(days, max_size=8))
def test_holidays_set_one_after_the_other_do_what_they_do_at_once(
    week: WorkWeek, start: dt.date, count: int, first: list[dt.date], second: list[dt.date]
) -> None:
    due = clocks.due_day(week, start, count + 1)
    once = with_holidays(week, *first)
    twice = with_holidays(once, *second)
    if not week.weekdays:
        return  # which days are worked at all hangs on the last special one
    today = start + A_DAY
    moved = clocks.moved(due, week, once, today)
    assert len(worked(once, start, moved)) == count + 1, "as many to work as before"
    assert clocks.moved(moved, once, twice, today) == clocks.moved(due, week, twice, today)


# --- cards ---


@given(weeks, days, some.integers(0, 10), some.integers(0, 5))
def test_cards_go_with_what_is_left(
    week: WorkWeek, due: dt.date, before: int, yellow_days: int
) -> None:
    def card(today: dt.date) -> str:
        return clocks.clock(week, today, due, yellow_days).card

    shown = [card(due + each * A_DAY) for each in range(-before - 10, 10)]
    order = ["", "yellow", "red"]
    assert all(order.index(one) <= order.index(next_) for one, next_ in pairwise(shown))
    assert card(due) == "yellow" and card(due + A_DAY) == "red"
    today = due - before * A_DAY
    now = clocks.clock(week, today, due, yellow_days)
    assert (now.card == "yellow") == (now.left <= yellow_days)
    assert not now.is_late and now.left == len(worked(week, today, due))
