"""The figures of a day: what is counted, what is left out, and closing the day by command.

What the software says is compared with what a plain reading of each time line gives.
"""

from __future__ import annotations

import datetime as dt
import itertools
import json
import random
from collections.abc import Callable, Sequence

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from hall import calendar
from hall.refusal import Refused
from queueing import actions
from queueing.figures.day import DayFigures, day_figures
from queueing.figures.spread import Spread
from queueing.models import Sitting, State, Ticket
from tests.cast import Cast

TEN = dt.datetime(2026, 3, 2, 2, tzinfo=dt.UTC)  # ten o'clock in Shenzhen
DAY = dt.date(2026, 3, 2)
Command = Callable[..., str]


def at(minutes: float) -> dt.datetime:
    """So many minutes after ten."""
    return TEN + dt.timedelta(minutes=minutes)


def minutes(length: dt.timedelta | None) -> float | None:
    return None if length is None else length / dt.timedelta(minutes=1)


def figures(cast: Cast) -> DayFigures:
    return day_figures(cast.branch, DAY)


@pytest.fixture
def seat(cast: Cast) -> Sitting:
    """The clerk's seat, taken on that morning."""
    return actions.sit_down(counter=cast.counters[3], by=cast.clerk, now=at(-60))


@pytest.fixture
def command(capsys: pytest.CaptureFixture[str]) -> Command:
    """Runs a command and returns what it prints."""

    def run(*words: str) -> str:
        call_command(*words)
        return capsys.readouterr().out

    return run


def call(cast: Cast, seat: Sitting, issued: float, called: float) -> Ticket:
    """A visitor comes, and is called."""
    ticket = cast.ticket(now=at(issued))
    return actions.call(ticket=ticket, sitting=seat, by=seat.member, now=at(called))


def visit(cast: Cast, seat: Sitting, issued: float, called: float, done: float) -> Ticket:
    """A whole visit; the service begins with the call."""
    ticket = call(cast, seat, issued, called)
    actions.start(ticket=ticket, by=seat.member, now=at(called))
    return actions.finish(ticket=ticket, by=seat.member, now=at(done))


def test_a_day_without_visitors(cast: Cast) -> None:
    day = figures(cast)
    assert (day.issued, set(day.by_state.values())) == (0, {0})
    assert day.waits == day.services == Spread(0, None, None)


def test_every_ticket_counts_once_in_its_state(cast: Cast, seat: Sitting) -> None:
    visit(cast, seat, 0, 3, 8)
    actions.no_show(ticket=call(cast, seat, 0, 10), by=cast.clerk, now=at(12))
    actions.cancel(ticket=cast.ticket(now=at(1)), now=at(5))
    cast.ticket(now=at(2))
    day = figures(cast)
    assert day.issued == sum(day.by_state.values()) == 4
    assert {state: count for state, count in day.by_state.items() if count} == {
        "waiting": 1,
        "done": 1,
        "no_show": 1,
        "cancelled": 1,
    }


def test_only_this_day_of_this_branch_counts(cast: Cast, seat: Sitting) -> None:
    visit(cast, seat, 0, 3, 8)
    cast.ticket(cast.other_pension, now=at(0))
    cast.ticket(now=at(14 * 60))  # midnight in Shenzhen, still the same day in UTC
    assert figures(cast).issued == 1


def test_a_wait_ends_with_the_first_call(cast: Cast, seat: Sitting) -> None:
    ticket = call(cast, seat, 0, 4)
    actions.recall(ticket=ticket, by=cast.clerk, now=at(6))
    actions.return_to_line(ticket=ticket, by=cast.clerk, now=at(7))
    actions.call(ticket=ticket, sitting=seat, by=cast.clerk, now=at(20))
    assert minutes(figures(cast).waits.median) == 4


def test_who_was_never_called_has_no_wait_and_who_did_not_come_has(
    cast: Cast, seat: Sitting
) -> None:
    actions.cancel(ticket=cast.ticket(now=at(0)), now=at(50))
    actions.no_show(ticket=call(cast, seat, 0, 9), by=cast.clerk, now=at(12))
    waits = figures(cast).waits
    assert (waits.count, minutes(waits.median)) == (1, 9)


