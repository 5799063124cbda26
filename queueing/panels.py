"""The floor and the lines on the supervisor's page, and their figures over all branches."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

from django.db.models import Count, Max, Sum
from django.utils.translation import gettext as _

from hall import calendar
from hall.events import TICKETS, Event
from hall.formats import NONE, in_minutes
from hall.models import Branch
from queueing import seats
from queueing.figures import counter_plan
from queueing.figures import lines_today as lines_today_of
from queueing.models import State, Ticket
from queueing.screens.tickets import rows_at
from staff import access
from staff.look import Look
from staff.panels import Cell, Column, Panel
from staff.rights import Right


def _floor(look: Look) -> Mapping[str, object]:
    return {"floor": look.once(counter_plan.seen)[look.branch.pk]}


def _lines(look: Look) -> Mapping[str, object]:
    return {"lines": lines_today_of.lines_today(look.branch, look.now)}


def _revision(branch: Branch, now: dt.datetime) -> object:
    """Changes with every move of a ticket of today, and with who sits where (two queries)."""
    tickets = Ticket.objects.of_day(branch, calendar.local_day(branch, now))
    moves = tickets.aggregate(Max("state_since"), Count("pk"), Sum("call_count"))
    sits = seats.open_at([branch], now).aggregate(Max("changed_at"), Count("pk"))
    return sorted(moves.items()), sorted(sits.items())


MOVES = TICKETS | {Event.COUNTER_CHANGED}
FLOOR = Panel(Right.WATCH, "queueing/supervisor/panel_floor.html", _floor, _revision, MOVES)
LINES = Panel(Right.WATCH, "queueing/supervisor/panel_lines.html", _lines, _revision, MOVES)


def overview(look: Look) -> list[Column]:
    """Who waits, how long, and how many counters are open, at each branch."""
    if not access.may(look.member, Right.WATCH):
        return []
    states = look.once(counter_plan.seen)
    return [
        Column(_("Waiting"), {pk: _waiting(each) for pk, each in states.items()}),
        Column(_("Longest wait"), {pk: _longest(each) for pk, each in states.items()}),
        Column(_("Counters open"), {pk: _open(each) for pk, each in states.items()}),
    ]


def _waiting(state: counter_plan.CounterPlan) -> Cell:
    return Cell(str(state.waiting), rows_at(state.branch, state=State.WAITING))


def _longest(state: counter_plan.CounterPlan) -> Cell:
    if not state.waiting:
        return Cell(NONE)
    return Cell(
        in_minutes(state.longest),
        rows_at(state.branch, state=State.WAITING, order="longest"),
        looks=any(line.waits_too_long for line in state.lines),
    )


def _open(state: counter_plan.CounterPlan) -> Cell:
    said = {"open": state.open, "all": len(state.counters)}
    address = rows_at(state.branch, state="open")
    return Cell(_("%(open)s of %(all)s") % said, address)
