"""How long a visit took, and how long somebody stood in line: one number, wherever it is told."""

from __future__ import annotations

import datetime as dt
import itertools
import random
from collections.abc import Sequence

import pytest
from django.core.cache import cache

from complaints import actions as complaints
from complaints.screens import handle
from hall.calendar import Month
from hall.formats import whole_minutes
from queueing import actions, reach, spans
from queueing.alarms import of_floor
from queueing.figures import clerk_day, counter_plan, lines_today, waits
from queueing.figures.day import day_figures
from queueing.figures.spread import Spread
from queueing.forms import TicketFilter
from queueing.models import Sitting, State, Step, Ticket
from queueing.screens import counter as counter_screen
from queueing.screens import tickets as tickets_screen
from ratings import actions as ratings
from ratings.models import Row
from tests import months
from tests.cast import Cast

TEN = dt.datetime(2026, 3, 2, 2, tzinfo=dt.UTC)  # ten o'clock in Shenzhen
DAY = dt.date(2026, 3, 2)
MARCH = Month(2026, 3)
LATER = dt.datetime(2026, 6, 1, tzinfo=dt.UTC)
OVER = {"done", "no_show", "cancelled", "abandoned"}


def at(minutes: float) -> dt.datetime:
    """So many minutes after ten."""
    return TEN + dt.timedelta(minutes=minutes)


def length(minutes: float) -> dt.timedelta:
    return dt.timedelta(minutes=minutes)


@pytest.fixture
def seat(cast: Cast) -> Sitting:
    """The clerk's seat, taken on that morning."""
    cache.clear()
    return actions.sit_down(counter=cast.counters[3], by=cast.clerk, now=at(-60))


def begin(cast: Cast, seat: Sitting, issued: float, called: float) -> Ticket:
    """A visitor comes, is called, and is being served from then on."""
    ticket = cast.ticket(now=at(issued))
    actions.call(ticket=ticket, sitting=seat, by=seat.member, now=at(called))
    return actions.start(ticket=ticket, by=seat.member, now=at(called))


def passed_on(cast: Cast, seat: Sitting, number: int) -> Ticket:
    """Served for half a minute, passed on, two hours in line, served for five minutes."""
    ticket = begin(cast, seat, number, number)
    actions.transfer(ticket=ticket, offering=cast.medical, by=cast.clerk, now=at(number + 0.5))
    actions.call(ticket=ticket, sitting=seat, by=cast.clerk, now=at(120.5 + 6 * number))
    actions.start(ticket=ticket, by=cast.clerk, now=at(120.5 + 6 * number))
    return actions.finish(ticket=ticket, by=cast.clerk, now=at(125.5 + 6 * number))


def summed_up(cast: Cast, scope: Row.Scope = Row.Scope.BRANCH) -> list[Row]:
    """The rows of March's summary."""
    summary = ratings.summarise(branch=cast.branch, month=MARCH, now=LATER)
    return list(summary.rows.filter(scope=scope))


# --- one visit ---


def test_time_in_another_line_is_no_part_of_a_visit_for_anybody(cast: Cast, seat: Sitting) -> None:
    for number in range(5):
        passed_on(cast, seat, number)
    served = length(5.5)
    assert clerk_day.clerk_day(cast.clerk.pk, cast.branch, at(200)).median_service == served
    assert waits.minutes_by_service(cast.branch, at(200)) == {cast.medical.service_id: 5.5}
    line = waits.queues(cast.branch, at(200)).line_of(cast.medical.service_id)
    assert line is not None and line.wait.high is not None and line.wait.high <= 8
    assert day_figures(cast.branch, DAY).services == Spread(5, served, served)
    (whole,) = summed_up(cast)
    assert (whole.services, whole.service_median) == (5, served)


def test_who_was_served_and_forgotten_on_hold_counts_with_what_was_served(
    cast: Cast, seat: Sitting
) -> None:
    ticket = begin(cast, seat, 0, 2)
    actions.hold(ticket=ticket, by=cast.clerk, now=at(30))
    assert day_figures(cast.branch, DAY).services.count == 0  # it goes on
    actions.close_day(branch=cast.branch, day=DAY, now=at(16 * 60))
    ticket.refresh_from_db()
    assert ticket.state == State.ABANDONED
    assert day_figures(cast.branch, DAY).services == Spread(1, length(28), length(28))
    assert clerk_day.clerk_day(cast.clerk.pk, cast.branch, at(600)).median_service == length(28)
    (whole,) = summed_up(cast)
    assert (whole.done, whole.services, whole.service_median) == (0, 1, length(28))