def test_time_on_hold_and_in_another_line_is_not_service(cast: Cast, seat: Sitting) -> None:
    ticket = call(cast, seat, 0, 1)
    actions.start(ticket=ticket, by=cast.clerk, now=at(2))
    actions.hold(ticket=ticket, by=cast.clerk, now=at(5))  # 3 served
    actions.resume(ticket=ticket, sitting=seat, by=cast.clerk, now=at(15))
    actions.transfer(ticket=ticket, offering=cast.medical, by=cast.clerk, now=at(17))  # 2 more
    actions.call(ticket=ticket, sitting=seat, by=cast.clerk, now=at(30))
    actions.start(ticket=ticket, by=cast.clerk, now=at(31))
    actions.finish(ticket=ticket, by=cast.clerk, now=at(35))  # 4 more
    actions.reopen(ticket=ticket, by=cast.clerk, now=at(36))
    actions.finish(ticket=ticket, by=cast.clerk, now=at(36.5))  # a half more
    services = figures(cast).services
    assert (services.count, minutes(services.median)) == (1, 9.5)


def test_visits_that_nobody_finished_have_no_length_of_service(cast: Cast, seat: Sitting) -> None:
    actions.start(ticket=call(cast, seat, 0, 1), by=cast.clerk, now=at(2))
    assert figures(cast).services.count == 0
    actions.close_day(branch=cast.branch, day=DAY, now=at(24 * 60))
    day = figures(cast)
    assert (day.by_state["done"], day.services.count) == (1, 0)


@pytest.mark.parametrize(
    ("lengths", "median", "p90"),
    [
        ([7], 7, 7),
        ([1, 2], 1.5, 2),
        ([5, 1, 9], 5, 9),
        (range(1, 11), 5.5, 9),
        (range(1, 12), 6, 10),
        (range(1, 101), 50.5, 90),
    ],
)
def test_median_and_ninetieth_percentile(lengths: Sequence[int], median: float, p90: int) -> None:
    spread = Spread.of(dt.timedelta(minutes=each) for each in lengths)
    assert (minutes(spread.median), minutes(spread.p90)) == (median, p90)


def wander(ticket: Ticket, seat: Sitting, chance: random.Random) -> None:
    """Up to twelve random presses, as far as the rules allow them; odd microseconds between."""
    member, moment = seat.member, ticket.issued_at
    presses: list[Callable[[dt.datetime], object]] = [
        lambda now: actions.call(ticket=ticket, sitting=seat, by=member, now=now),
        lambda now: actions.recall(ticket=ticket, by=member, now=now),
        lambda now: actions.start(ticket=ticket, by=member, now=now),
        lambda now: actions.hold(ticket=ticket, by=member, now=now),
        lambda now: actions.resume(ticket=ticket, sitting=seat, by=member, now=now),
        lambda now: actions.return_to_line(ticket=ticket, by=member, now=now),
        lambda now: actions.finish(ticket=ticket, by=member, now=now),
        lambda now: actions.no_show(ticket=ticket, by=member, now=now),
        lambda now: actions.cancel(ticket=ticket, now=now),
    ]
    for press in chance.choices(presses, weights=[9, 2, 9, 3, 3, 1, 4, 1, 1], k=12):
        moment += dt.timedelta(microseconds=chance.randrange(400_000_000))
        try:
            press(moment)
        except Refused:
            continue
    ticket.refresh_from_db()
    if ticket.state == State.CALLED:
        actions.no_show(ticket=ticket, by=member, now=moment)
    elif ticket.state == State.SERVING:
        actions.finish(ticket=ticket, by=member, now=moment)
    ticket.refresh_from_db()


