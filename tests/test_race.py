"""Everybody presses at once: no double call or number, no gap; and a control without the lock."""

from __future__ import annotations

import contextlib
import threading
import uuid
from collections import Counter as Tally

import pytest
from django.db import connection

from complaints import actions as box
from complaints.models import Matter
from hall.actions import device as device_actions
from hall.models import Counter, Device, Offering
from hall.refusal import Refused
from queueing import actions, dispatch, numbering
from queueing.actions import ticket as ticket_actions
from queueing.actions import visit as visit_actions
from queueing.models import Numbering, Sitting, State, Step, Ticket, TicketQuerySet
from staff.models import Member
from tests.cast import Cast, member
from tests.crowd import all_at_once

CALM = (Ticket, actions.VisitorAtCounter, type(None))
COUNTERS = 40
WAITING = 30

pytestmark = pytest.mark.django_db(transaction=True)


def seats_for_all(cast: Cast) -> list[Sitting]:
    """Forty clerks at forty counters that serve the same services."""
    seats = []
    for number in range(101, 101 + COUNTERS):
        counter = Counter.objects.create(branch=cast.branch, number=number)
        counter.services.set([cast.pension.service, cast.medical.service])
        clerk = member(f"R{number}", "甲", cast.branch, "clerk")
        seats.append(actions.sit_down(counter=counter, by=clerk))
    return seats


def press_next(seat: Sitting) -> Ticket | None:
    return actions.call_next(sitting=seat, by=seat.member)


def calls_per_ticket() -> Tally[int]:
    return Tally(Step.objects.filter(move="call").values_list("ticket_id", flat=True))


class LookTogether:
    """Without a transaction the first look is not held until the write: let all look first."""

    def __init__(self, line: TicketQuerySet, everybody: threading.Barrier) -> None:
        self.line, self.everybody = line, everybody

    def select_related(self, *names: str) -> LookTogether:
        return LookTogether(self.line.select_related(*names), self.everybody)

    def first(self) -> Ticket | None:
        found = self.line.first()
        self.everybody.wait()
        return found