def test_who_was_passed_on_and_left_counts_too(cast: Cast, seat: Sitting) -> None:
    ticket = begin(cast, seat, 0, 1)
    actions.transfer(ticket=ticket, offering=cast.medical, by=cast.clerk, now=at(8))
    actions.cancel(ticket=ticket, now=at(20))
    assert day_figures(cast.branch, DAY).services == Spread(1, length(7), length(7))
    by_service = {row.service_id: row.service_median for row in summed_up(cast, Row.Scope.SERVICE)}
    assert by_service == {cast.medical.service_id: length(7)}


def test_what_the_close_of_the_day_ended_has_no_length_anywhere(cast: Cast, seat: Sitting) -> None:
    ticket = begin(cast, seat, 0, 1)
    actions.hold(ticket=ticket, by=cast.clerk, now=at(5))
    actions.resume(ticket=ticket, sitting=seat, by=cast.clerk, now=at(9))
    actions.close_day(branch=cast.branch, day=DAY, now=at(16 * 60))
    ticket.refresh_from_db()
    assert day_figures(cast.branch, DAY).services.count == 0
    assert clerk_day.clerk_day(cast.clerk.pk, cast.branch, at(600)).median_service is None
    (whole,) = summed_up(cast)
    assert (whole.done, whole.services) == (1, 0)
    assert tickets_screen.time_line(ticket, LATER).served is None
    matter = complaints.receive(branch=cast.branch, kind="complaint", text="久", ticket=ticket)
    visit = handle.visit_of(matter, LATER)
    assert visit is not None and visit.served is None


# --- somebody who is here now ---


def shown_as(cast: Cast, seat: Sitting, ticket: Ticket, now: dt.datetime) -> dict[str, int]:
    """The minutes that each screen has for one who stands in line."""
    plan = counter_plan.at([cast.branch], now)[cast.branch.pk]
    today = lines_today.lines_today(cast.branch, now).longest
    desk = counter_screen.desk(seat, now=now)
    row = next(each for each in rows_of(cast, now) if each.ticket == ticket)
    assert today is not None
    return {
        "alarm": plan.lines[0].longest,
        "overview": plan.longest,
        "panel": today.longest,
        "desk": desk.queue[0].minutes,
        "desk's clock": whole_minutes(now - desk.queue[0].since),
        "row": row.minutes,
        "time line": tickets_screen.time_line(ticket, now).row.minutes,
    }


def rows_of(cast: Cast, now: dt.datetime) -> list[tickets_screen.TicketRow]:
    """The rows of the day, the longest wait first."""
    return tickets_screen.rows(TicketFilter(cast.branch, now, {"order": "longest"}).tickets())


def test_all_screens_say_the_same_of_one_who_was_passed_on(cast: Cast, seat: Sitting) -> None:
    ticket = begin(cast, seat, 0, 5)
    actions.transfer(ticket=ticket, offering=cast.medical, by=cast.clerk, now=at(35))
    # 5 minutes, 30 at a counter, 40 more.
    assert set(shown_as(cast, seat, ticket, at(75.5)).values()) == {45}
    alarms = of_floor(counter_plan.at([cast.branch], at(75))[cast.branch.pk])
    texts = [alarm.sentence for alarm in alarms]
    assert any("45 min" in text for text in texts), texts


def test_all_screens_say_the_same_of_one_who_came_back(cast: Cast, seat: Sitting) -> None:
    ticket = cast.ticket(now=at(0))
    actions.call(ticket=ticket, sitting=seat, by=cast.clerk, now=at(10))
    actions.no_show(ticket=ticket, by=cast.clerk, now=at(12))
    actions.requeue(ticket=ticket, by=cast.clerk, now=at(30))
    assert set(shown_as(cast, seat, ticket, at(50)).values()) == {30}


def test_the_one_who_stood_longest_is_on_top_whoever_came_first(cast: Cast, seat: Sitting) -> None:
    first = begin(cast, seat, 0, 1)
    second = cast.ticket(now=at(20))
    actions.transfer(ticket=first, offering=cast.medical, by=cast.clerk, now=at(60))
    assert [each.ticket for each in rows_of(cast, at(65))] == [second, first]
    plan = counter_plan.at([cast.branch], at(65))[cast.branch.pk]
    assert {line.service.slug: line.longest for line in plan.lines} == {"retire": 45, "refund": 6}
    busy = lines_today.lines_today(cast.branch, at(65)).busy
    assert [line.longest for line in busy] == [45, 6]


def test_at_the_counter_the_time_in_line_stays_what_it_was(cast: Cast, seat: Sitting) -> None:
    ticket = begin(cast, seat, 0, 5)
    actions.transfer(ticket=ticket, offering=cast.medical, by=cast.clerk, now=at(35))
    actions.call(ticket=ticket, sitting=seat, by=cast.clerk, now=at(75))
    assert counter_screen.desk(seat, now=at(76)).waited == 45
    assert [row.minutes for row in rows_of(cast, at(76))] == [45]


