"""A ticket's life: every move of the table, none beside it, and a time line without holes."""

from __future__ import annotations

import datetime as dt
import uuid
from importlib import import_module
from types import SimpleNamespace
from zoneinfo import ZoneInfo

import pytest
from django.apps import apps
from django.db import connection
from django.utils import timezone, translation

from hall import calendar
from hall.models import Offering, SpecialDay
from hall.refusal import Refused
from queueing import actions, dispatch, states
from queueing.actions import VisitorAtCounter
from queueing.figures.clerk_day import clerk_day
from queueing.models import Issued, Lane, Sitting, State, Step, Ticket
from queueing.opening import OUTSIDE_HOURS
from ratings import rateable
from tests.cast import Cast, rule

MINUTE = dt.timedelta(minutes=1)


def moves(ticket: Ticket) -> list[str]:
    return list(Step.objects.filter(ticket=ticket).values_list("move", flat=True))


def called(cast: Cast, seat: Sitting) -> Ticket:
    ticket = actions.call_next(sitting=seat, by=seat.member)
    assert ticket is not None
    return ticket


def served(cast: Cast, seat: Sitting) -> Ticket:
    return actions.start(ticket=called(cast, seat), by=seat.member)


def test_a_usual_visit(cast: Cast) -> None:
    ticket, seat = cast.ticket(), cast.sit()
    assert ticket.code == "P001"
    visitor = called(cast, seat)
    assert (visitor.pk, visitor.state) == (ticket.pk, State.CALLED)
    assert visitor.counter == seat.counter and visitor.member == cast.clerk
    actions.start(ticket=visitor, by=cast.clerk)
    done = actions.finish(ticket=visitor, by=cast.clerk)
    assert done.state == State.DONE
    assert moves(ticket) == ["issue", "call", "start", "finish"]


def test_the_first_call_stays_when_the_visitor_is_recalled(cast: Cast) -> None:
    cast.ticket()
    visitor = called(cast, cast.sit())
    again = actions.recall(ticket=visitor, by=cast.clerk, now=timezone.now() + MINUTE)
    assert again.first_called_at == visitor.first_called_at
    assert again.last_called_at is not None and visitor.last_called_at is not None
    assert again.last_called_at > visitor.last_called_at
    assert again.call_count == 2


def test_nobody_waits(cast: Cast) -> None:
    assert actions.call_next(sitting=cast.sit(), by=cast.clerk) is None


def test_a_counter_calls_only_its_own_services_and_branch(cast: Cast) -> None:
    seat = cast.sit()
    seat.counter.services.set([cast.medical.service])
    cast.ticket(cast.pension)
    cast.ticket(cast.other_pension)
    assert actions.call_next(sitting=seat, by=cast.clerk) is None
    assert cast.ticket(cast.medical).pk == called(cast, seat).pk


def test_yesterdays_ticket_is_not_called_today(cast: Cast) -> None:
    cast.ticket(now=timezone.now() - dt.timedelta(days=1))
    assert actions.call_next(sitting=cast.sit(), by=cast.clerk) is None


def test_a_second_visitor_is_not_called_while_one_is_at_the_counter(cast: Cast) -> None:
    first, _second, seat = cast.ticket(), cast.ticket(), cast.sit()
    called(cast, seat)
    with pytest.raises(VisitorAtCounter) as refusal:
        actions.call_next(sitting=seat, by=cast.clerk)
    assert refusal.value.ticket.pk == first.pk


def test_missed_and_back_behind_the_next_three(cast: Cast) -> None:
    seat = cast.sit()
    missed = cast.ticket()
    others = [cast.ticket() for _ in range(5)]
    actions.no_show(ticket=called(cast, seat), by=cast.clerk)
    actions.requeue(ticket=missed, by=cast.clerk)
    order = []
    for _ in range(6):
        visitor = served(cast, seat)
        actions.finish(ticket=visitor, by=cast.clerk)
        order.append(visitor.pk)
    assert order == [t.pk for t in (*others[:3], missed, *others[3:])]


