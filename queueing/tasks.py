"""Background work on tickets. Each may run twice, late or never on time without harm."""

from __future__ import annotations

from celery import shared_task
from django.utils import timezone

from hall import calendar
from hall.models import Branch
from queueing import actions, states
from queueing.models import Ticket


@shared_task
def close_days() -> int:
    """Close every day that is over at its branch and still has open tickets or seats."""
    now = timezone.now()
    closed = 0
    for branch in Branch.objects.all():
        days = (
            Ticket.objects.filter(branch=branch, state__in=states.CLOSING_MOVES)
            .filter(day__lt=calendar.local_day(branch, now))
            .values_list("day", flat=True)
            .distinct()
        )
        closed += sum(actions.close_day(branch=branch, day=day, now=now) for day in days)
    # Where no ticket was left open, somebody may have left the counter without a word all the same.
    actions.end_seats(now=now)
    return closed


@shared_task
def end_seats() -> int:
    """End every seat that is not open any more: what ended it may not have told (a right that
    expired, midnight, a change by hand)."""
    now = timezone.now()
    return actions.end_seats(now=now) + actions.settle_left(now=now)
