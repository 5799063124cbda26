"""How many wait for a service, by branch."""

from __future__ import annotations

from collections.abc import Collection

from django.db.models import Count
from django.utils import timezone

from hall import calendar
from hall.models import Branch, Service
from queueing.models import Ticket


def people_waiting(service: Service, branches: Collection[Branch]) -> dict[int, int]:
    """How many wait for the service now, by branch; branches where nobody does are left out."""
    now = timezone.now()
    days = {calendar.local_day(branch, now) for branch in branches}
    rows = Ticket.objects.waiting().filter(service=service, branch__in=branches, day__in=days)
    return dict(rows.values_list("branch").annotate(Count("pk")).order_by())
