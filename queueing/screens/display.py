"""What a counter's own display shows."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import QuerySet

from hall.models import Counter
from queueing.models import Sitting, Ticket
from staff.models import Member


@dataclass(frozen=True)
class DisplayState:
    """A counter's own display: who sits there, and whom they serve."""

    counter: Counter
    member: Member | None
    ticket: Ticket | None


def displays(asked: QuerySet[Counter]) -> dict[int, DisplayState]:
    """The displays of these counters, by their ids, in three queries."""
    counters = asked.select_related("branch", "zone")
    seats = Sitting.objects.open().select_related("member").filter(counter__in=asked)
    members = {seat.counter_id: seat.member for seat in seats}
    visitors = Ticket.objects.at_counters().select_related("service").filter(counter__in=asked)
    tickets = {ticket.counter_id: ticket for ticket in visitors}
    return {
        counter.pk: DisplayState(counter, members.get(counter.pk), tickets.get(counter.pk))
        for counter in counters
    }
