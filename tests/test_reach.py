"""Who goes before whom: a counter serves several services, and a service has several counters."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from django.conf import settings
from django.test import Client
from django.utils import timezone, translation
from hypothesis import HealthCheck, given
from hypothesis import settings as example_settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from hall.models import Branch, Counter, Offering, Service
from queueing import actions, alarms, dispatch, reach
from queueing.figures import counter_plan, waits
from queueing.figures.people_waiting import people_waiting
from queueing.models import Lane, Ticket
from queueing.screens import board as board_screen
from queueing.screens import ticket as ticket_screen
from queueing.simulate.forecast import Forecast
from tests.cast import Cast, gather

LANES = [Lane.ORDINARY, Lane.ASSISTED, Lane.EXPRESS]


def ahead(ticket: Ticket) -> int:
    """What the visitor's page says; the order says the same."""
    state = ticket_screen.ticket_states(ticket.branch_id, {ticket.token})[ticket.token]
    assert state.place is not None
    assert state.place.ahead == dispatch.ahead_of(ticket).count()
    return state.place.ahead


def line_of(cast: Cast, offering: Offering) -> waits.Line:
    found = waits.queues(cast.branch).line_of(offering.service_id)
    assert found is not None
    return found


def serves(counter: Counter, *offerings: Offering) -> None:
    """The counter serves these alone."""
    counter.services.set([each.service_id for each in offerings])


# --- the place ---


def test_five_for_the_same_counter_go_first(cast: Cast) -> None:
    cast.sit()
    for _ in range(5):
        cast.ticket()
    last = cast.ticket(cast.medical)
    assert ahead(last) == 5
    line = line_of(cast, cast.medical)
    assert (line.waiting, line.ahead, line.at_once) == (1, 6, False)


def test_board_and_kiosk_tell_a_newcomer_of_everybody_in_front(cast: Cast, client: Client) -> None:
    cast.sit()
    for _ in range(5):
        cast.ticket()
    client.cookies[settings.LANGUAGE_COOKIE_NAME] = "en"
    category = cast.medical.service.category_id
    assert b"5 people waiting" in client.get(f"/kiosk/nanshan/{category}/").content
    assert people_waiting(cast.medical.service, [cast.branch, cast.other]) == {cast.branch.pk: 5}
    board = client.get("/board/nanshan/?lang=en").content.decode()
    assert '<td class="waiting num">5</td>' in board


def test_who_is_served_at_other_counters_is_not_in_front(cast: Cast) -> None:
    serves(cast.counters[3], cast.pension)
    serves(cast.counters[4], cast.medical)
    cast.sit(3)
    cast.sit(4, cast.colleague)
    for _ in range(4):
        cast.ticket()
    assert ahead(cast.ticket(cast.medical)) == 0
    assert line_of(cast, cast.medical).ahead == 1


def test_the_seats_decide_not_the_counters_where_nobody_sits(cast: Cast) -> None:
    serves(cast.counters[3], cast.pension)
    serves(cast.counters[4], cast.medical)
    cast.ticket()
    last = cast.ticket(cast.medical)
    # Nobody sits: counter 5, which serves both, may be the one that opens.
    assert ahead(last) == 1
    cast.sit(4)
    assert ahead(last) == 0


def test_a_service_that_no_counter_serves_has_a_line_of_its_own(cast: Cast) -> None:
    for counter in cast.counters.values():
        serves(counter, cast.pension)
    cast.ticket()
    first, second = cast.ticket(cast.medical), cast.ticket(cast.medical)
    assert (ahead(first), ahead(second)) == (0, 1)


# --- back in line ---


def test_back_to_line_lets_others_go_first(cast: Cast) -> None:
    seat = cast.sit()
    lost = cast.ticket(cast.medical)
    others = [cast.ticket() for _ in range(5)]
    assert actions.call_next(sitting=seat, by=cast.clerk) == lost
    actions.return_to_line(ticket=lost, by=cast.clerk)
    lost.refresh_from_db()
    assert ahead(lost) == 3
    assert called_in_turn(cast, 6) == [*others[:3], lost, *others[3:]]


def test_behind_the_next_three_is_three_and_not_all_before_three_colleagues(cast: Cast) -> None:
    cast.sit()
    lost = cast.ticket(cast.medical)
    for _ in range(3):
        for _ in range(10):
            cast.ticket()
        cast.ticket(cast.medical)
    lost = actions.call(ticket=lost, sitting=cast.sit(), by=cast.clerk)
    actions.no_show(ticket=lost, by=cast.clerk)
    lost = actions.requeue(ticket=lost, by=cast.clerk)
    assert ahead(lost) == 3
    assert called_in_turn(cast, 4)[-1] == lost


