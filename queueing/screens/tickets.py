"""The tickets behind a figure, each as a row, and the time line of one of them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.translation import gettext as _

from hall.formats import whole_minutes
from hall.models import Branch
from queueing import spans, states
from queueing.models import State, Step, Ticket


@dataclass(frozen=True)
class TicketRow:
    """A ticket as a row: what it is, and how long it has stood in line in all."""

    ticket: Ticket
    waited: dt.timedelta

    @property
    def minutes(self) -> int:
        return whole_minutes(self.waited)


@dataclass(frozen=True)
class StepRow:
    """A step of the time line, and how long what it began lasted (None: it goes on, or is over)."""

    step: Step
    lasted: dt.timedelta | None

    @property
    def label(self) -> str:
        """What was done, in words."""
        move = states.MOVES.get(self.step.move)
        return str(move.label) if move else _("ticket taken")


@dataclass(frozen=True)
class TimeLine:
    """The whole visit, from the ticket to its end; ``served`` is None if nobody knows."""

    row: TicketRow
    served: dt.timedelta | None
    steps: Sequence[StepRow]


def rows(tickets: Iterable[Ticket]) -> list[TicketRow]:
    """Tickets that somebody asked for (``forms.TicketFilter``) as rows."""
    return [TicketRow(each, each.in_line) for each in tickets]  # type: ignore[attr-defined]


def time_line(ticket: Ticket, now: dt.datetime) -> TimeLine:
    """Every step of a ticket with how long it lasted, in one query."""
    steps = list(ticket.steps.select_related("service", "counter", "member"))
    found = spans.of(steps, now)
    return TimeLine(
        TicketRow(ticket, spans.total(found, State.WAITING) or dt.timedelta()),
        spans.served(ticket, steps, now),
        [StepRow(span.step, span.lasted) for span in found],
    )


def rows_at(branch: Branch, **asked: object) -> str:
    """The address of the rows behind a figure."""
    address = reverse("queueing:tickets", args=[branch.slug])
    return f"{address}?{urlencode(asked)}" if asked else address
