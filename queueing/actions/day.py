"""The close of a day."""

from __future__ import annotations

import datetime as dt

from django.utils import timezone

from hall.models import Branch
from queueing import states
from queueing.actions.locking import changing
from queueing.actions.seat import close_seats
from queueing.models import State, Ticket
from queueing.states import CLOSING_MOVES


def close_day(*, branch: Branch, day: dt.date, now: dt.datetime | None = None) -> int:
    """Give every ticket of a day that is over its outcome; returns how many were closed.

    Who still waits or is on hold has left (abandoned); who was called has not come; a visit that
    was never finished counts as served and is flagged. Then the seats end. Safe to run twice,
    late, or at once.
    """
    moment = now or timezone.now()
    left_open = Ticket.objects.of_day(branch, day).filter(state__in=CLOSING_MOVES)
    # Each in a transaction of its own: one that fails keeps no other open until tomorrow.
    closed = sum(_close(ticket, moment) for ticket in left_open.order_by("pk"))
    # Last: who was called in between is at a seat, and gets an outcome with it.
    close_seats(branch=branch, day=day, now=moment)
    return closed


def _close(ticket: Ticket, moment: dt.datetime) -> bool:
    with changing(ticket) as row:
        move = CLOSING_MOVES.get(State(row.state))
        if move is None:  # somebody closed it meanwhile
            return False
        states.apply(row, move, at=moment, by=None)
    return True