def test_missed_too_often(cast: Cast) -> None:
    seat, ticket = cast.sit(), cast.ticket()
    for _ in range(dispatch.REQUEUE_LIMIT.default):
        actions.no_show(ticket=called(cast, seat), by=cast.clerk)
        actions.requeue(ticket=ticket, by=cast.clerk)
    actions.no_show(ticket=called(cast, seat), by=cast.clerk)
    with pytest.raises(Refused, match="P001"):
        actions.requeue(ticket=ticket, by=cast.clerk)


def test_a_missed_visitor_is_called_again_at_once(cast: Cast) -> None:
    seat, ticket = cast.sit(), cast.ticket()
    actions.no_show(ticket=called(cast, seat), by=cast.clerk)
    actions.call(ticket=ticket, sitting=seat, by=cast.clerk)
    assert moves(ticket) == ["issue", "call", "no_show", "requeue", "call"]


def test_hold_serve_another_and_resume_at_another_counter(cast: Cast) -> None:
    seat, first, second = cast.sit(), cast.ticket(), cast.ticket()
    actions.hold(ticket=served(cast, seat), by=cast.clerk, reason="copies")
    actions.finish(ticket=served(cast, seat), by=cast.clerk)
    elsewhere = cast.sit(4, cast.colleague)
    back = actions.resume(ticket=first, sitting=elsewhere, by=cast.colleague)
    assert (back.state, back.counter) == (State.SERVING, elsewhere.counter)
    assert moves(second)[-1] == "finish"


def test_transfer_keeps_the_arrival_and_goes_before_who_came_later(cast: Cast) -> None:
    seat, ticket = cast.sit(), cast.ticket(cast.pension)
    later = cast.ticket(cast.medical)
    moved = actions.transfer(ticket=served(cast, seat), offering=cast.medical, by=cast.clerk)
    assert moved.issued_at == ticket.issued_at and moved.counter is None
    assert [called(cast, seat).pk, later.state] == [ticket.pk, State.WAITING]


def test_transfer_to_the_same_line_or_another_branch_is_refused(cast: Cast) -> None:
    cast.ticket()
    visitor = served(cast, cast.sit())
    for offering in (cast.pension, cast.other_pension):
        with pytest.raises(Refused):
            actions.transfer(ticket=visitor, offering=offering, by=cast.clerk)


def test_a_finish_pressed_by_mistake_is_undone_for_two_minutes(cast: Cast) -> None:
    seat = cast.sit()
    cast.ticket()
    done = actions.finish(ticket=served(cast, seat), by=cast.clerk)
    assert actions.reopen(ticket=done, by=cast.clerk).state == State.SERVING
    again = actions.finish(ticket=done, by=cast.clerk)
    late = again.state_since + states.REOPEN_WITHIN + MINUTE
    with pytest.raises(Refused):
        actions.reopen(ticket=done, by=cast.clerk, now=late)


def test_nobody_touches_a_visitor_at_another_counter(cast: Cast) -> None:
    cast.ticket()
    visitor = called(cast, cast.sit())
    cast.sit(4, cast.colleague)
    for action in (actions.start, actions.recall, actions.no_show, actions.return_to_line):
        with pytest.raises(Refused):
            action(ticket=visitor, by=cast.colleague)
    assert moves(visitor) == ["issue", "call"]


def test_an_action_that_came_too_late_is_refused_and_changes_nothing(cast: Cast) -> None:
    cast.ticket()
    done = actions.finish(ticket=served(cast, cast.sit()), by=cast.clerk)
    for action in (actions.start, actions.finish, actions.recall, actions.hold, actions.no_show):
        with pytest.raises(Refused):
            action(ticket=done, by=cast.clerk)
    with pytest.raises(Refused):
        actions.cancel(ticket=done)
    assert moves(done) == ["issue", "call", "start", "finish"]


