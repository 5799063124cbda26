"""A branch's whole day, looked back on."""

from __future__ import annotations

import datetime as dt
from collections import Counter as Tally
from collections.abc import Mapping
from dataclasses import dataclass

from hall.models import Branch
from queueing import spans
from queueing.figures.spread import Spread
from queueing.models import State, Ticket


@dataclass(frozen=True)
class DayFigures:
    """A branch's day by ticket; the day is the one on which the ticket was issued.

    ``issued``: all tickets of the day, whatever became of them; nothing is left out.
    ``by_state``: how many of them are in each state now; the counts add up to ``issued``. After
    the close of the day only the four outcomes count any.
    ``waits``: from issue to first call, one length for every ticket that was called, also if the
    visitor did not come. Left out: tickets that were never called.
    ``services``: all the time in which a visitor was being served, one length for every visit
    that is over and was served at all, whatever became of it: also of one put on hold that nobody
    went on with. Left out of a length: time on hold, in line again after a transfer, and between
    a finish and its undoing. Left out altogether: visits that go on, and those whose service
    the close of the day ended.
    """

    branch: Branch
    day: dt.date
    issued: int
    by_state: Mapping[str, int]
    waits: Spread
    services: Spread


def day_figures(branch: Branch, day: dt.date) -> DayFigures:
    """The figures of a branch's day, in two queries."""
    of_day = Ticket.objects.of_day(branch, day)
    tickets = list(of_day.values_list("state", spans.FIRST_WAIT))
    tally = Tally(state for state, _wait in tickets)
    served = of_day.filter(spans.counted()).values_list(spans.served_in_all(), flat=True)
    return DayFigures(
        branch=branch,
        day=day,
        issued=len(tickets),
        by_state={state: tally[state] for state in State.values},
        waits=Spread.of(wait for _state, wait in tickets if wait is not None),
        services=Spread.of(served),
    )
