"""What a visitor's own page shows."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from django.http import HttpRequest
from django.utils import timezone

from hall.models import Branch, Offering
from hall.plugs import Socket
from queueing.figures import waits
from queueing.models import Ticket

# HTML that a higher app adds to the pages of these tickets, by ticket, in the active language.
Part = Callable[[Sequence[Ticket], HttpRequest | None], Mapping[int, str]]
PARTS: Socket[Part] = Socket("parts of a ticket's page")


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


def parts_of(
    tickets: Sequence[Ticket], request: HttpRequest | None = None
) -> Mapping[int, list[str]]:
    """What other apps add to each ticket's page, by ticket, in the active language.

    All tickets at once, so that the queries are as many for one as for a hundred.
    """
    parts: dict[int, list[str]] = defaultdict(list)
    for add in PARTS:
        for pk, html in add(tickets, request).items():
            parts[pk].append(html)
    return parts
