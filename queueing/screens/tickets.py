"""The tickets behind a figure, each as a row, and the time line of one of them."""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.db.models import Case, DateTimeField, DurationField, ExpressionWrapper, F, Value, When
from django.urls import reverse
from django.utils.translation import gettext as _

from hall.formats import whole_minutes
from hall.models import Branch
from queueing import states
from queueing.models import OUTCOMES, Step, Ticket


@dataclass(frozen=True)
class TicketRow:
    """A ticket as a row: what it is, and how long it waited for the first call."""

    ticket: Ticket
    now: dt.datetime

    @property
    def waited(self) -> dt.timedelta:
        """From the issue to the first call; to its end, or to now, if nobody called it."""
        ticket = self.ticket
        end = ticket.first_called_at or (ticket.state_since if ticket.is_over else self.now)
        return max(end - ticket.issued_at, dt.timedelta())

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
    """The whole visit, from the ticket to its end."""

    row: TicketRow
    steps: Sequence[StepRow]


def rows(tickets: Iterable[Ticket], now: dt.datetime) -> list[TicketRow]:
    return [TicketRow(ticket, now) for ticket in tickets]


def waited(now: dt.datetime) -> ExpressionWrapper[Any]:
    """``TicketRow.waited`` as the database computes it, to sort by."""
    end = Case(
        When(first_called_at__isnull=False, then=F("first_called_at")),
        When(state__in=OUTCOMES, then=F("state_since")),
        default=Value(now, DateTimeField()),
    )
    return ExpressionWrapper(end - F("issued_at"), output_field=DurationField())


def time_line(ticket: Ticket, now: dt.datetime) -> TimeLine:
    """Every step of a ticket with how long it lasted, in one query."""
    steps = list(ticket.steps.select_related("service", "counter", "member"))
    lengths = [after.at - before.at for before, after in itertools.pairwise(steps)]
    is_open = bool(steps) and not ticket.is_over
    last = [max(now - steps[-1].at, dt.timedelta()) if is_open else None] if steps else []
    return TimeLine(
        TicketRow(ticket, now),
        [StepRow(step, lasted) for step, lasted in zip(steps, [*lengths, *last], strict=True)],
    )


def rows_at(branch: Branch, **asked: object) -> str:
    """The address of the rows behind a figure."""
    address = reverse("queueing:tickets", args=[branch.slug])
    return f"{address}?{urlencode(asked)}" if asked else address
