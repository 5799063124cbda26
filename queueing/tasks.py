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
    """Close every day that is over at its branch and still has open tickets."""
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
    return closed