def test_the_visitor_cancels_and_is_not_called(cast: Cast) -> None:
    actions.cancel(ticket=cast.ticket())
    assert actions.call_next(sitting=cast.sit(), by=cast.clerk) is None


def test_the_same_request_gives_the_same_ticket(cast: Cast) -> None:
    request_id = uuid.uuid4()
    first = cast.ticket(request_id=request_id)
    assert cast.ticket(request_id=request_id).token == first.token
    assert cast.ticket().number == 2


def test_a_double_tap_is_answered_even_after_the_service_closed(cast: Cast) -> None:
    request_id = uuid.uuid4()
    first = cast.ticket(request_id=request_id)
    cast.pension.is_open = False
    assert cast.ticket(request_id=request_id).token == first.token
    with pytest.raises(Refused):
        cast.ticket()


def test_services_with_one_prefix_share_their_numbers(cast: Cast) -> None:
    Offering.objects.filter(pk=cast.medical.pk).update(prefix="P")
    cast.medical.refresh_from_db()
    assert [cast.ticket().code, cast.ticket(cast.medical).code] == ["P001", "P002"]


def test_the_number_begins_again_at_the_branchs_midnight_not_at_utc(cast: Cast) -> None:
    shanghai = ZoneInfo("Asia/Shanghai")
    before = dt.datetime(2026, 3, 2, 23, 59, 59, tzinfo=shanghai)
    after = dt.datetime(2026, 3, 3, 0, 0, 1, tzinfo=shanghai)
    utc_midnight = dt.datetime(2026, 3, 3, 8, 0, 1, tzinfo=shanghai)
    tickets = [cast.ticket(now=moment) for moment in (before, after, utc_midnight)]
    assert [(t.day.day, t.number) for t in tickets] == [(2, 1), (3, 1), (3, 2)]


def test_a_full_service_and_a_closed_hall_say_so(cast: Cast) -> None:
    cast.pension.daily_limit = 1
    cast.ticket()
    with pytest.raises(Refused, match="All of today"):
        cast.ticket()
    rule(cast.branch, OUTSIDE_HOURS, False)
    cast.medical.branch = cast.branch
    night = dt.datetime(2026, 3, 2, 3, tzinfo=ZoneInfo("Asia/Shanghai"))
    with pytest.raises(Refused, match="closed"):
        cast.ticket(cast.medical, now=night)
    assert cast.ticket(cast.medical, now=night.replace(hour=10)).number == 1


def limited(offering: Offering, limit: int | None) -> None:
    """The administration sets the day's limit."""
    offering.daily_limit = limit
    offering.save()


def refusals(cast: Cast, wanted: int, offering: Offering | None = None) -> int:
    """How many of so many visitors get no ticket."""
    refused = 0
    for _ in range(wanted):
        try:
            cast.ticket(offering)
        except Refused:
            refused += 1
    return refused


def test_a_transfer_frees_no_ticket_of_the_day_and_uses_none_up(cast: Cast) -> None:
    limited(cast.pension, 2)
    limited(cast.medical, 2)
    seat = cast.sit()
    cast.ticket()
    actions.transfer(ticket=served(cast, seat), offering=cast.medical, by=cast.clerk)
    assert refusals(cast, 3) == 2
    assert refusals(cast, 3, cast.medical) == 1


def test_a_limit_set_raised_lowered_and_taken_away_at_noon_counts_the_morning(cast: Cast) -> None:
    assert refusals(cast, 12) == 0
    limited(cast.pension, 5)
    assert refusals(cast, 1) == 1
    limited(cast.pension, 14)
    assert refusals(cast, 4) == 2
    limited(cast.pension, None)
    assert refusals(cast, 3) == 0
    limited(cast.pension, 18)
    assert refusals(cast, 3) == 2
    assert [each.number for each in Ticket.objects.order_by("pk")] == list(range(1, 19))


