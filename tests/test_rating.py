"""One visit, at most one rating, by the visitor alone; a bad one becomes a case."""

from __future__ import annotations

import datetime as dt

import pytest
from django.utils import timezone

from complaints.models import Matter, Source
from hall.refusal import Refused
from queueing import actions as queue
from queueing.models import Ticket
from ratings import actions, rateable
from ratings.models import Grade, Rating, Via
from tests.cast import Cast
from tests.crowd import all_at_once
from tests.test_matters import served

FRIDAY = dt.datetime(2026, 3, 6, 2, tzinfo=dt.UTC)


def rate(visit: Ticket, grade: str = Grade.SATISFIED, **fields: object) -> Rating:
    """The visitor presses a face on the pad."""
    fields = {"via": Via.PAD} | fields
    return actions.rate(ticket=visit, grade=grade, **fields)  # type: ignore[arg-type]


def test_a_rating_belongs_to_the_visit_and_who_served(cast: Cast) -> None:
    visit = served(cast)
    rating = rate(visit)
    assert (rating.ticket, rating.member, rating.counter) == (visit, cast.clerk, cast.counters[3])
    assert rating.matter is None and not Matter.objects.exists()


def test_a_visit_is_rated_once(cast: Cast) -> None:
    visit = served(cast)
    rate(visit)
    with pytest.raises(Refused):
        rate(visit, Grade.DISSATISFIED, via=Via.PHONE)
    assert Rating.objects.get().grade == Grade.SATISFIED
    assert not Matter.objects.exists()


def test_no_member_of_staff_rates(cast: Cast) -> None:
    visit = served(cast)
    for person in (cast.clerk, cast.colleague, cast.supervisor, cast.administrator):
        with pytest.raises(Refused):
            rate(visit, by=person)
    assert not Rating.objects.exists()


def test_only_a_finished_visit_is_rated(cast: Cast) -> None:
    ticket = cast.ticket()
    with pytest.raises(Refused):
        rate(ticket)
    called = queue.call_next(sitting=cast.sit(), by=cast.clerk)
    assert called is not None
    with pytest.raises(Refused):
        rate(called)
    with pytest.raises(Refused):
        rate(queue.start(ticket=called, by=cast.clerk))
    missed = queue.finish(ticket=called, by=cast.clerk)
    assert rate(missed).ticket_id == called.pk


def test_a_visit_that_the_day_closed_is_not_rated(cast: Cast) -> None:
    ticket = cast.ticket(now=timezone.now() - dt.timedelta(days=1))
    seat = cast.sit()
    queue.call(ticket=ticket, sitting=seat, by=cast.clerk)
    queue.start(ticket=ticket, by=cast.clerk)
    queue.close_day(branch=cast.branch, day=ticket.day)
    with pytest.raises(Refused):
        rate(ticket)


def test_five_working_days_later_it_is_too_late(cast: Cast) -> None:
    visit = served(cast)
    Ticket.objects.filter(pk=visit.pk).update(day=dt.date(2026, 3, 6))
    week = dt.timedelta(days=7)
    assert rateable.may_rate(Ticket.objects.get(), FRIDAY + week)
    assert not rateable.may_rate(Ticket.objects.get(), FRIDAY + week + dt.timedelta(days=1))
    assert rate(visit, now=FRIDAY + week).day == dt.date(2026, 3, 13)


def test_not_satisfied_opens_a_case(cast: Cast) -> None:
    visit = served(cast)
    matter = rate(visit, Grade.DISSATISFIED).matter
    assert matter is not None
    assert matter.source == Source.RATING and matter.ticket == visit
    assert matter.owner == cast.handler and matter.contact_due_on is not None
    assert list(matter.about.all()) == [cast.clerk]


def test_an_unknown_grade_is_refused(cast: Cast) -> None:
    with pytest.raises(Refused):
        rate(served(cast), "excellent")


def test_reasons_are_told_once_and_reach_the_case(cast: Cast) -> None:
    rating = rate(served(cast), Grade.DISSATISFIED)
    actions.explain(rating=rating, reasons=["slow", "friendly", "nonsense"], comment=" 慢 ")
    rating.refresh_from_db()
    assert [each.reason for each in rating.remarks.all()] == ["slow"], "praise is not offered here"
    assert rating.comment == "慢"
    assert rating.matter is not None
    words = rating.matter.entries.get(move="words").text
    assert "慢" in words and "slow at the counter" in words
    with pytest.raises(Refused):
        actions.explain(rating=rating, comment="再来")


def test_reasons_close_after_a_while_and_are_never_the_clerks(cast: Cast) -> None:
    rating = rate(served(cast))
    with pytest.raises(Refused):
        actions.explain(rating=rating, comment="x", by=cast.clerk)
    with pytest.raises(Refused):
        actions.explain(rating=rating, comment="字" * 501)
    late = rating.given_at + rateable.EXPLAIN_WITHIN + dt.timedelta(seconds=1)
    with pytest.raises(Refused):
        actions.explain(rating=rating, comment="x", now=late)


@pytest.mark.django_db(transaction=True)
def test_pad_and_phone_at_once_give_one_rating(cast: Cast) -> None:
    visit = served(cast)

    def press(number: int) -> Rating:
        return rate(visit, Grade.DISSATISFIED, via=Via.PAD if number % 2 else Via.PHONE)

    all_at_once(range(12), press)
    assert Rating.objects.count() == 1
    assert Matter.objects.count() == 1