def read_plainly(ticket: Ticket) -> tuple[dt.timedelta | None, dt.timedelta | None]:
    """A ticket's wait and length of service, read off its time line."""
    wait, served = None, dt.timedelta()
    for step, following in itertools.pairwise([*ticket.steps.all(), None]):
        assert step is not None
        if wait is None and step.to_state == "called":
            wait = step.at - ticket.issued_at
        if step.to_state == "serving" and following:
            served += following.at - step.at
    return wait, served if ticket.state == "done" else None


def plain_spread(lengths: list[dt.timedelta]) -> tuple[int, dt.timedelta, dt.timedelta]:
    """Count, median and 90th percentile by their definitions."""
    in_order = sorted(lengths)
    half = len(in_order) // 2
    middle = in_order[half] if len(in_order) % 2 else (in_order[half - 1] + in_order[half]) / 2
    enough = (x for x in in_order if 10 * sum(y <= x for y in in_order) >= 9 * len(in_order))
    return len(in_order), middle, next(enough)


def test_the_figures_are_what_a_plain_reading_gives(cast: Cast, seat: Sitting) -> None:
    chance = random.Random(20260302)
    tickets = [cast.ticket(now=at(visitor)) for visitor in range(40)]
    for ticket in tickets:
        wander(ticket, seat, chance)
    day = figures(cast)
    read = [read_plainly(ticket) for ticket in tickets]
    waits = [wait for wait, _served in read if wait is not None]
    served = [served for _wait, served in read if served is not None]
    assert (day.waits.count, day.waits.median, day.waits.p90) == plain_spread(waits)
    assert (day.services.count, day.services.median, day.services.p90) == plain_spread(served)


def test_as_many_queries_however_long_the_day(cast: Cast, seat: Sitting) -> None:
    counts = []
    for visitors in (1, 12):
        for _visitor in range(visitors):
            visit(cast, seat, 0, 3, 8)
        with CaptureQueriesContext(connection) as queries:
            figures(cast)
        counts.append(len(queries))
    assert counts == [2, 2]


def test_the_command_tells_the_figures_to_the_microsecond(
    cast: Cast, seat: Sitting, command: Command
) -> None:
    visit(cast, seat, 0, 3.0000001, 8)
    told = json.loads(command("day_figures", "nanshan", "2026-03-02", "--json"))
    assert (told["branch"], told["day"], told["issued"]) == ("nanshan", "2026-03-02", 1)
    assert told["by_state"]["done"] == 1
    assert told["waits"] == {"count": 1, "median_us": 180_000_006, "p90_us": 180_000_006}
    assert told["services"]["median_us"] == 299_999_994
    assert "done          1" in command("day_figures", "nanshan", "2026-03-02")


def test_a_day_that_is_over_is_closed_by_command(cast: Cast, command: Command) -> None:
    yesterday = calendar.local_day(cast.branch, timezone.now()) - dt.timedelta(days=1)
    ticket = cast.ticket(now=calendar.day_bounds(cast.branch, yesterday)[0])
    assert "1 open" in command("close_day", "nanshan")
    ticket.refresh_from_db()
    assert ticket.state == State.ABANDONED
    assert "0 open" in command("close_day", "nanshan", f"--day={yesterday}")


def test_today_is_closed_only_if_one_says_so(cast: Cast, command: Command) -> None:
    ticket = cast.ticket()
    today = calendar.local_day(cast.branch, timezone.now())
    with pytest.raises(CommandError, match="is not over"):
        command("close_day", "nanshan", f"--day={today}")
    assert "1 open" in command("close_day", "nanshan", "--today")
    ticket.refresh_from_db()
    assert ticket.state == State.ABANDONED
    with pytest.raises(CommandError, match="is not over"):
        command("close_day", "nanshan", "--today", f"--day={today + dt.timedelta(days=1)}")


@pytest.mark.parametrize("words", [("close_day",), ("day_figures", "2026-03-02")])
def test_an_unknown_branch_is_told(cast: Cast, command: Command, words: tuple[str, ...]) -> None:
    with pytest.raises(CommandError, match="no branch luohu; there are: nanshan, shekou"):
        command(words[0], "luohu", *words[1:])
