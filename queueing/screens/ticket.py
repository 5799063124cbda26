"""What a visitor's own page shows."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from django.utils import timezone

from hall.models import Branch, Offering
from queueing.figures import waits
from queueing.models import Ticket


@dataclass(frozen=True)
class TicketState:
    """A visitor's page: the ticket, and its place while it waits."""

    ticket: Ticket
    place: waits.Place | None
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


def ticket_states(branch_id: int, tokens: set[str]) -> dict[str, TicketState]:
    """The pages of these visitors; the line is read once for all of them."""
    now = timezone.now()
    state = waits.queues(Branch.objects.get(pk=branch_id), now)
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