def take_the_lock_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same code without its guard: the row lock and the condition, or the transaction."""
    if connection.vendor == "postgresql":
        monkeypatch.setattr(dispatch, "SKIP_TAKEN", "")
        # Instead of the condition a pause between look and write, so that all look first.
        monkeypatch.setattr(dispatch, "STILL_WAITING", "AND pg_sleep(0.1)::text = ''")
        return
    look, everybody = dispatch.line_for, threading.Barrier(COUNTERS)
    monkeypatch.setattr(visit_actions, "one_statement", contextlib.nullcontext)
    monkeypatch.setattr(dispatch, "line_for", lambda *args: LookTogether(look(*args), everybody))


def test_forty_counters_call_thirty_visitors_once_each(cast: Cast) -> None:
    tickets = {cast.ticket().pk for _ in range(WAITING)}
    answers = all_at_once(seats_for_all(cast), press_next)
    assert not [each for each in answers if isinstance(each, Exception)]
    called = [each.pk for each in answers if isinstance(each, Ticket)]
    assert sorted(called) == sorted(tickets)
    assert set(calls_per_ticket().values()) == {1}
    assert Ticket.objects.filter(state=State.CALLED).count() == WAITING


def test_control_without_the_lock_visitors_are_called_twice(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(WAITING):
        cast.ticket()
    seats = seats_for_all(cast)
    take_the_lock_out(monkeypatch)
    all_at_once(seats, press_next)
    assert max(calls_per_ticket().values()) > 1


def test_one_clerk_pressing_many_times_calls_one_visitor(cast: Cast) -> None:
    for _ in range(5):
        cast.ticket()
    seat = cast.sit(3)
    answers = all_at_once([seat] * 12, press_next)
    assert len([each for each in answers if isinstance(each, Ticket)]) == 1
    # The others are told who is there, or that nobody is free while that one is on the way.
    assert not [each for each in answers if not isinstance(each, CALM)]
    assert sum(calls_per_ticket().values()) == 1


def test_forty_kiosks_give_forty_numbers_without_gap_or_double(cast: Cast) -> None:
    answers = all_at_once(range(40), lambda _: cast.ticket())
    assert not [each for each in answers if isinstance(each, Exception)]
    assert sorted(Ticket.objects.values_list("number", flat=True)) == list(range(1, 41))
    assert Numbering.objects.get().last == 40


@pytest.mark.parametrize("shares_prefix", [False, True])
def test_forty_at_once_with_a_limit_of_five_get_five(cast: Cast, shares_prefix: bool) -> None:
    Offering.objects.filter(pk=cast.pension.pk).update(daily_limit=5)
    if shares_prefix:
        Offering.objects.filter(pk=cast.medical.pk).update(prefix="P")
    cast.pension.refresh_from_db()
    cast.medical.refresh_from_db()
    others = [cast.medical] * 10 if shares_prefix else []
    answers = all_at_once([cast.pension] * 40 + others, cast.ticket)
    got = [each for each in answers if isinstance(each, Ticket)]
    assert len([each for each in got if each.service_id == cast.pension.service_id]) == 5
    assert len([each for each in answers if isinstance(each, Refused)]) == 35
    assert sorted(each.number for each in got) == list(range(1, 6 + len(others)))
    assert Numbering.objects.get().last == len(got)


def test_no_more_screens_wait_to_be_paired_than_may(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(device_actions, "MOST_UNPAIRED", 3)
    answers = all_at_once(range(16), lambda _: device_actions.begin())
    assert Device.objects.count() == 3
    assert len([each for each in answers if isinstance(each, Refused)]) == 13


def test_many_taps_for_the_last_ticket_all_get_it(cast: Cast) -> None:
    cast.pension.daily_limit = 1
    request_id = uuid.uuid4()
    answers = all_at_once(range(12), lambda _: cast.ticket(request_id=request_id))
    assert {each.pk for each in answers if isinstance(each, Ticket)} == {Ticket.objects.get().pk}
    assert not [each for each in answers if not isinstance(each, Ticket)]


def test_control_with_the_limit_looked_at_first_more_than_five_get_one(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    everybody = threading.Barrier(10)
    give = numbering.insert

    def looks_first(ticket: Ticket, limit: int | None) -> bool:
        is_full = Ticket.objects.filter(service=ticket.service).count() >= 5
        everybody.wait()
        return not is_full and give(ticket, None)

    monkeypatch.setattr(numbering, "insert", looks_first)
    if connection.vendor != "postgresql":
        # Its write lock would hold them apart already at the look.
        monkeypatch.setattr(ticket_actions, "one_statement", contextlib.nullcontext)
    cast.pension.daily_limit = 5
    all_at_once(range(10), lambda _: cast.ticket())
    assert Ticket.objects.count() > 5


def test_control_without_the_upsert_numbers_collide(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    everybody = threading.Barrier(10)

    def naive(ticket: Ticket, _limit: int | None) -> bool:
        ticket.number = 1 + Ticket.objects.filter(prefix=ticket.prefix).count()
        everybody.wait()
        ticket.save(force_insert=True)
        return True

    monkeypatch.setattr(numbering, "insert", naive)
    monkeypatch.setattr(ticket_actions, "one_statement", contextlib.nullcontext)
    answers = all_at_once(range(10), lambda _: cast.ticket())
    assert Ticket.objects.count() < 10
    assert any(isinstance(each, Exception) for each in answers)


def test_many_taps_of_one_finger_are_one_ticket_and_take_one_number(cast: Cast) -> None:
    request_id = uuid.uuid4()
    answers = all_at_once(range(12), lambda _: cast.ticket(request_id=request_id))
    assert {each.token for each in answers if isinstance(each, Ticket)} == {
        Ticket.objects.get().token
    }
    assert len([each for each in answers if isinstance(each, Ticket)]) == 12
    assert cast.ticket().number == 2


def test_two_clerks_sit_down_at_one_counter_and_one_gets_it(cast: Cast) -> None:
    def sit(member: Member) -> Sitting:
        return actions.sit_down(counter=cast.counters[3], by=member)

    answers = all_at_once([cast.clerk, cast.colleague], sit)
    assert len([each for each in answers if isinstance(each, Sitting)]) == 1
    assert len([each for each in answers if isinstance(each, Refused)]) == 1


def test_two_clerks_resume_one_visit_and_one_gets_it(cast: Cast) -> None:
    first, second = cast.sit(3), cast.sit(4, cast.colleague)
    cast.ticket()
    ticket = actions.call_next(sitting=first, by=cast.clerk)
    assert ticket is not None
    actions.start(ticket=ticket, by=cast.clerk)
    actions.hold(ticket=ticket, by=cast.clerk)
    answers = all_at_once(
        [first, second], lambda seat: actions.resume(ticket=ticket, sitting=seat, by=seat.member)
    )
    assert len([each for each in answers if isinstance(each, Ticket)]) == 1
    assert len([each for each in answers if isinstance(each, Refused)]) == 1


def test_a_form_sent_many_times_at_once_is_one_matter(cast: Cast) -> None:
    request_id = uuid.uuid4()
    answers = all_at_once(range(12), lambda _: into_the_box(cast, request_id))
    assert {each.pk for each in answers if isinstance(each, Matter)} == {Matter.objects.get().pk}
    assert len([each for each in answers if isinstance(each, Matter)]) == 12
    assert [entry.move for entry in Matter.objects.get().entries.all()] == ["receive"]


def test_two_handlers_answer_at_once_and_one_is_told_of_the_other(cast: Cast) -> None:
    second = member("N1301", "孙丽", cast.branch, "complaint-handler")
    matter = into_the_box(cast, uuid.uuid4())
    seen = matter.entries.get().pk

    def answer(by: Member) -> Matter:
        return box.reply(matter=matter, text=by.name, by=by, and_close=True, seen=seen)

    answers = all_at_once([cast.handler, second], answer)
    assert len([each for each in answers if isinstance(each, Matter)]) == 1
    assert len([each for each in answers if isinstance(each, Refused)]) == 1
    moves = [entry.move for entry in matter.entries.all()]
    assert moves == ["receive", "reply", "close"]


def into_the_box(cast: Cast, request_id: uuid.UUID) -> Matter:
    return box.receive(branch=cast.branch, kind="help", text="请帮忙。", request_id=request_id)
