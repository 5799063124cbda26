"""One seeded month, one number: whoever names how long visits took names the same.

The lengths are read off the time lines here, step by step; nothing of ``queueing.spans`` is asked.
"""

from __future__ import annotations

import datetime as dt
import itertools
import statistics
from collections import defaultdict
from collections.abc import Iterable, Mapping

import pytest
from django.core.cache import cache

from complaints.models import Matter
from complaints.screens.handle import visit_of
from hall import calendar
from hall.calendar import Month
from hall.models import Department
from queueing.figures import waits
from queueing.figures.clerk_day import clerk_day
from queueing.figures.day import day_figures
from queueing.figures.spread import Spread
from queueing.forms import TicketFilter
from queueing.models import Ticket
from queueing.screens import tickets as tickets_screen
from ratings import actions as ratings
from ratings.models import Row
from tests import months
from tests.cast import Cast
from tests.past import look_over

MARCH = Month(2026, 3)
LATER = dt.datetime(2026, 6, 1, tzinfo=dt.UTC)
OVER = {"done", "no_show", "cancelled", "abandoned"}
Lengths = Mapping[int, dt.timedelta]


@pytest.fixture
def month(cast: Cast) -> Cast:
    """March, with transfers, pauses, undone finishes, forgotten visits, and a matter for a few."""
    cast.pension.department = Department.objects.get(branch=cast.branch)
    cast.pension.save()
    filler = months.Filler(cast.branch, MARCH, [cast.clerk, cast.colleague, cast.supervisor])
    filler.fill(30)
    look_over()
    return cast


def read_off(tickets: Iterable[Ticket]) -> Lengths:
    """How long each visit was served that is over, and of which somebody knows."""
    found: dict[int, dt.timedelta] = {}
    for ticket in tickets:
        steps = list(ticket.steps.order_by("pk").values_list("move", "to_state", "at"))
        served = [
            after - before
            for (_move, state, before), (_next, _state, after) in itertools.pairwise(steps)
            if state == "serving"
        ]
        if served and steps[-1][1] in OVER and steps[-1][0] != "close":
            found[ticket.pk] = sum(served, dt.timedelta())
    return found


def by(tickets: Iterable[Ticket], lengths: Lengths, name: str) -> dict[object, list[dt.timedelta]]:
    """The lengths by an attribute of the ticket."""
    found: dict[object, list[dt.timedelta]] = defaultdict(list)
    for ticket in tickets:
        if ticket.pk in lengths:
            found[getattr(ticket, name)].append(lengths[ticket.pk])
    return found


def test_the_month_has_every_kind_of_visit(month: Cast) -> None:
    tickets = list(Ticket.objects.all())
    lengths = read_off(tickets)
    moves = {step.move for ticket in tickets for step in ticket.steps.all()}
    assert {"transfer", "hold", "resume", "reopen", "close", "requeue", "abandon"} <= moves
    assert len(lengths) > 400
    assert {each.state for each in tickets if each.pk in lengths} >= {"done", "abandoned"}


def test_summary_days_clerks_estimates_rows_and_matters_name_one_number(month: Cast) -> None:
    branch, tickets = month.branch, list(Ticket.objects.order_by("pk"))
    lengths = read_off(tickets)
    summary = ratings.summarise(branch=branch, month=MARCH, now=LATER)
    same = 0

    def agree(row: Row, expected: Iterable[dt.timedelta]) -> None:
        nonlocal same
        spread = Spread.of(expected)
        assert (row.services, row.service_median, row.service_p90) == (
            spread.count,
            spread.median,
            spread.p90,
        )
        same += 1

    agree(summary.rows.get(scope=Row.Scope.BRANCH), lengths.values())
    for scope, column in (("SERVICE", "service_id"), ("DEPARTMENT", "department_id")):
        parts = by(tickets, lengths, column)
        for row in summary.rows.filter(scope=Row.Scope[scope]):
            agree(row, parts.get(getattr(row, column), []))
    members = by(tickets, lengths, "member_id")
    for row in summary.rows.filter(scope=Row.Scope.PERSON):
        agree(row, members[row.member_id])
    for day, here in itertools.groupby(sorted(tickets, key=lambda each: each.day), lambda t: t.day):
        of_day = list(here)
        agree(summary.rows.get(scope=Row.Scope.DAY, day=day), by(of_day, lengths, "day")[day])
        the_day(month, day, of_day, lengths)
    assert same > 30