def test_a_seat_sends_back_behind_its_own_next_few(cast: Cast) -> None:
    """Another seat for the same service calls others: they do not help who waits here."""
    third = Offering.objects.create(
        branch=cast.branch,
        service=Service.objects.create(
            slug="third", name_zh_hans="丙", category=cast.pension.service.category
        ),
        prefix="T",
    )
    serves(cast.counters[3], cast.medical, cast.pension)
    serves(cast.counters[4], cast.medical, third)
    lost = cast.ticket(cast.medical)
    for _ in range(4):
        cast.ticket(third)
    here = [cast.ticket() for _ in range(4)]
    cast.sit(4, cast.colleague)
    seat = cast.sit(3)
    assert actions.call_next(sitting=seat, by=cast.clerk) == lost
    actions.return_to_line(ticket=lost, by=cast.clerk)
    assert called_in_turn(cast, 4) == [*here[:3], lost]


def called_in_turn(cast: Cast, count: int) -> list[Ticket]:
    """Those whom the clerk's seat calls, each sent away before the next."""
    found = []
    for _ in range(count):
        ticket = actions.call_next(sitting=cast.sit(), by=cast.clerk)
        assert ticket is not None
        actions.no_show(ticket=ticket, by=cast.clerk)
        found.append(ticket)
    return found


SERVICES = 4
visitors = st.lists(
    st.tuples(st.integers(0, SERVICES - 1), st.sampled_from(LANES)), min_size=1, max_size=12
)
skills = st.lists(st.sets(st.integers(0, SERVICES - 1), min_size=1), min_size=1, max_size=3)


class ThePlace(TestCase):
    """For any seats with any services, and any visitors."""

    cast: Cast
    offerings: Sequence[Offering]

    @classmethod
    def setUpTestData(cls) -> None:
        cls.cast = cast = gather()
        kinds = [
            Service.objects.create(
                slug=f"s{n}", name_zh_hans=f"事项{n}", category=cast.pension.service.category
            )
            for n in range(SERVICES)
        ]
        cls.offerings = [
            Offering.objects.create(branch=cast.branch, service=each, prefix=f"Z{'ABCD'[n]}")
            for n, each in enumerate(kinds)
        ]

    @given(skills, visitors, st.data())
    @example_settings(deadline=None, max_examples=30, suppress_health_check=[HealthCheck.too_slow])
    def test_never_fewer_than_go_first(
        self,
        able: list[set[int]],
        arrivals: list[tuple[int, Lane]],
        data: st.DataObject,
    ) -> None:
        cast = self.cast
        people = [cast.clerk, cast.colleague, cast.supervisor]
        counters = list(cast.counters.values())
        for counter, services in zip(counters, able, strict=False):
            serves(counter, *(self.offerings[each] for each in services))
        seats = [
            actions.sit_down(counter=counter, by=by)
            for counter, by, _services in zip(counters, people, able, strict=False)
        ]
        waiting = [cast.ticket(self.offerings[kind], lane=lane) for kind, lane in arrivals]
        told = {pk: each.ahead for pk, each in waits.queues(cast.branch).places.items()}
        passed: list[tuple[int, Ticket]] = []
        idle = set(range(len(seats)))
        while idle:
            at = data.draw(st.sampled_from(sorted(idle)), label="seat")
            ticket = actions.call_next(sitting=seats[at], by=people[at])
            if ticket is None:
                idle.discard(at)
                continue
            actions.no_show(ticket=ticket, by=people[at])
            reaching = {n for n, services in enumerate(able) if self.kind(ticket) in services}
            before = sum(seat in reaching for seat, other in passed if other in waiting)
            assert before <= told[ticket.pk], "more went first than were told"
            passed.append((at, ticket))
        reachable = set().union(*able)
        assert len(passed) == sum(kind in reachable for kind, _lane in arrivals)

    def kind(self, ticket: Ticket) -> int:
        return [each.service_id for each in self.offerings].index(ticket.service_id)


# --- which lines there are ---


def lines_told(branch: Branch) -> Collection[int]:
    """The services that the supervisor sees somebody wait for; the board shows them, too."""
    plan = counter_plan.at([branch], timezone.now())[branch.pk]
    on_board = {
        line.offering.service_id
        for page in board_screen.board(branch).line_pages
        for group in page
        for line in group.lines
    }
    told = {line.service.pk for line in plan.lines}
    assert on_board >= told
    return told


