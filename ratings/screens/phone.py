"""What ratings add to a visitor's own page."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.http import HttpRequest
from django.template.loader import render_to_string
from django.utils import timezone

from hall.events import Event
from queueing.models import State, Ticket
from queueing.screens.ticket import Part
from ratings import rateable
from ratings.models import Rating


@dataclass(frozen=True)
class VisitState:
    """How a visit was rated, or whether it may be."""

    ticket: Ticket
    rating: Rating | None
    is_open: bool
    may_explain: bool


def on_tickets(tickets: Sequence[Ticket], request: HttpRequest | None) -> Mapping[int, str]:
    """The rating's part of these visitors' pages, by ticket, in the active language."""
    return {
        visit.ticket.pk: render_to_string("ratings/phone/part.html", {"visit": visit}, request)
        for visit in _visits(tickets, timezone.now())
        if visit.rating or visit.is_open
    }


PART = Part(on_tickets, frozenset({Event.RATING_GIVEN}))


def of_visit(ticket: Ticket, now: dt.datetime) -> VisitState | None:
    """How one visit was rated; None before it is finished."""
    return next(iter(_visits([ticket], now)), None)


def _visits(tickets: Sequence[Ticket], now: dt.datetime) -> list[VisitState]:
    """The finished ones, in one query, and two for each day that is past."""
    finished = [each for each in tickets if each.state == State.DONE]
    if not finished:
        return []
    rows = Rating.objects.filter(ticket__in=finished).select_related("matter")
    ratings = {rating.ticket_id: rating for rating in rows}
    of_day = {each.day: each for each in finished if not each.closed_by_day_end}
    open_days = {day for day, each in of_day.items() if rateable.may_rate(each, now)}
    return [_visit(each, ratings.get(each.pk), open_days, now) for each in finished]


def _visit(
    ticket: Ticket, rating: Rating | None, open_days: set[dt.date], now: dt.datetime
) -> VisitState:
    is_open = ticket.day in open_days and not ticket.closed_by_day_end
    may_explain = rating is not None and rateable.may_explain(rating, now)
    return VisitState(ticket, rating, is_open, may_explain)
