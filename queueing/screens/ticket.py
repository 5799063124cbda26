"""What a visitor's own page shows."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass

from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone

from hall.events import Event
from hall.models import Branch, Offering
from hall.plugs import Socket
from queueing.figures import waits
from queueing.models import Ticket


@dataclass(frozen=True)
class Part:
    """What a higher app adds to the pages of these tickets: HTML by ticket, in the active
    language; and the events that change it, which name the ticket."""

    of: Callable[[Sequence[Ticket], HttpRequest | None], Mapping[int, str]]
    changed_by: frozenset[Event]


PARTS: Socket[Part] = Socket("parts of a ticket's page")


@dataclass(frozen=True)
class TicketState:
    """A visitor's page: the ticket, and its place while it waits."""

    ticket: Ticket
    place: waits.Place | None
    offering: Offering | None
    now: dt.datetime

    def context(self) -> dict[str, object]:
        return {
            "ticket": self.ticket,
            "place": self.place,
            "offering": self.offering,
            "now": self.now,
        }


@dataclass(frozen=True)
class Pages:
    """The pages of some visitors of a branch, and everybody's id who stands in line there."""

    states: Sequence[TicketState]
    in_line: Collection[int]


def ticket_states(branch_id: int, tokens: set[str]) -> dict[str, TicketState]:
    """The pages of the visitors with these tokens."""
    found = pages(branch_id, Ticket.objects.filter(token__in=tokens))
    return {state.ticket.token: state for state in found.states}


def pages(branch_id: int, asked: QuerySet[Ticket]) -> Pages:
    """The pages of these visitors; the line is read once for all of them."""
    now = timezone.now()
    state = waits.queues(Branch.objects.get(pk=branch_id), now)
    tickets = asked.filter(branch=branch_id).select_related("branch", "service", "counter__zone")
    offerings = {line.offering.service_id: line.offering for line in state.lines}
    states = [
        TicketState(ticket, state.places.get(ticket.pk), offerings.get(ticket.service_id), now)
        for ticket in tickets
    ]
    return Pages(states, state.places.keys())


def parts_of(
    tickets: Sequence[Ticket], request: HttpRequest | None = None
) -> Mapping[int, list[str]]:
    """What other apps add to each ticket's page, by ticket, in the active language.

    All tickets at once, so that the queries are as many for one as for a hundred.
    """
    parts: dict[int, list[str]] = defaultdict(list)
    for part in PARTS:
        for pk, html in part.of(tickets, request).items():
            parts[pk].append(html)
    return parts