def test_a_limit_of_nothing_gives_nothing_and_a_new_day_begins_anew(cast: Cast) -> None:
    limited(cast.pension, 0)
    assert refusals(cast, 1) == 1
    limited(cast.pension, 1)
    monday = dt.datetime(2026, 3, 2, 10, tzinfo=ZoneInfo("Asia/Shanghai"))
    for moment in (monday, monday + dt.timedelta(days=1)):
        assert cast.ticket(now=moment).number == 1
        with pytest.raises(Refused, match="All of today"):
            cast.ticket(now=moment)


def test_services_with_one_prefix_have_limits_of_their_own(cast: Cast) -> None:
    Offering.objects.filter(pk=cast.medical.pk).update(prefix="P")
    cast.medical.refresh_from_db()
    limited(cast.pension, 1)
    assert refusals(cast, 3) == 2
    assert [cast.ticket(cast.medical).code for _ in range(2)] == ["P002", "P003"]
    assert cast.ticket(cast.other_pension).code == "P001"


def test_the_second_tap_for_the_last_ticket_gets_it(cast: Cast) -> None:
    limited(cast.pension, 1)
    tap = uuid.uuid4()
    assert cast.ticket(request_id=tap).pk == cast.ticket(request_id=tap).pk
    assert refusals(cast, 1) == 1


def test_an_upgrade_at_noon_has_counted_the_morning(cast: Cast) -> None:
    seat = cast.sit()
    for _ in range(3):
        cast.ticket()
    cast.ticket(now=timezone.now() - dt.timedelta(days=2))
    actions.transfer(ticket=served(cast, seat), offering=cast.medical, by=cast.clerk)
    today = calendar.local_day(cast.branch, timezone.now())
    Issued.objects.all().delete()
    migration = import_module("queueing.migrations.0003_issued")
    migration.count_latest_days(apps, SimpleNamespace(connection=connection))
    assert dict(Issued.objects.values_list("day", "count")) == {today: 3}
    limited(cast.pension, 4)
    assert refusals(cast, 2) == 1


def test_the_refusal_speaks_the_visitors_language(cast: Cast) -> None:
    limited(cast.pension, 0)
    with translation.override("zh-hans"), pytest.raises(Refused, match="今天的号已经取完"):
        cast.ticket()


def test_a_holiday_is_closed_and_a_worked_sunday_is_open(cast: Cast) -> None:
    rule(cast.branch, OUTSIDE_HOURS, False)
    cast.pension.branch = cast.branch
    shanghai = ZoneInfo("Asia/Shanghai")
    SpecialDay.objects.create(branch=None, date=dt.date(2026, 10, 1), reason="国庆节")
    SpecialDay.objects.create(branch=cast.branch, date=dt.date(2026, 9, 20), is_working=True)
    with pytest.raises(Refused):
        cast.ticket(now=dt.datetime(2026, 10, 1, 10, tzinfo=shanghai))
    assert cast.ticket(now=dt.datetime(2026, 9, 20, 10, tzinfo=shanghai)).number == 1


def test_a_clock_that_goes_back_makes_no_negative_duration(cast: Cast) -> None:
    ticket, seat = cast.ticket(), cast.sit()
    actions.call_next(sitting=seat, by=cast.clerk, now=ticket.issued_at - MINUTE)
    actions.start(ticket=ticket, by=cast.clerk, now=ticket.issued_at - 2 * MINUTE)
    times = list(Step.objects.filter(ticket=ticket).values_list("at", flat=True))
    assert times == sorted(times) and times[0] == ticket.issued_at


