"""What is wrong now: each alarm by its limit, and who hears of it."""

from __future__ import annotations

import datetime as dt

import pytest
from django.test import Client
from django.utils import timezone

from complaints import actions as complaints
from complaints.models import Kind, Matter, Source
from hall.actions.rule import set_rule
from hall.models import Counter, Offering
from queueing import actions, seats
from queueing.figures import counter_plan
from queueing.figures import held as held_figures
from queueing.models import Ticket
from staff import alarms
from staff.alarms import Alarm, Severity
from staff.look import Look
from staff.models import Member
from tests.cast import Cast, member, rule

HOUR = dt.timedelta(hours=1)
MINUTES = dt.timedelta(minutes=1)
NOON = dt.datetime(2026, 10, 14, 4, tzinfo=dt.UTC)  # a Wednesday in Nanshan


def said(cast: Cast, now: dt.datetime = NOON, by: Member | None = None) -> list[str]:
    return [each.sentence for each in found(cast, now, by)]


def found(cast: Cast, now: dt.datetime = NOON, by: Member | None = None) -> list[Alarm]:
    return alarms.collect(Look([cast.branch], by or cast.supervisor, now))[cast.branch.pk]


def sit(cast: Cast, number: int, who: Member, at: dt.datetime) -> None:
    actions.sit_down(counter=cast.counters[number], by=who, now=at)


def called(cast: Cast, who: Member, at: dt.datetime) -> Ticket:
    seat = seats.current_sitting(who, at)
    assert seat is not None
    ticket = actions.call_next(sitting=seat, by=who, now=at)
    assert ticket is not None
    return ticket


# --- the line ---


def test_a_hall_in_order_has_none(cast: Cast) -> None:
    sit(cast, 3, cast.clerk, NOON)
    cast.ticket(now=NOON)
    assert found(cast) == []


@pytest.mark.parametrize(
    ("waited", "severity"), [(39, None), (40, "look"), (79, "look"), (80, "bad")]
)
def test_a_wait_that_is_too_long(cast: Cast, waited: int, severity: str | None) -> None:
    sit(cast, 3, cast.clerk, NOON)
    cast.ticket(now=NOON - waited * MINUTES)
    seen = found(cast)
    assert [each.severity for each in seen] == ([severity] if severity else [])
    if severity:
        assert seen[0].sentence == f"Apply for retirement: {waited} min wait"
        assert seen[0].since == NOON - waited * MINUTES
        assert f"service={cast.pension.service_id}" in seen[0].href


def test_a_line_that_is_too_long(cast: Cast) -> None:
    rule(cast.branch, counter_plan.LINE_LIMIT, 2)
    sit(cast, 3, cast.clerk, NOON)
    for _ in range(2):
        cast.ticket(now=NOON)
    assert found(cast) == []
    cast.ticket(now=NOON)
    assert said(cast) == ["Apply for retirement: 3 people in line"]


def test_a_service_may_have_limits_of_its_own(cast: Cast) -> None:
    for which, limit in ((counter_plan.WAIT_LIMIT, 5), (counter_plan.LINE_LIMIT, 1)):
        service = cast.pension.service
        set_rule(branch=cast.branch, rule=which, value=limit, service=service, now=NOON - HOUR)
    sit(cast, 3, cast.clerk, NOON)
    for offering in (cast.pension, cast.medical):
        for _ in range(2):
            cast.ticket(offering, now=NOON - 6 * MINUTES)
    assert set(said(cast)) == {
        "Apply for retirement: 6 min wait",
        "Apply for retirement: 2 people in line",
    }


def test_people_wait_and_no_counter_serves_them(cast: Cast) -> None:
    cast.ticket(now=NOON)
    assert said(cast) == ["Apply for retirement: 1 person waits, no counter open"]
    assert found(cast)[0].severity == Severity.BAD
    sit(cast, 3, cast.clerk, NOON)
    assert found(cast) == []
    cast.counters[3].services.set([cast.medical.service])
    assert said(cast) == ["Apply for retirement: 1 person waits, no counter open"]


# --- counters ---


def test_a_visit_that_is_too_long(cast: Cast) -> None:
    sit(cast, 3, cast.clerk, NOON)
    cast.ticket(now=NOON)
    ticket = actions.start(ticket=called(cast, cast.clerk, NOON), by=cast.clerk, now=NOON)
    assert found(cast, NOON + 44 * MINUTES) == []
    assert said(cast, NOON + 45 * MINUTES) == [f"Counter 3: serving {ticket.code} for 45 min"]
    actions.finish(ticket=ticket, by=cast.clerk, now=NOON + 45 * MINUTES)
    assert found(cast, NOON + 45 * MINUTES) == []


