"""Whatever people press and whatever settings change in between, in any order: the line is true.

Hypothesis makes up days of two halls, one of them in another time zone: visitors, clerks, an
administrator who changes the place under them, a worker who is late. After each step the rows must
agree with one another, and the screens with the rows (tests/truth.py). A refusal is a usual answer,
and changes nothing; anything else that is raised is a fault. Everything is committed, as in a hall.

``make machine`` (HALL_EXAMPLES=400) tries other days than the suite does, for as long as you like.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import os
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import ClassVar, TypeVar

import pytest
from django.core.cache import cache
from django.db.models import Q
from django.test import TransactionTestCase
from django.utils import timezone
from hypothesis import HealthCheck, settings
from hypothesis import strategies as some
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from hall.actions.rule import set_rule
from hall.models import Branch, Counter, Department, Offering, Service
from hall.refusal import Refused
from queueing import actions, dispatch, seats, states, stranded, tasks
from queueing.figures import waits
from queueing.models import AT_COUNTER, OUTCOMES, Issued, Lane, Sitting, State, Ticket
from queueing.opening import OUTSIDE_HOURS
from staff import actions as staff
from staff.models import Member
from tests import flush, truth
from tests.cast import Cast, dismiss, gather
from tests.truth import Truth

T = TypeVar("T")
EXAMPLES = int(os.environ.get("HALL_EXAMPLES", "0"))
# 23:00 and 08:00 of a Saturday; at night the clocks of the second hall are put back an hour.
BEGIN = dt.datetime(2026, 10, 31, 15, tzinfo=dt.UTC)
ELSEWHERE = "America/Los_Angeles"
WORKDAY = dt.timedelta(hours=9)
NIGHTS = [9 * 3600, 26 * 3600]
PAUSES = [0.000001, 1.5, 59.6, 119.999999, 121, 600, 3600, *NIGHTS]
CLOSING = ["by the worker", "by hand", "", "the seats", "by the worker"]

which = some.integers(0, 7)
choice = some.booleans()
MOVES: dict[str, Callable[..., Ticket]] = {
    "recall": actions.recall,
    "start": actions.start,
    "finish": actions.finish,
    "no_show": actions.no_show,
    "return": actions.return_to_line,
    "hold": actions.hold,
    "reopen": actions.reopen,
    "requeue": actions.requeue,
    "cancel": actions.cancel,
    "call": actions.call,
    "resume": actions.resume,
}
TO_A_SEAT = {"call", "resume"}
# What a clerk presses of the visitor who stands there.
HERE = {
    State.CALLED: ["start", "no_show", "return", "recall"],
    State.SERVING: ["finish", "hold"],
}
# What a clerk presses of somebody who is elsewhere, and whom it is for.
ELSE = {"call": [State.WAITING, State.NO_SHOW], "resume": [State.HELD], "requeue": [State.NO_SHOW]}
# As often as they come on a day, about.
PRESSES = some.lists(
    some.tuples(
        some.sampled_from(
            ["likely", "likely", "hold", "no_show", "return", "recall", "transfer", "undo", *ELSE]
        ),
        which,
        which,
    ),
    min_size=3,
    max_size=12,
)
COMING = ["come", "come", "come", "press twice", "give up", "come back"]
SITTING = [
    "sit down",
    "take over",
    "leave",
    "press on an old page",
    "call from a seat that was left",
    "press on an old page",
    "work off the line",
]
CHANGES = [
    *(
        ("offering", what)
        for what in "close open delete make becomes limit unlimited department".split()
    ),
    *(("counter", what) for what in ["out of use", "in use", "move", "gain", "lose"]),
    *(("member", what) for what in ["deactivate", "activate", "move", "revoke", "grant"]),
    *(("branch", what) for what in ["close", "open", "hours", "back", "limit"]),
]


class Clock:
    """What time it is in the hall; it moves when a rule says so."""

    now = BEGIN


class TheLine(RuleBasedStateMachine):
    """Two halls, and everything that may happen in them."""

    cast: Cast
    requests: ClassVar[list[uuid.UUID]]

    @initialize(
        hours=some.sampled_from([0, 9, 16]),
        sit=some.integers(1, 3),
        come=some.lists(which, min_size=3, max_size=8),
    )
    def open_the_halls(self, hours: int, sit: int, come: list[int]) -> None:
        """A new cast, with a service that shares its prefix, in halls that issue at any hour."""
        flush.empty(TransactionTestCase())
        cache.clear()
        Clock.now = BEGIN + dt.timedelta(hours=hours)
        self.cast = gather()
        self.issued: dict[uuid.UUID, int] = {}
        Branch.objects.filter(pk=self.cast.other.pk).update(timezone=ELSEWHERE)
        health = self.cast.medical.service.category
        card = Service.objects.create(category=health, slug="card", name_zh_hans="社保卡")
        for place in (self.cast.branch, self.cast.other):
            Offering.objects.create(branch=place, service=card, prefix="P")
        Department.objects.create(branch=self.cast.other, name_zh_hans="综合科")
        counters = self.cast.counters
        counters[3].services.set([self.cast.pension.service])
        counters[5].services.set([self.cast.medical.service, card])
        self.cast.other_counter.services.set([card, self.cast.pension.service])
        self.truth = Truth(Clock.now)
        for number in range(sit):
            self.sit(number, number + number // 2, take_over=False)
        for number in come:
            self.issue(self.offering(number), Lane.ORDINARY, uuid.uuid4(), None)

    # --- the time, and the worker ---

    @rule(pause=some.sampled_from(PAUSES), closing=some.sampled_from(CLOSING), place=which)
    def time_passes(self, pause: float, closing: str, place: int) -> None:
        """Seconds, hours, or a night in which the worker closes the day, or is away."""
        Clock.now += dt.timedelta(seconds=pause)
        if closing == "the seats":
            self.the_worker_looks_at_the_seats()
        elif closing == "by hand" or pause not in NIGHTS:
            # A day may be closed before it is over, too; now and then somebody does.
            days_ago = place % 3
            if closing == "by hand" and (days_ago or pause in NIGHTS):
                self.a_day_is_closed(place, days_ago)
        elif closing:
            tasks.close_days()
            tasks.close_days()
            self.check_closed_before()

    def the_worker_looks_at_the_seats(self) -> None:
        """Afterwards the rows say what is so, and whoever is at a counter has a clerk."""
        tasks.end_seats()
        assert tasks.end_seats() == 0
        found = Truth(Clock.now)
        unended = [each for each in found.sittings if each.ended_at is None]
        assert unended == found.seats
        taken = {each.counter_id for each in unended}
        at_counters = [each for each in found.tickets if each.state in AT_COUNTER]
        assert all(each.counter_id in taken for each in at_counters)

    def a_day_is_closed(self, place: int, days_ago: int) -> None:
        """Twice changes nothing."""
        branch = self.branch(place)
        day = Truth(Clock.now).today(branch.pk) - dt.timedelta(days=days_ago)
        actions.close_day(branch=branch, day=day)
        assert actions.close_day(branch=branch, day=day) == 0
        truth.check_closed(Truth(Clock.now), branch, day)

    # --- visitors ---

    @rule(kind=some.sampled_from(COMING), offered=which, lane=some.sampled_from(Lane), who=which)
    def visitors_come_and_go(self, kind: str, offered: int, lane: Lane, who: int) -> None:
        match kind:
            case "give up":
                self.press("cancel", self.ticket(who, [State.WAITING]), None, None)
            case "come back":
                self.a_guide_brings_somebody_back(who)
            case "press twice":
                self.a_guide_presses_twice(offered, who, by=who)
            case _:
                self.visitors_come(offered, lane, 1 + who % 3)

    def visitors_come(self, offered: int, lane: Lane, count: int) -> None:
        offering = self.offering(offered)
        for _ in range(count if offering else 0):
            self.issue(offering, lane, uuid.uuid4(), None)

    def a_guide_presses_twice(self, offered: int, again: int, by: int) -> None:
        offering, known = self.offering(offered), list(self.issued)
        request = known[again % len(known)] if known else uuid.uuid4()
        if offering:
            self.issue(offering, Lane.ORDINARY, request, self.member(by))

    def issue(
        self, offering: Offering | None, lane: Lane, request: uuid.UUID, by: Member | None
    ) -> None:
        assert offering is not None
        with self.tried():
            ticket = actions.issue(offering=offering, lane=lane, request_id=request, by=by)
            assert self.issued.setdefault(request, ticket.pk) == ticket.pk
            if ticket.issued_at == Clock.now and ticket.service_id == offering.service_id:
                self.check_limit(ticket, offering)

    def check_limit(self, ticket: Ticket, offering: Offering) -> None:
        taken = Issued.objects.get(branch=ticket.branch, day=ticket.day, service=ticket.service)
        is_new = ticket.pk not in {each.pk for each in self.truth.tickets}
        if is_new and offering.daily_limit is not None:
            assert taken.count <= offering.daily_limit

    def a_guide_brings_somebody_back(self, who: int) -> None:
        ticket = self.ticket(who, [State.NO_SHOW])
        if ticket:
            with self.tried():
                actions.requeue(ticket=ticket, by=None)

    # --- clerks ---

    def clerks_work(self, presses: list[tuple[str, int, int]]) -> None:
        """Some presses at one desk or several, a few seconds one after the other."""
        for move, where, who in presses:
            Clock.now += dt.timedelta(seconds=3.7)
            match move:
                case "transfer":
                    self.a_visitor_is_sent_on(where, who)
                case "undo":
                    self.a_finish_is_undone(where)
                case "call" | "resume" | "requeue":
                    self.somebody_is_taken_out_of_turn(where, who, move)
                case _:
                    self.a_button_is_pressed(where, move)

    # Rules are drawn alike, and most of a day is this.
    in_the_morning = rule(presses=PRESSES)(clerks_work)
    at_noon = rule(presses=PRESSES)(clerks_work)

    @rule(
        kind=some.sampled_from(SITTING),
        where=which,
        who=which,
        move=some.sampled_from(sorted(MOVES)),
    )
    def clerks_come_and_go(self, kind: str, where: int, who: int, move: str) -> None:
        match kind:
            case "leave":
                self.somebody_leaves(where, gone=False)
            case "call from a seat that was left":
                self.next_is_called(where, gone=True)
            case "press on an old page":
                self.an_old_page_is_pressed(who, where, who, move)
            case "work off the line":
                self.a_line_is_worked_off(where)
            case _:
                self.sit(who, where, take_over=kind == "take over")

    def sit(self, who: int, where: int, take_over: bool) -> None:
        with self.tried():
            actions.sit_down(counter=self.counter(where), by=self.member(who), take_over=take_over)

    def somebody_leaves(self, where: int, gone: bool) -> None:
        seat = self.seat(where, gone)
        if seat:
            with self.tried():
                actions.leave(by=seat.member)

    def next_is_called(self, where: int, gone: bool) -> None:
        """Also from a page whose seat was left in another tab."""
        seat = self.seat(where, gone)
        if seat is None:
            return
        first = Truth(Clock.now).first_for(seat)
        with self.tried():
            ticket = actions.call_next(sitting=seat, by=seat.member)
            assert (ticket.pk if ticket else None) == (first.pk if first else None)

    def a_button_is_pressed(self, where: int, move: str) -> None:
        """Of whoever stands there; where nobody does the next is called, where nobody sits
        somebody sits down."""
        seat = self.seat(where)
        visitor = seats.visitor_at(seat.counter) if seat else None
        if seat is None:
            self.sit(where, where, take_over=False)
        elif visitor:
            fitting = HERE[State(visitor.state)]
            self.press(move if move in fitting else fitting[0], visitor, seat, seat.member)
        else:
            self.next_is_called(where, gone=False)

    def a_visitor_is_sent_on(self, where: int, offered: int) -> None:
        seat, offering = self.seat(where), self.offering(offered)
        ticket = seats.visitor_at(seat.counter) if seat else None
        if seat and ticket and offering:
            with self.tried():
                actions.transfer(ticket=ticket, offering=offering, by=seat.member)

    def somebody_is_taken_out_of_turn(self, where: int, who: int, move: str) -> None:
        seat = self.seat(where)
        if seat:
            self.press(move, self.ticket(who, ELSE[move]), seat, seat.member)

    def a_finish_is_undone(self, where: int) -> None:
        seat = self.seat(where)
        if seat:
            self.press("reopen", seats.undoable(seat, Clock.now), seat, seat.member)

    def an_old_page_is_pressed(self, who: int, by: int, where: int, move: str) -> None:
        """Any button, of any ticket, at any seat there ever was; often right a moment ago."""
        seat = self.seat(where, gone=True)
        fitting = list(states.MOVES[move].sources) if who > 1 else list(State)
        if seat:
            self.press(move, self.ticket(who, fitting), seat, self.member_of(by))

    def a_line_is_worked_off(self, where: int) -> None:
        """One seat calls everybody whom it may: nobody goes later than they were told."""
        seat = self.seat(where)
        if seat is None or not Truth(Clock.now).is_open(seat) or seats.visitor_at(seat.counter):
            return
        places = waits.queues(seat.branch).places
        gone_first = 0
        while ticket := actions.call_next(sitting=seat, by=seat.member):
            assert places[ticket.pk].ahead >= gone_first
            gone_first += 1
            actions.start(ticket=ticket, by=seat.member)
            actions.finish(ticket=ticket, by=seat.member)

    # --- the administration ---

    @rule(change=some.sampled_from(CHANGES), where=which, number=which, by_form=choice)
    def the_place_changes(
        self, change: tuple[str, str], where: int, number: int, by_form: bool
    ) -> None:
        match change:
            case "offering", what:
                self.an_offering_changes(where, what, by_form, number)
            case "counter", what:
                self.a_counter_changes(where, what, by_form, number)
            case "member", what:
                self.a_member_changes(where, what, by_form)
            case _, what:
                self.a_branch_changes(where, what, number)

    def an_offering_changes(self, offered: int, change: str, by_form: bool, number: int) -> None:
        offering = self.offering(offered)
        if change == "make" or offering is None:
            self.an_offering_is_made(offered, number, "PMK"[number % 3])
            return
        if change == "becomes":
            self.it_is_said_what_becomes_of_them(offering, number)
            return
        if change == "delete":
            offering.delete() if by_form else Offering.objects.filter(pk=offering.pk).delete()
            return
        departments = Department.objects.filter(branch=offering.branch_id)
        changes: dict[str, dict[str, object]] = {
            "close": {"is_open": False},
            "open": {"is_open": True},
            "limit": {"daily_limit": number},
            "unlimited": {"daily_limit": None},
            "department": {"department": pick([None, *departments], number)},
        }
        change_row(offering, by_form, changes[change])

    def an_offering_is_made(self, place: int, service: int, prefix: str) -> None:
        branch, offered = self.branch(place), self.service(service)
        if not Offering.objects.filter(branch=branch, service=offered).exists():
            Offering.objects.create(branch=branch, service=offered, prefix=prefix)

    def it_is_said_what_becomes_of_them(self, offering: Offering, way: int) -> None:
        """A service closes, and whoever waits for it stays, goes elsewhere or is cancelled."""
        found = list(stranded.ways(offering).values())
        change_row(offering, True, {"is_open": False})
        if found:
            pick(found, way).take(self.cast.administrator)

    def a_counter_changes(self, where: int, change: str, by_form: bool, service: int) -> None:
        counter = self.counter_of(where)
        if change == "gain":
            counter.services.add(self.service(service))
        elif change == "lose":
            counter.services.remove(self.service(service))
        elif change == "move":
            to = Branch.objects.exclude(pk=counter.branch_id).get()
            numbers = to.counters.values_list("number", flat=True)
            changes = {"branch": to, "zone": None, "number": max([*numbers, 0]) + 1}
            change_row(counter, by_form, changes)
        else:
            change_row(counter, by_form, {"is_active": change == "in use"})

    def a_member_changes(self, who: int, change: str, by_form: bool) -> None:
        member = self.member_of(who)
        elsewhere = Branch.objects.exclude(slug=member.branch.slug if member.branch else "").first()
        match change:
            case "revoke":
                dismiss(member)
            case "grant":
                with self.tried():
                    staff.grant(
                        member=member, role="clerk", branch=member.branch, reason="", by=None
                    )
            case "move":
                # As the administration does it: what was granted at the place before is taken back.
                dismiss(member)
                change_row(member, by_form, {"branch": elsewhere})
                staff.grant(member=member, role="clerk", branch=elsewhere, reason="", by=None)
            case _:
                change_row(member, by_form, {"is_active": change == "activate"})

    def a_branch_changes(self, place: int, change: str, to: int) -> None:
        branch = self.branch(place)
        match change:
            case "hours":
                set_rule(branch=branch, rule=OUTSIDE_HOURS, value=bool(to % 4))
            case "back":
                set_rule(branch=branch, rule=dispatch.RETURN_AFTER, value=to)
            case "limit":
                set_rule(branch=branch, rule=dispatch.REQUEUE_LIMIT, value=to)
            case _:
                change_row(branch, True, {"is_active": change == "open"})

    # --- what must be so ---

    @invariant()
    def the_line_is_true(self) -> None:
        if not hasattr(self, "truth"):
            return
        cache.clear()  # lengths of visits are kept for half a minute
        found = Truth(Clock.now)
        known = {each.pk for each in found.tickets}
        assert set(self.issued.values()) == known, "a ticket is lost"
        truth.check_rows(found)
        truth.check_new_steps(found, self.truth)
        truth.check_screens(found)
        self.truth = found

    def check_closed_before(self) -> None:
        """The days that are over have no ticket and no seat that is open."""
        found = Truth(Clock.now)
        for ticket in found.tickets:
            if ticket.day < found.today(ticket.branch_id):
                truth.check_closed(found, ticket.branch, ticket.day)

    def teardown(self) -> None:
        """The last day ends, too; figures are looked back on."""
        if not hasattr(self, "truth"):
            return
        truth.check_figures(Truth(Clock.now))
        Clock.now += dt.timedelta(days=3)
        tasks.close_days()
        found = Truth(Clock.now)
        truth.check_rows(found)
        assert all(each.state in OUTCOMES for each in found.tickets)
        truth.check_screens(found)
        truth.check_figures(found)

    # --- whom and what it is about ---

    @contextlib.contextmanager
    def tried(self) -> Iterator[None]:
        """What is refused changes nothing."""
        before = truth.image()
        try:
            yield
        except Refused:
            assert truth.image() == before, "a refusal changed something"

    def press(
        self, move: str, ticket: Ticket | None, seat: Sitting | None, by: Member | None
    ) -> None:
        if ticket is not None:
            to = {"sitting": seat} if move in TO_A_SEAT else {}
            with self.tried():
                MOVES[move](ticket=ticket, by=by, **to)

    def offering(self, number: int) -> Offering | None:
        rows = Offering.objects.select_related("branch", "service").order_by("pk")
        return pick(rows, number) if rows else None

    def branch(self, number: int) -> Branch:
        return pick(Branch.objects.order_by("pk"), number)

    def service(self, number: int) -> Service:
        return pick(Service.objects.order_by("pk"), number)

    def counter(self, number: int) -> Counter:
        return pick(Counter.objects.select_related("branch").order_by("pk"), number)

    def counter_of(self, number: int) -> Counter:
        """A counter, and rather one where somebody stands or sits."""
        rows = Counter.objects.select_related("branch").order_by("pk")
        busy = rows.filter(Q(tickets__state__in=AT_COUNTER) | Q(sittings__ended_at=None)).distinct()
        return pick(busy if busy and number > 1 else rows, number)

    def member(self, number: int) -> Member:
        cast = self.cast
        people = [cast.clerk, cast.colleague, cast.stranger, cast.supervisor, cast.guide]
        rows = Member.objects.filter(pk__in=[each.pk for each in people])
        return pick(rows.select_related("branch").order_by("pk"), number)

    def member_of(self, number: int) -> Member:
        """A member, and rather one who sits somewhere."""
        seat = self.seat(number)
        return self.member(number) if seat is None or number < 2 else seat.member

    def seat(self, number: int, gone: bool = False) -> Sitting | None:
        """Somebody's seat, as a page of a moment ago knew it, rather one where somebody works;
        ``gone``: also one that was left."""
        rows = Sitting.objects.select_related("branch", "counter__branch", "member")
        found = (rows if gone else rows.filter(ended_at=None)).order_by("-pk")
        lately = found.filter(started_at__gt=Clock.now - WORKDAY, counter__is_active=True)
        found = lately if lately and number > 1 and not gone else found
        return pick(found, number) if found else None

    def ticket(self, number: int, among: Sequence[State]) -> Ticket | None:
        found = Ticket.objects.filter(state__in=among).order_by("pk")
        return pick(found, number) if found else None


def pick(rows: Iterable[T], number: int) -> T:
    """One of what there is, by a number that may be too large."""
    found = list(rows)
    return found[number % len(found)]


def change_row(
    row: Branch | Counter | Member | Offering, by_form: bool, to: Mapping[str, object]
) -> None:
    """As a form saves it, or as a command does, which sends no signal."""
    if not by_form:
        type(row)._base_manager.filter(pk=row.pk).update(**to)
        return
    for name, value in to.items():
        setattr(row, name, value)
    row.save()


@pytest.mark.django_db(transaction=True)
def test_the_line_is_true_whatever_happens(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timezone, "now", lambda: Clock.now)
    run_state_machine_as_test(
        TheLine,
        settings=settings(
            # The same days each time, unless somebody asks for more.
            derandomize=not EXAMPLES,
            max_examples=EXAMPLES or 12,
            stateful_step_count=40 if EXAMPLES else 15,
            database=None,
            deadline=None,
            print_blob=True,
            report_multiple_bugs=False,
            suppress_health_check=list(HealthCheck),
        ),
    )
