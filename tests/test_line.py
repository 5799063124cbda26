"""The order of the line: one order for everybody who asks, and nobody starves."""

from __future__ import annotations

import datetime as dt
from itertools import pairwise

import pytest
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from queueing import actions, dispatch
from queueing.figures import clerk_day, waits
from queueing.models import Lane, Step, Ticket
from queueing.screens import board as board_screen
from queueing.simulate.forecast import Forecast, OpenCounter
from tests.cast import Cast, gather

MINUTE = dt.timedelta(minutes=1)
LANES = [Lane.ORDINARY, Lane.ASSISTED, Lane.EXPRESS]
arrivals = st.lists(
    st.tuples(st.integers(0, 240), st.sampled_from(LANES), st.booleans()), min_size=1, max_size=25
)


class TheLine(TestCase):
    """Properties that hold for any arrivals in any lanes."""

    cast: Cast
    start: dt.datetime

    @classmethod
    def setUpTestData(cls) -> None:
        cls.cast = gather()
        cls.start = timezone.now().replace(hour=2, minute=0)  # 10:00 in the branch

    def take(self, visitors: list[tuple[int, Lane, bool]]) -> list[Ticket]:
        """Visitors in order of arrival (minute, lane, whether medical)."""
        return [
            self.cast.ticket(
                self.cast.medical if medical else self.cast.pension,
                lane=lane,
                now=self.start + minute * MINUTE,
            )
            for minute, lane, medical in sorted(visitors, key=lambda visitor: visitor[0])
        ]

    @given(arrivals)
    @settings(deadline=None, max_examples=25, suppress_health_check=[HealthCheck.too_slow])
    def test_call_next_place_and_board_agree(self, visitors: list[tuple[int, Lane, bool]]) -> None:
        self.take(visitors)
        now = self.start + 241 * MINUTE
        seat = self.cast.sit()
        queues = waits.queues(self.cast.branch, now)
        line = list(dispatch.line(self.cast.branch, self.day(now)))
        assert list(queues.places) == [ticket.pk for ticket in line]
        for ticket in line:
            assert queues.places[ticket.pk].ahead == dispatch.ahead_of(ticket).count()
        called = actions.call_next(sitting=seat, by=self.cast.clerk, now=now)
        assert called is not None
        assert called.pk == line[0].pk

    @given(arrivals)
    @settings(deadline=None, max_examples=25, suppress_health_check=[HealthCheck.too_slow])
    def test_nobody_is_passed_by_who_came_later_than_the_longest_head_start(
        self, visitors: list[tuple[int, Lane, bool]]
    ) -> None:
        tickets = self.take(visitors)
        now = timezone.now()
        head_start = max(dispatch.head_start(self.cast.branch, lane, now) for lane in LANES)
        order = list(dispatch.line(self.cast.branch, tickets[0].day))
        for position, ticket in enumerate(order):
            for passed_by in order[:position]:
                assert passed_by.issued_at <= ticket.issued_at + head_start

    @given(st.lists(st.integers(1, 10**7), min_size=6, max_size=6))
    @settings(deadline=None, max_examples=20, suppress_health_check=[HealthCheck.too_slow])
    def test_durations_add_up_to_the_visit_to_the_microsecond(self, gaps: list[int]) -> None:
        ticket, seat = self.cast.ticket(now=self.start), self.cast.sit()
        moments = [self.start]
        for gap in gaps:
            moments.append(moments[-1] + dt.timedelta(microseconds=gap))
        by = self.cast.clerk
        actions.call_next(sitting=seat, by=by, now=moments[1])
        actions.recall(ticket=ticket, by=by, now=moments[2])
        actions.start(ticket=ticket, by=by, now=moments[3])
        actions.hold(ticket=ticket, by=by, now=moments[4])
        actions.resume(ticket=ticket, sitting=seat, by=by, now=moments[5])
        done = actions.finish(ticket=ticket, by=by, now=moments[6])
        times = list(Step.objects.filter(ticket=ticket).values_list("at", flat=True))
        assert times == moments
        lengths = [after - before for before, after in pairwise(times)]
        assert sum(lengths, dt.timedelta()) == done.state_since - done.issued_at
        actions.leave(by=by)

    def day(self, now: dt.datetime) -> dt.date:
        """The branch's day."""
        return now.astimezone(self.cast.branch.zone_info).date()


@pytest.mark.usefixtures("well_into_the_day")
def test_the_assisted_lane_goes_first_but_not_before_who_waited_longer(cast: Cast) -> None:
    now = timezone.now()
    patient = cast.ticket(now=now - 20 * MINUTE)
    newcomer = cast.ticket(now=now - 5 * MINUTE)
    assisted = cast.ticket(now=now, lane=Lane.ASSISTED)
    order = [ticket.pk for ticket in dispatch.line(cast.branch, patient.day)]
    assert order == [patient.pk, assisted.pk, newcomer.pk]


@pytest.mark.parametrize(
    ("minutes", "low", "high"), [(0.0, 0, 1), (4.0, 3, 6), (20.0, 15, 30), (61.0, 45, 80)]
)
def test_an_estimate_is_a_range(minutes: float, low: int, high: int) -> None:
    assert waits.Wait.around(minutes) == waits.Wait(low, high)


def test_no_open_counter_no_estimate(cast: Cast) -> None:
    cast.ticket()
    line = waits.queues(cast.branch).line_of(cast.pension.service_id)
    assert line is not None
    assert not line.wait.is_known
    cast.sit()
    line = waits.queues(cast.branch).line_of(cast.pension.service_id)
    assert line is not None
    assert line.wait.is_known


def test_two_counters_halve_the_wait(cast: Cast) -> None:
    forecast = Forecast([OpenCounter({1}) for _ in range(2)], {1: 10.0})
    forecast.play((ticket, 1) for ticket in range(4))
    assert list(forecast.starts.values()) == [0.0, 0.0, 10.0, 10.0]
    assert forecast.next_start(1) == 20.0
    assert forecast.next_start(2) is None


def test_todays_visits_tell_how_long_a_service_takes(cast: Cast) -> None:
    seat = cast.sit()
    begin = timezone.now()
    for number in range(waits.LEARN_AT_LEAST):
        ticket = cast.ticket(now=begin)
        assert actions.call_next(sitting=seat, by=cast.clerk, now=begin)
        actions.start(ticket=ticket, by=cast.clerk, now=begin)
        actions.finish(ticket=ticket, by=cast.clerk, now=begin + (number + 1) * MINUTE)
    assert waits.minutes_by_service(cast.branch, begin) == {cast.pension.service_id: 3.0}
    today = clerk_day.clerk_day(cast.clerk.pk, cast.branch, begin)
    assert (today.served, today.no_shows, today.median_service) == (5, 0, 3 * MINUTE)


def test_a_call_that_nobody_answered_stays_on_the_board(cast: Cast) -> None:
    lost, seat = cast.ticket(), cast.sit(5, cast.supervisor)
    assert actions.call_next(sitting=seat, by=cast.supervisor)
    other = cast.sit()
    for _ in range(board_screen.LAYOUTS[1].room + 1):
        ticket = cast.ticket()
        actions.call_next(sitting=other, by=cast.clerk)
        actions.start(ticket=ticket, by=cast.clerk)
        actions.hold(ticket=ticket, by=cast.clerk)
    actions.resume(ticket=ticket, sitting=other, by=cast.clerk)
    assert [call.code for call in board_screen.board(cast.branch).calls] == [lost.code, ticket.code]