def test_a_visitor_at_a_counter_that_was_moved_to_another_branch(cast: Cast) -> None:
    sit(cast, 3, cast.clerk, NOON)
    cast.ticket(now=NOON)
    actions.start(ticket=called(cast, cast.clerk, NOON), by=cast.clerk, now=NOON)
    Counter.objects.filter(number=3).update(branch=cast.other, zone=None)
    plan = counter_plan.at([cast.branch], NOON)[cast.branch.pk]
    assert [each.ticket.code for each in plan.counters if each.ticket] == ["P001"]
    assert "Counter 3: serving P001 for 45 min" in said(cast, NOON + 45 * MINUTES)


def test_a_free_counter_while_people_wait_for_it(cast: Cast) -> None:
    sit(cast, 3, cast.clerk, NOON)
    assert found(cast, NOON + 30 * MINUTES) == [], "nobody waits"
    cast.ticket(now=NOON + 5 * MINUTES)
    assert found(cast, NOON + 9 * MINUTES) == []
    assert said(cast, NOON + 10 * MINUTES) == ["Counter 3: free for 10 min while people wait"]
    cast.counters[3].services.set([cast.medical.service])
    assert said(cast, NOON + 10 * MINUTES) == [
        "Apply for retirement: 1 person waits, no counter open"
    ], "they wait for another counter"


@pytest.mark.parametrize("move", ["finish", "transfer", "return", "no_show"])
def test_a_counter_is_free_since_its_last_visitor_went(cast: Cast, move: str) -> None:
    sit(cast, 3, cast.clerk, NOON)
    cast.ticket(now=NOON)
    ticket = called(cast, cast.clerk, NOON)
    later = NOON + 20 * MINUTES
    if move in ("finish", "transfer"):
        actions.start(ticket=ticket, by=cast.clerk, now=NOON)
    if move == "finish":
        actions.finish(ticket=ticket, by=cast.clerk, now=later)
    elif move == "transfer":
        actions.transfer(ticket=ticket, offering=cast.medical, by=cast.clerk, now=later)
    elif move == "return":
        actions.return_to_line(ticket=ticket, by=cast.clerk, now=later)
    else:
        actions.no_show(ticket=ticket, by=cast.clerk, now=later)
    cast.ticket(now=later)
    assert found(cast, later + 9 * MINUTES) == []
    assert "Counter 3: free for 10 min while people wait" in said(cast, later + 10 * MINUTES)


def test_a_visitor_who_was_called_and_neither_came_nor_was_let_go(cast: Cast) -> None:
    sit(cast, 3, cast.clerk, NOON)
    cast.ticket(now=NOON)
    ticket = called(cast, cast.clerk, NOON)
    assert found(cast, NOON + 9 * MINUTES) == []
    late = NOON + 10 * MINUTES
    assert said(cast, late) == ["Counter 3: P001 was called 10 min ago, and nobody began"]
    assert [each.severity for each in found(cast, late + 10 * MINUTES)] == [Severity.BAD]
    actions.recall(ticket=ticket, by=cast.clerk, now=late)
    assert found(cast, late) == []


# --- on hold ---


def held(cast: Cast, offering: Offering, at: dt.datetime) -> Ticket:
    """Served for 28 minutes, then put aside at this moment."""
    began = at - 28 * MINUTES
    cast.ticket(offering, now=began)
    ticket = actions.start(ticket=called(cast, cast.clerk, began), by=cast.clerk, now=began)
    return actions.hold(ticket=ticket, by=cast.clerk, now=at)


@pytest.mark.parametrize(("lasts", "severity"), [(19, None), (20, "look"), (40, "bad")])
def test_a_visit_that_is_held_and_forgotten(cast: Cast, lasts: int, severity: str | None) -> None:
    sit(cast, 3, cast.clerk, NOON - HOUR)
    held(cast, cast.pension, NOON)
    seen = found(cast, NOON + lasts * MINUTES)
    assert [each.severity for each in seen] == ([severity] if severity else [])
    if severity:
        name = cast.clerk.name
        assert seen[0].sentence == f"P001: on hold for {lasts} min, since {name}, counter 3"
        assert seen[0].since == NOON
        assert seen[0].href == "/supervisor/nanshan/tickets/?state=held"


def test_a_visit_that_the_hall_put_on_hold_is_told_too(cast: Cast) -> None:
    sit(cast, 3, cast.clerk, NOON - HOUR)
    seat = seats.current_sitting(cast.clerk, NOON)
    assert seat is not None
    cast.ticket(now=NOON)
    ticket = actions.call_next(sitting=seat, by=cast.clerk, now=NOON)
    assert ticket is not None
    actions.start(ticket=ticket, by=cast.clerk, now=NOON)
    assert actions.end_seats(why="right", now=NOON) == 1
    name = cast.clerk.name
    assert said(cast, NOON + 20 * MINUTES) == [f"P001: on hold for 20 min, since {name}, counter 3"]