def said_of(branch: Branch) -> list[str]:
    """The sentences of the supervisor's alarms."""
    plan = counter_plan.at([branch], timezone.now())[branch.pk]
    with translation.override("en"):
        return [each.sentence for each in alarms.of_floor(plan)]


def test_a_line_whose_offering_is_deleted_still_stands(cast: Cast, client: Client) -> None:
    ticket = cast.ticket()
    cast.pension.delete()
    assert lines_told(cast.branch) == {ticket.service_id}
    assert ahead(ticket) == 0
    plan = counter_plan.at([cast.branch], timezone.now())[cast.branch.pk]
    assert plan.waiting == 1
    assert said_of(cast.branch) == ["Apply for retirement: 1 person waits, no counter open"]
    client.cookies[settings.LANGUAGE_COOKIE_NAME] = "en"
    assert b"no new tickets" in client.get("/board/nanshan/?lang=en").content
    category = ticket.service.category_id
    assert f"/kiosk/nanshan/{category}/".encode() in client.get("/kiosk/nanshan/").content
    shown = client.get(f"/kiosk/nanshan/{category}/").content
    assert b"Closed now" in shown and b"1 person still waits" in shown
    # And is served like any other.
    called = actions.call_next(sitting=cast.sit(), by=cast.clerk)
    assert called == ticket
    assert lines_told(cast.branch) == set()


def test_a_transferred_visitor_keeps_the_line_that_is_closed_meanwhile(cast: Cast) -> None:
    cast.ticket()
    ticket = actions.call_next(sitting=cast.sit(), by=cast.clerk)
    assert ticket is not None
    actions.start(ticket=ticket, by=cast.clerk)
    actions.transfer(ticket=ticket, offering=cast.medical, by=cast.clerk)
    cast.medical.delete()
    assert lines_told(cast.branch) == {cast.medical.service_id}
    assert ahead(ticket) == 0


def test_a_closed_service_is_told_while_somebody_waits_and_then_no_more(
    cast: Cast, client: Client
) -> None:
    cast.sit()
    ticket = cast.ticket()
    Offering.objects.update(is_open=False)
    line = line_of(cast, cast.pension)
    assert line.is_ending and line.matters
    assert not line_of(cast, cast.medical).matters, "nobody can join it and nobody stands in it"
    board = client.get("/board/nanshan/?lang=en").content.decode()
    assert board.count("no new tickets") == 1 and "Claim back" not in board
    actions.cancel(ticket=ticket)
    assert b"no new tickets" not in client.get("/board/nanshan/?lang=en").content


def test_a_counter_out_of_use_is_shown_while_a_visitor_stands_there(cast: Cast) -> None:
    ticket = cast.ticket()
    actions.call_next(sitting=cast.sit(), by=cast.clerk)
    Counter.objects.filter(pk=cast.counters[3].pk).update(is_active=False)
    plan = counter_plan.at([cast.branch], timezone.now())[cast.branch.pk]
    shown = {each.counter.number: each.ticket for each in plan.counters}
    assert shown[3] == ticket


def test_the_last_counter_for_a_service_gives_it_up_and_the_line_says_so(cast: Cast) -> None:
    cast.sit()
    cast.ticket()
    assert line_of(cast, cast.pension).counters == 1
    serves(cast.counters[3], cast.medical)
    line = line_of(cast, cast.pension)
    assert (line.waiting, line.counters, line.wait.is_known) == (1, 0, False)
    assert said_of(cast.branch) == ["Apply for retirement: 1 person waits, no counter open"]


def test_the_claim_asks_what_the_rest_asks(cast: Cast) -> None:
    """The statement of PostgreSQL and the queryset of everything else name the same services."""
    serves(cast.counters[3], cast.medical)
    cast.ticket()
    wanted = cast.ticket(cast.medical)
    assert list(reach.called_from(cast.counters[3].pk)) == [cast.medical.service_id]
    assert reach.at(cast.branch).counters[cast.counters[3].pk] == {cast.medical.service_id}
    assert actions.call_next(sitting=cast.sit(), by=cast.clerk) == wanted


def test_the_forecast_knows_that_others_take_the_same_counter(cast: Cast) -> None:
    forecast = Forecast(
        waits.open_counters(
            cast.branch, timezone.now(), {}, reach.Reach({1: frozenset({1, 2})}, {})
        ),
        {1: 10.0, 2: 10.0},
    )
    forecast.play([(1, 1), (2, 1)])
    assert forecast.next_start(2) == 20.0
