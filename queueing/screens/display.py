"""What a counter's own display shows."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from django.db.models import QuerySet
from django.utils import timezone

from hall.models import Counter
from queueing import seats
from queueing.models import Ticket
from staff.models import Member


@dataclass(frozen=True)
class DisplayState:
    """A counter's own display: who sits there, and whom they serve."""

    counter: Counter
    member: Member | None
    ticket: Ticket | None


def displays(asked: QuerySet[Counter], now: dt.datetime | None = None) -> dict[int, DisplayState]:
    """The displays of these counters, by their ids, in three queries."""
    counters = asked.select_related("branch", "zone")
    branches = {counter.branch for counter in counters}
    found = seats.open_at(branches, now or timezone.now()).filter(counter__in=asked)
    members = {seat.counter_id: seat.member for seat in found.select_related("member")}
    visitors = Ticket.objects.at_counters().select_related("service").filter(counter__in=asked)
    tickets = {ticket.counter_id: ticket for ticket in visitors}
    return {
        counter.pk: DisplayState(counter, members.get(counter.pk), tickets.get(counter.pk))
        for counter in counters
    }