def test_close_of_day_gives_everybody_the_right_outcome_and_is_safe_to_repeat(cast: Cast) -> None:
    seats = [cast.sit(3), cast.sit(4, cast.colleague), cast.sit(5, cast.supervisor)]
    tickets = {name: cast.ticket() for name in ("held", "called", "serving", "gone", "waiting")}
    actions.hold(ticket=served(cast, seats[0]), by=cast.clerk)
    called(cast, seats[0])
    served(cast, seats[1])
    actions.cancel(ticket=tickets["gone"])
    day = tickets["held"].day
    assert actions.close_day(branch=cast.branch, day=day) == 4
    assert actions.close_day(branch=cast.branch, day=day) == 0
    outcomes = {name: Ticket.objects.get(pk=each.pk) for name, each in tickets.items()}
    assert {name: each.state for name, each in outcomes.items()} == {
        "held": State.ABANDONED,
        "called": State.NO_SHOW,
        "serving": State.DONE,
        "gone": State.CANCELLED,
        "waiting": State.ABANDONED,
    }
    assert [name for name, each in outcomes.items() if not each.closed_by_day_end] == ["gone"]
    assert set(outcomes["serving"].steps.values_list("move", flat=True)) >= {"start", "close"}


def test_a_visit_that_goes_on_after_the_days_close_was_not_closed_by_it(cast: Cast) -> None:
    seat = cast.sit()
    cast.ticket()
    ticket = served(cast, seat)
    actions.close_day(branch=cast.branch, day=ticket.day)
    closed = Ticket.objects.get()
    assert (closed.state, closed.closed_by_day_end) == (State.DONE, True)
    cast.sit()  # the seat ended with the day
    again = actions.reopen(ticket=closed, by=cast.clerk)
    assert (again.state, again.closed_by_day_end) == (State.SERVING, False)
    done = actions.finish(ticket=again, by=cast.clerk)
    assert not done.closed_by_day_end
    assert rateable.may_rate(done, timezone.now())
    assert clerk_day(cast.clerk.pk, cast.branch).served == 1


def test_who_was_missed_at_the_days_close_and_came_back_was_not_closed_by_it(cast: Cast) -> None:
    seat = cast.sit()
    cast.ticket()
    ticket = called(cast, seat)
    actions.close_day(branch=cast.branch, day=ticket.day)
    assert Ticket.objects.get().closed_by_day_end
    assert not actions.requeue(ticket=ticket, by=cast.clerk).closed_by_day_end
    seat = cast.sit()  # the one before ended with the day
    actions.finish(ticket=served(cast, seat), by=cast.clerk)
    assert not Ticket.objects.get().closed_by_day_end
    assert clerk_day(cast.clerk.pk, cast.branch).served == 1


def test_an_upgrade_clears_the_flag_where_it_is_not_so(cast: Cast) -> None:
    seat = cast.sit()
    cast.ticket()
    done = actions.finish(ticket=served(cast, seat), by=cast.clerk)
    left = cast.ticket()
    actions.close_day(branch=cast.branch, day=left.day)
    Ticket.objects.update(closed_by_day_end=True)
    migration = import_module("queueing.migrations.0005_closed_by_its_last_move")
    migration.clear(apps, SimpleNamespace(connection=connection))
    flags = dict(Ticket.objects.values_list("pk", "closed_by_day_end"))
    assert flags == {done.pk: False, left.pk: True}


def test_lanes_have_their_head_start_stored_at_issue(cast: Cast) -> None:
    for lane, minutes in ((Lane.ORDINARY, 0), (Lane.ASSISTED, 15), (Lane.EXPRESS, 10)):
        ticket = cast.ticket(lane=lane)
        assert ticket.issued_at - ticket.rank_at == dt.timedelta(minutes=minutes)


@pytest.mark.parametrize("name", sorted(states.MOVES))
def test_a_move_is_refused_from_every_state_that_the_table_does_not_name(
    cast: Cast, name: str
) -> None:
    ticket = cast.ticket()
    for state in State:
        ticket.state = state
        if state in states.MOVES[name].sources:
            states.check(ticket, states.MOVES[name])
        else:
            with pytest.raises(Refused):
                states.check(ticket, states.MOVES[name])