def test_desk_and_floor_see_the_length_that_the_figures_will_say(cast: Cast, seat: Sitting) -> None:
    ticket = begin(cast, seat, 0, 0)
    actions.hold(ticket=ticket, by=cast.clerk, now=at(20))
    actions.resume(ticket=ticket, sitting=seat, by=cast.clerk, now=at(50))
    actions.finish(ticket=ticket, by=cast.clerk, now=at(60))
    actions.reopen(ticket=ticket, by=cast.clerk, now=at(61))
    now = at(76)
    assert counter_screen.desk(seat, now=now).elapsed == length(45)
    floor = counter_plan.at([cast.branch], now)[cast.branch.pk].counters[0]
    assert (floor.minutes, floor.too_long) == (45, True)
    assert floor.since == at(61)  # the moment itself is no length
    (alarm,) = of_floor(counter_plan.at([cast.branch], now)[cast.branch.pk])
    assert "45 min" in alarm.sentence
    actions.finish(ticket=ticket, by=cast.clerk, now=now)
    assert day_figures(cast.branch, DAY).services.median == length(45)


def test_a_counter_is_free_when_the_rest_of_a_usual_visit_is_over(
    cast: Cast, seat: Sitting
) -> None:
    ticket = begin(cast, seat, 0, 0)
    actions.hold(ticket=ticket, by=cast.clerk, now=at(6))
    actions.resume(ticket=ticket, sitting=seat, by=cast.clerk, now=at(50))
    minutes, calls = {cast.pension.service_id: 10.0}, reach.at(cast.branch, at(52))
    (counter,) = waits.open_counters(cast.branch, at(52), minutes, calls)
    assert counter.free_in == pytest.approx(2)


# --- the three forms ---


def wandered(cast: Cast, count: int = 120) -> list[Ticket]:
    """Visits of every kind, also ones that go on, as history."""
    filler = months.Filler(cast.branch, MARCH, [cast.clerk, cast.colleague], seed=7)
    for number in range(1, count + 1):
        filler.visit(DAY, number)
    Ticket.objects.bulk_create(filler.tickets)
    Step.objects.bulk_create(filler.steps)
    return filler.tickets


def by_hand(steps: Sequence[Step], state: str, now: dt.datetime) -> dt.timedelta | None:
    """The time in a state, step by step."""
    found, was_there = dt.timedelta(), False
    for step, after in itertools.zip_longest(steps, steps[1:]):
        if step.to_state == state:
            was_there = True
            found += (after.at if after else now) - step.at
    return found if was_there else None


def test_memory_queryset_and_sql_sum_the_same(cast: Cast) -> None:
    wandered(cast)
    # Some are still here: without their last steps.
    cut = random.Random(1)
    for ticket in Ticket.objects.order_by("pk")[:40]:
        steps = list(ticket.steps.all())
        kept = steps[: cut.randrange(1, len(steps) + 1)]
        ticket.steps.filter(pk__gt=kept[-1].pk).delete()
        Ticket.objects.filter(pk=ticket.pk).update(
            state=kept[-1].to_state,
            state_since=kept[-1].at,
            closed_by_day_end=kept[-1].move in months.BY_DAY_END,
        )
    now = LATER
    asked = Ticket.objects.values_list(
        "pk",
        "state",
        spans.in_line(now),
        spans.served_in_all(),
        spans.standing_since(State.WAITING),
        spans.standing_since(State.SERVING),
    )
    assert {state for _pk, state, *_rest in asked} >= OVER | {"waiting", "serving", "held"}
    for pk, state, in_line, in_all, stands, is_served_since in asked:
        steps = list(Step.objects.filter(ticket=pk))
        found = spans.of(steps, now)
        waited, served = by_hand(steps, "waiting", now), by_hand(steps, "serving", now)
        assert spans.total(found, State.WAITING) == in_line == waited
        assert spans.total(found, State.SERVING) == served
        if state in OVER:
            assert in_all == served
        if state == "waiting":
            assert now - stands == now - spans.began(steps) == waited
        if state == "serving":
            assert now - is_served_since == now - spans.began(steps) == served


def test_the_spans_of_a_visit_add_up_to_the_whole_of_it(cast: Cast) -> None:
    for ticket in wandered(cast):
        line = tickets_screen.time_line(ticket, LATER)
        lasted = [each.lasted for each in line.steps]
        assert lasted.pop() is None  # all of them are over
        assert sum(filter(None, lasted), dt.timedelta()) == ticket.state_since - ticket.issued_at


def test_what_has_just_begun_on_a_server_whose_clock_is_ahead_lasts_nothing(cast: Cast) -> None:
    ticket = cast.ticket(now=at(1))
    (span,) = spans.of(list(ticket.steps.all()), at(0))
    assert span.lasted == dt.timedelta()
