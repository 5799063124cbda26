"""A branch's whole day, looked back on."""

from __future__ import annotations

import datetime as dt
import itertools
from collections import Counter as Tally
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

from hall.models import Branch
from queueing.figures.spread import Spread
from queueing.models import State, Step, Ticket


@dataclass(frozen=True)
class DayFigures:
    """A branch's day by ticket; the day is the one on which the ticket was issued.

    ``issued``: all tickets of the day, whatever became of them; nothing is left out.
    ``by_state``: how many of them are in each state now; the counts add up to ``issued``. After
    the close of the day only the four outcomes count any.
    ``waits``: from issue to first call, one length for every ticket that was called, also if the
    visitor did not come. Left out: tickets that were never called.
    ``services``: all the time in which a visitor was being served, one length for every visit
    that a clerk finished. Left out of a length: time on hold, in line again after a transfer,
    and between a finish and its undoing. Left out altogether: visits that nobody finished, also
    those that the close of the day counted as served.
    """

    branch: Branch
    day: dt.date
    issued: int
    by_state: Mapping[str, int]
    waits: Spread
    services: Spread


def day_figures(branch: Branch, day: dt.date) -> DayFigures:
    """The figures of a branch's day, in two queries."""
    tickets = list(
        Ticket.objects.of_day(branch, day).values_list("state", "issued_at", "first_called_at")
    )
    tally = Tally(state for state, _issued, _called in tickets)
    return DayFigures(
        branch=branch,
        day=day,
        issued=len(tickets),
        by_state={state: tally[state] for state in State.values},
        waits=Spread.of(called - issued for _state, issued, called in tickets if called),
        services=Spread.of(served_times(branch, day).values()),
    )


def served_times(branch: Branch, day: dt.date) -> dict[int, dt.timedelta]:
    """How long each visitor of the day was being served, by ticket id (see ``DayFigures``)."""
    visits = Ticket.objects.of_day(branch, day).filter(state=State.DONE, closed_by_day_end=False)
    steps = Step.objects.filter(ticket__in=visits).order_by("ticket_id", "id")
    lengths: dict[int, dt.timedelta] = defaultdict(dt.timedelta)
    rows = steps.values_list("ticket_id", "to_state", "at")
    for (ticket_id, state, since), (next_id, _state, until) in itertools.pairwise(rows):
        if ticket_id == next_id and state == State.SERVING:
            lengths[ticket_id] += until - since
    return lengths