def the_day(cast: Cast, day: dt.date, tickets: list[Ticket], lengths: Lengths) -> None:
    """The day's figures, the clerks' own, and what the estimates of that day rested on."""
    branch = cast.branch
    here = [lengths[each.pk] for each in tickets if each.pk in lengths]
    assert day_figures(branch, day).services == Spread.of(here)
    _start, end = calendar.day_bounds(branch, day)
    last = end - dt.timedelta(microseconds=1)
    for member_id, own in by(tickets, lengths, "member_id").items():
        assert isinstance(member_id, int)
        assert clerk_day(member_id, branch, last).median_service == Spread.of(own).median
    cache.clear()
    usual = waits.minutes_by_service(branch, last)
    known = {
        service: statistics.median(each.total_seconds() / 60 for each in own)
        for service, own in by(tickets, lengths, "service_id").items()
        if len(own) >= waits.LEARN_AT_LEAST
    }
    assert usual == pytest.approx(known)


def test_waits_are_one_number_too(month: Cast) -> None:
    """The figures tell the first wait; the rows, the time line and a matter all time in line."""
    tickets = list(Ticket.objects.order_by("pk"))
    first, in_line = {}, {}
    for ticket in tickets:
        steps = list(ticket.steps.order_by("pk"))
        calls = (step.at - steps[0].at for step in steps if step.move == "call")
        first[ticket.pk] = next(calls, None)
        pairs = itertools.pairwise(steps)
        spans = [after.at - step.at for step, after in pairs if step.to_state == "waiting"]
        in_line[ticket.pk] = sum(spans, dt.timedelta())
    assert any(first[pk] and first[pk] != length for pk, length in in_line.items())
    whole = ratings.summarise(branch=month.branch, month=MARCH, now=LATER).rows.filter(
        scope=Row.Scope.BRANCH
    )
    told = whole.values_list("waits", "wait_median", "wait_p90").get()
    waited = Spread.of(each for each in first.values() if each is not None)
    assert told == (waited.count, waited.median, waited.p90)
    for day in {ticket.day for ticket in tickets}:
        here = [each.pk for each in tickets if each.day == day]
        known = (first[pk] for pk in here)
        expected = Spread.of(each for each in known if each is not None)
        assert day_figures(month.branch, day).waits == expected
        asked = TicketFilter(month.branch, LATER, {"day": day.isoformat(), "order": "longest"})
        rows = [(row.ticket.pk, row.waited) for row in tickets_screen.rows(asked.tickets())]
        assert dict(rows) == {pk: in_line[pk] for pk in here}
        assert [length for _pk, length in rows] == sorted((n for _pk, n in rows), reverse=True)
    for ticket in tickets[::10]:
        visit = visit_of(Matter(ticket=ticket, branch=month.branch), LATER)
        assert visit is not None and visit.waited == in_line[ticket.pk] // dt.timedelta(minutes=1)
        assert tickets_screen.time_line(ticket, LATER).row.waited == in_line[ticket.pk]


def test_a_matters_page_and_the_time_line_say_the_same(month: Cast) -> None:
    tickets = list(Ticket.objects.order_by("pk"))
    lengths = read_off(tickets)
    for ticket in tickets:
        line = tickets_screen.time_line(ticket, LATER)
        whole = sum((row.lasted for row in line.steps if row.lasted), dt.timedelta())
        assert whole == ticket.state_since - ticket.issued_at
        visit = visit_of(Matter(ticket=ticket, branch=month.branch), LATER)
        assert visit is not None
        length = lengths.get(ticket.pk)
        assert visit.served == (None if length is None else length // dt.timedelta(minutes=1))