def test_it_is_told_of_whoever_held_it_last_also_when_they_got_up(cast: Cast) -> None:
    sit(cast, 3, cast.clerk, NOON - HOUR)
    ticket = held(cast, cast.pension, NOON)
    sit(cast, 4, cast.colleague, NOON)
    theirs = seats.current_sitting(cast.colleague, NOON)
    assert theirs is not None
    again = NOON + 30 * MINUTES
    actions.resume(ticket=ticket, sitting=theirs, by=cast.colleague, now=again)
    assert found(cast, again) == []
    actions.hold(ticket=ticket, by=cast.colleague, now=again)
    actions.leave(by=cast.colleague, now=again)
    name = cast.colleague.name
    assert said(cast, again + 20 * MINUTES) == [
        f"P001: on hold for 20 min, since {name}, counter 4"
    ]


def test_a_service_has_a_limit_of_its_own_for_holds(cast: Cast) -> None:
    service = cast.medical.service
    set_rule(
        branch=cast.branch, rule=held_figures.HELD_LIMIT, value=60, service=service, now=NOON - HOUR
    )
    sit(cast, 3, cast.clerk, NOON - HOUR)
    held(cast, cast.medical, NOON - 30 * MINUTES)
    held(cast, cast.pension, NOON)
    assert [each[:4] for each in said(cast, NOON + 29 * MINUTES)] == ["P001"]
    assert len(said(cast, NOON + 30 * MINUTES)) == 2


def test_tickets_left_open_from_a_past_day(cast: Cast) -> None:
    for days in (1, 1, 3):
        cast.ticket(now=NOON - dt.timedelta(days=days))
    assert said(cast) == [
        "1 ticket of 10/11/2026 was never closed",
        "2 tickets of 10/13/2026 were never closed",
    ]
    actions.close_day(branch=cast.branch, day=dt.date(2026, 10, 13))
    assert said(cast) == ["1 ticket of 10/11/2026 was never closed"]
    assert "day=2026-10-11" in found(cast)[0].href


# --- matters ---


def matter(cast: Cast, days_ago: int, **options: object) -> Matter:
    return complaints.receive(
        branch=cast.branch,
        kind=Kind.COMPLAINT,
        text="words",
        now=NOON - dt.timedelta(days=days_ago),
        **options,  # type: ignore[arg-type]
    )


def test_an_overdue_matter(cast: Cast) -> None:
    late = matter(cast, 20)
    matter(cast, 1)
    assert said(cast) == ["1 matter overdue"]
    complaints.reply(matter=late, text="done", by=cast.supervisor)
    assert found(cast) == []


def test_a_dissatisfied_visitor_whom_nobody_contacted(cast: Cast) -> None:
    case = matter(cast, 2, source=Source.RATING)
    assert "1 dissatisfied visitor not contacted in time" in said(cast)
    complaints.contact(matter=case, by=cast.supervisor)
    assert found(cast) == []


def test_a_matter_without_an_owner(cast: Cast) -> None:
    orphan = matter(cast, 0)
    Matter.objects.filter(pk=orphan.pk).update(owner=None)
    assert said(cast) == ["1 matter without an owner"]


def test_a_matter_about_whoever_looks_raises_no_alarm(cast: Cast) -> None:
    matter(cast, 20, about=[cast.supervisor])
    assert found(cast) == []
    other = member("N1401", "乙", cast.branch, "supervisor")
    assert said(cast, by=other) == ["1 matter overdue"]


def test_each_app_asks_for_its_own_permission(cast: Cast) -> None:
    matter(cast, 20)
    cast.ticket(now=NOON)
    inspector = member("N1400", "丁", cast.branch, "inspector")
    assert said(cast, by=inspector) == ["Apply for retirement: 1 person waits, no counter open"]
    assert said(cast, by=cast.handler) == ["1 matter overdue"]
    assert said(cast, by=cast.clerk) == []


# --- all together ---


def test_the_bad_ones_come_first_then_the_longest(cast: Cast) -> None:
    sit(cast, 3, cast.clerk, NOON)
    cast.ticket(now=NOON - 45 * MINUTES)
    cast.ticket(cast.medical, now=NOON - 50 * MINUTES)
    matter(cast, 20)
    assert said(cast) == [
        "1 matter overdue",
        "Claim back medical costs: 50 min wait",
        "Apply for retirement: 45 min wait",
    ]


def test_branches_are_told_apart(cast: Cast) -> None:
    actions.issue(offering=cast.other_pension, now=NOON)
    seen = alarms.collect(Look([cast.branch, cast.other], cast.administrator, NOON))
    assert seen[cast.branch.pk] == []
    assert len(seen[cast.other.pk]) == 1
    assert "/supervisor/shekou/" in seen[cast.other.pk][0].href


def test_the_panel_shows_six_and_keeps_the_rest_a_press_away(cast: Cast, client: Client) -> None:
    now = timezone.now()
    for days in range(1, 9):
        cast.ticket(now=now - dt.timedelta(days=days))
    client.cookies["django_language"] = "en"
    client.force_login(cast.supervisor)
    page = client.get("/supervisor/nanshan/panels/alarms/").content.decode()
    assert page.count("<li") == 8
    assert "2 more" in page and 'data-severity="look"' in page
