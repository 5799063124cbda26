"""How many stand before a newcomer for a service, by branch."""

from __future__ import annotations

from collections import Counter as Tally
from collections import defaultdict
from collections.abc import Collection

from django.db.models import Count
from django.utils import timezone

from hall import calendar
from hall.models import Branch, Service
from queueing import dispatch, reach
from queueing.models import Ticket


def people_waiting(service: Service, branches: Collection[Branch]) -> dict[int, int]:
    """How many go before who takes a ticket now, by branch, as a kiosk says it there (three
    queries); branches where nobody does are left out."""
    now = timezone.now()
    days = {branch.pk: calendar.local_day(branch, now) for branch in branches}
    rows = Ticket.objects.waiting().filter(branch__in=branches, day__in=set(days.values()))
    waiting: dict[int, Tally[int]] = defaultdict(Tally)
    for branch_id, day, service_id, count in (
        rows.values_list("branch", "day", "service").annotate(Count("pk")).order_by()
    ):
        if day == days[branch_id]:
            waiting[branch_id][service_id] += count
    calls = reach.of(branches)
    ahead = {pk: dispatch.ahead(waiting[pk], service.pk, calls[pk]) for pk in days}
    return {pk: count for pk, count in ahead.items() if count}
