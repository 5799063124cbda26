"""What each screen shows, gathered in a fixed number of queries for page and live update alike."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from django.utils import timezone

from hall import calendar
from hall.models import Branch, Counter, Notice, Offering
from queueing import actions, dispatch, figures
from queueing.models import Sitting, State, Ticket
from staff.models import Member

LINE_SHOWN = 10


@dataclass(frozen=True)
class DisplayState:
    """A counter's own display: who sits there, and whom they serve."""

    counter: Counter
    member: Member | None
    ticket: Ticket | None


@dataclass(frozen=True)
class TicketState:
    """A visitor's page: the ticket, and its place while it waits."""

    ticket: Ticket
    place: figures.Place | None
    offering: Offering | None
    now: dt.datetime

    def context(self) -> dict[str, object]:
        """The template's variables."""
        return {
            "ticket": self.ticket,
            "place": self.place,
            "offering": self.offering,
            "now": self.now,
        }


@dataclass(frozen=True)
class DeskState:
    """A clerk's screen: the visitor now, the line, who is on hold or was missed, the day."""

    sitting: Sitting
    visitor: Ticket | None
    line: Sequence[Ticket]
    line_length: int
    held: Sequence[Ticket]
    missed: Sequence[Ticket]
    last_done: Ticket | None
    today: figures.Today
    notices: Sequence[Notice]
    now: dt.datetime


def displays(branch_id: int, numbers: set[int]) -> dict[int, DisplayState]:
    """The displays of these counters, in three queries."""
    counters = Counter.objects.filter(branch=branch_id, number__in=numbers).select_related(
        "branch", "zone"
    )
    seats = Sitting.objects.open().select_related("member").filter(branch=branch_id)
    members = {seat.counter_id: seat.member for seat in seats}
    visitors = Ticket.objects.at_counters().select_related("service").filter(counter__in=counters)
    tickets = {ticket.counter_id: ticket for ticket in visitors}
    return {
        counter.number: DisplayState(counter, members.get(counter.pk), tickets.get(counter.pk))
        for counter in counters
    }


def ticket_states(branch_id: int, tokens: set[str]) -> dict[str, TicketState]:
    """The pages of these visitors; the line is read once for all of them."""
    now = timezone.now()
    state = figures.queues(Branch.objects.get(pk=branch_id), now)
    tickets = Ticket.objects.filter(branch=branch_id, token__in=tokens).select_related(
        "branch", "service", "counter__zone"
    )
    offerings = {line.offering.service_id: line.offering for line in state.lines}
    return {
        ticket.token: TicketState(
            ticket, state.places.get(ticket.pk), offerings.get(ticket.service_id), now
        )
        for ticket in tickets
    }


def desk(sitting: Sitting, member: Member, now: dt.datetime | None = None) -> DeskState:
    """Everything on the screen of the clerk who sits here, in a fixed number of queries."""
    moment = now or timezone.now()
    branch, counter = sitting.branch, sitting.counter
    day = calendar.local_day(branch, moment)
    line = dispatch.line_for(counter, day)
    mine = Ticket.objects.of_day(branch, day).select_related("service").filter(counter=counter)
    put_aside = Ticket.objects.of_day(branch, day).select_related("service", "counter")
    return DeskState(
        sitting=sitting,
        visitor=actions.visitor_at(counter),
        line=list(line.select_related("service")[:LINE_SHOWN]),
        line_length=line.count(),
        held=list(put_aside.filter(state=State.HELD).order_by("state_since")[:LINE_SHOWN]),
        missed=list(mine.filter(state=State.NO_SHOW).order_by("-state_since")[:5]),
        last_done=mine.filter(
            state=State.DONE, member=member, state_since__gt=moment - actions.REOPEN_WITHIN
        )
        .order_by("-state_since")
        .first(),
        today=figures.today(member.pk, branch, moment),
        notices=list(Notice.objects.shown_at(branch, moment)),
        now=moment,
    )
