"""A seat ends with the day, the account, the right, the counter and the branch; nobody is left."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from typing import Final

import pytest
from django.core.management import call_command
from django.test import Client
from django.utils import timezone, translation

from complaints import actions as box
from hall import stranded
from hall.models import Counter, LedgerRow
from queueing import actions, panels, seats, tasks
from queueing.figures import counter_plan, waits
from queueing.models import Sitting, State, Ticket
from queueing.screens import display
from queueing.screens import seat as picker
from ratings.screens import pad
from staff import actions as staff
from staff import alarms
from staff.look import Look
from staff.models import Grant, Member, Role
from staff.rights import Right
from tests.cast import Cast
from tests.test_counter import signed_in, told
from tests.test_counter_moves import called, serving, state_of

pytestmark = pytest.mark.django_db(transaction=True)
A_DAY: Final = dt.timedelta(days=1)
Ends = Callable[[Cast], object]


def moved_counter(cast: Cast) -> None:
    Counter.objects.filter(pk=cast.counters[3].pk).update(branch=cast.other)


# As by hand in the database, or by time alone: nothing hears of it.
QUIETLY: Final[dict[str, tuple[str, Ends]]] = {
    "overnight": (
        "day",
        lambda _cast: Sitting.objects.update(started_at=timezone.now() - A_DAY),
    ),
    "account": (
        "account",
        lambda cast: Member.objects.filter(pk=cast.clerk.pk).update(is_active=False),
    ),
    "out of use": (
        "counter",
        lambda _cast: Counter.objects.filter(number=3).update(is_active=False),
    ),
    "counter moved": ("counter", moved_counter),
    "right expired": (
        "right",
        lambda cast: Grant.objects.filter(member=cast.clerk).update(ends_at=timezone.now()),
    ),
}
quietly = pytest.mark.parametrize(("why", "ends"), QUIETLY.values(), ids=QUIETLY)


@pytest.fixture
def roles() -> Iterator[None]:
    """What roles hold outlives a test that commits."""
    yield
    clerk = Role.objects.get(slug="clerk")
    clerk.rights.all().delete()
    clerk.rights.create(right=Right.SERVE)


def sits(cast: Cast) -> Member:
    """The clerk, as read anew by the next request."""
    return Member.objects.get(pk=cast.clerk.pk)


def why_of(seat: Sitting) -> str:
    rows = Sitting.objects.select_related("branch", "counter", "member")
    return seats.why_closed(rows.get(pk=seat.pk), timezone.now())


@quietly
def test_a_seat_that_is_over_is_open_nowhere(cast: Cast, why: str, ends: Ends) -> None:
    seat = cast.sit()
    branches, counter = [cast.branch, cast.other], Counter.objects.filter(pk=seat.counter_id)
    assert seats.open_at(branches, timezone.now()).get() == seat and why_of(seat) == ""
    before = panels._revision(cast.branch, timezone.now())
    ends(cast)
    now = timezone.now()
    assert not seats.open_at(branches, now) and why_of(seat) == why
    assert seats.current_sitting(sits(cast)) is None
    assert seats.sitting_at(counter.get()) is None
    assert not display.displays(counter)[seat.counter_id].member
    assert not any(each.member for each in pad.pads(cast.branch, counter).values())
    assert not any(each.sitting for each in picker.seats(cast.branch, cast.colleague))
    assert counter_plan.at([cast.branch], now)[cast.branch.pk].open == 0
    assert panels._revision(cast.branch, now) != before
    with translation.override("en"):
        assert "sits at" not in " ".join(stranded.by([cast.branch, cast.clerk]))


@quietly
def test_a_seat_that_is_over_is_not_counted_in_an_estimate(
    cast: Cast, why: str, ends: Ends
) -> None:
    cast.sit()
    cast.sit(4, cast.colleague)
    line = waits.queues(cast.branch).line_of(cast.pension.service_id)
    assert line is not None and line.counters == 2
    actions.leave(by=cast.colleague)
    ends(cast)
    line = waits.queues(cast.branch).line_of(cast.pension.service_id)
    assert line is not None and line.counters == 0 and not line.wait.is_known


def test_nobody_is_free_while_people_wait_where_nobody_sits(
    cast: Cast, well_into_the_day: None
) -> None:
    cast.sit()
    QUIETLY["overnight"][1](cast)
    cast.ticket(now=timezone.now() - dt.timedelta(minutes=5))
    look = Look([cast.branch], cast.supervisor, timezone.now())
    found = [each.sentence for each in alarms.collect(look)[cast.branch.pk]]
    assert not any("free for" in text for text in found)
    assert any("no counter open" in text for text in found)


@quietly
def test_no_call_and_no_move_from_a_seat_that_is_over(cast: Cast, why: str, ends: Ends) -> None:
    cast.ticket(), cast.ticket()
    seat = cast.sit()
    ticket = called(seat)
    ends(cast)
    by = sits(cast)
    seat = Sitting.objects.select_related("branch", "counter", "member").get()
    with pytest.raises(actions.SeatLost):
        actions.call_next(sitting=seat, by=by)
    with pytest.raises(actions.SeatLost):
        actions.start(ticket=ticket, by=by)
    with pytest.raises(actions.SeatLost):
        actions.call(ticket=ticket, sitting=seat, by=by)
    assert state_of(ticket) == State.CALLED


# --- what becomes of the visitor ---


def by_the_hall() -> list[str]:
    rows = LedgerRow.objects.filter(actor="hall").order_by("pk")
    assert {each.what for each in rows} >= {"seat.leave"}
    return [each.what for each in rows if each.what.startswith("ticket.")]


@quietly
def test_who_was_called_is_first_in_line_again(cast: Cast, why: str, ends: Ends) -> None:
    ticket = cast.ticket()
    for _ in range(5):
        cast.ticket()
    rank = ticket.rank_at
    called(cast.sit())
    ends(cast)
    assert tasks.end_seats() == 1
    ticket.refresh_from_db()
    assert (ticket.state, ticket.rank_at, ticket.counter) == (State.WAITING, rank, None)
    assert not Sitting.objects.unended() and tasks.end_seats() == 0
    assert by_the_hall() == ["ticket.release"]
    step = ticket.steps.last()
    assert step is not None and step.member is None and step.reason
    with translation.override("zh-hans"):
        assert step.why != step.reason
    assert called(cast.sit(4, cast.colleague)) == ticket


@quietly
def test_a_visit_that_was_going_on_is_on_hold_for_a_colleague(
    cast: Cast, client: Client, why: str, ends: Ends
) -> None:
    cast.ticket()
    ticket = serving(cast.sit())
    ends(cast)
    assert tasks.end_seats() == 1
    assert state_of(ticket) == State.HELD and by_the_hall() == ["ticket.set_aside"]
    seat = cast.sit(4, cast.colleague)
    page = signed_in(client, cast.colleague).get("/counter/").text
    assert ticket.code in page, "the desk shows it as held elsewhere"
    actions.resume(ticket=ticket, sitting=seat, by=cast.colleague)
    reason = actions.seat.REASONS[why].replace("'", "&#x27;")
    assert reason in client.get("/counter/").text


@pytest.mark.parametrize(("act", "after"), [(called, State.NO_SHOW), (serving, State.DONE)])
def test_a_visitor_of_yesterday_gets_the_outcome_of_a_closed_day(
    cast: Cast, act: Callable[[Sitting], Ticket], after: State
) -> None:
    cast.ticket()
    ticket = act(cast.sit())
    Ticket.objects.update(day=ticket.day - A_DAY)
    QUIETLY["overnight"][1](cast)
    assert tasks.end_seats() == 1
    ticket.refresh_from_db()
    assert ticket.state == after and ticket.closed_by_day_end
    seat = Sitting.objects.get()
    assert seat.ended_at is not None and seat.ended_at < timezone.now() - dt.timedelta(seconds=5)


def test_whoever_stands_where_nobody_sits_is_found(cast: Cast) -> None:
    cast.ticket(), cast.ticket()
    first, second = called(cast.sit()), serving(cast.sit(4, cast.colleague))
    Sitting.objects.update(ended_at=timezone.now())
    assert tasks.end_seats() == 2
    assert (state_of(first), state_of(second)) == (State.WAITING, State.HELD)


# --- each way in which a seat ends, as it is done ---


def deactivate(cast: Cast) -> None:
    clerk = sits(cast)
    clerk.is_active = False
    clerk.save()


def put_out_of_use(cast: Cast) -> None:
    counter = Counter.objects.get(pk=cast.counters[3].pk)
    counter.is_active = False
    counter.save()


def move_counter(cast: Cast) -> None:
    counter = Counter.objects.get(pk=cast.counters[3].pk)
    counter.branch = cast.other
    counter.save()


def revoke(cast: Cast) -> None:
    staff.revoke(grant=cast.clerk.grants.get(), by=cast.administrator)


def change_role(cast: Cast) -> None:
    role = Role.objects.get(slug="clerk")
    staff.set_rights(role=role, rights=[Right.ISSUE], by=cast.administrator)


def move_member(cast: Cast) -> None:
    clerk = sits(cast)
    clerk.branch = cast.other
    clerk.save(update_fields=["branch"])


@pytest.mark.parametrize(("act", "after"), [(called, State.WAITING), (serving, State.HELD)])
@pytest.mark.parametrize(
    "ends", [deactivate, put_out_of_use, move_counter, revoke, change_role, move_member]
)
def test_it_ends_with_the_change(
    cast: Cast, roles: None, ends: Ends, act: Callable[[Sitting], Ticket], after: State
) -> None:
    cast.ticket(), cast.ticket()
    ticket, waiting = act(cast.sit()), Ticket.objects.waiting().get()
    ends(cast)
    assert not Sitting.objects.unended()
    assert state_of(ticket) == after and state_of(waiting) == State.WAITING
    by_the_hall()


def test_other_changes_end_no_seat(cast: Cast) -> None:
    cast.sit()
    clerk = sits(cast)
    clerk.name_en = "Li"
    clerk.save()
    cast.counters[3].save()
    # Who works at another branch, and helps out here, stays when something else is saved, or when
    # they come to work here altogether.
    staff.grant(member=cast.stranger, role="clerk", branch=cast.branch, reason="help", by=None)
    helper = Member.objects.get(pk=cast.stranger.pk)
    cast.sit(4, helper)
    helper.save()
    helper.branch = cast.branch
    helper.save()
    assert Sitting.objects.unended().count() == 2


def test_signing_in_asks_no_more_of_the_database_for_it(cast: Cast, client: Client) -> None:
    cast.sit()
    client.force_login(cast.clerk)  # saves when that was, and nothing else
    assert Sitting.objects.unended().count() == 1


# --- the close of the day ---


def test_the_close_of_the_day_ends_the_seats_also_where_no_ticket_is_open(cast: Cast) -> None:
    cast.sit()
    QUIETLY["overnight"][1](cast)
    tasks.close_days()
    assert not Sitting.objects.unended()


def test_the_command_ends_the_seats_of_its_day(cast: Cast) -> None:
    seat = cast.sit()
    cast.ticket(), cast.ticket()
    ticket = serving(seat)
    call_command("close_day", "nanshan")  # yesterday
    assert Sitting.objects.unended().count() == 1
    call_command("close_day", "nanshan", "--today")
    assert not Sitting.objects.unended() and state_of(ticket) == State.DONE
    assert not Ticket.objects.filter(state__in=counter_plan.IN_THE_HALL).exists()


# --- what people do meets a seat that is over ---


def test_a_counter_of_yesterday_is_taken_without_a_question(cast: Cast, client: Client) -> None:
    cast.ticket()
    ticket = serving(cast.sit())
    QUIETLY["overnight"][1](cast)
    desk = signed_in(client, cast.colleague)
    form = {"counter": str(cast.counters[3].pk)}
    assert desk.post("/counter/sit/", form).headers["Location"] == "/counter/"
    assert told(desk.get("/counter/").text)["state"] == "idle"
    assert state_of(ticket) == State.HELD


def test_ones_own_seat_of_yesterday_is_taken_anew(cast: Cast, client: Client) -> None:
    seat = cast.sit()
    QUIETLY["overnight"][1](cast)
    desk = signed_in(client, cast.clerk)
    assert "At which counter do you sit?" in desk.get("/counter/").text
    desk.post("/counter/sit/", {"counter": str(seat.counter_id)})
    assert told(desk.get("/counter/").text)["counter"] == "3"
    assert Sitting.objects.count() == 2 and Sitting.objects.unended().count() == 1


@pytest.mark.parametrize(("act", "after"), [(called, State.WAITING), (serving, State.HELD)])
def test_who_may_no_longer_serve_signs_out_and_leaves_nobody_behind(
    cast: Cast, client: Client, act: Callable[[Sitting], Ticket], after: State
) -> None:
    cast.ticket()
    ticket = act(cast.sit())
    client.force_login(cast.clerk)
    QUIETLY["right expired"][1](cast)
    client.post("/sign-out/")
    assert not Sitting.objects.unended() and state_of(ticket) == after


def test_a_press_at_a_seat_that_is_over_says_so(cast: Cast, client: Client) -> None:
    cast.ticket()
    cast.sit()
    desk = signed_in(client, cast.clerk)
    desk.get("/counter/")
    put_out_of_use(cast)
    page = desk.post("/counter/next/", headers={"HX-Request": "true"}).text
    assert "You no longer sit at counter 3" in page


# --- whom a complaint is about ---


def test_a_complaint_about_a_counter_where_nobody_sat_today_is_about_nobody(cast: Cast) -> None:
    cast.sit()
    QUIETLY["overnight"][1](cast)
    assert not about(cast)
    tasks.end_seats()  # the row ends with its day, not now
    assert not about(cast)


def test_a_complaint_about_a_counter_is_about_who_sat_there_today(cast: Cast) -> None:
    cast.sit()
    put_out_of_use(cast)
    assert about(cast) == [cast.clerk]


def about(cast: Cast) -> list[Member]:
    matter = box.receive(
        branch=cast.branch, kind="complaint", text="没有人。", counter=cast.counters[3]
    )
    return list(matter.about.all())
