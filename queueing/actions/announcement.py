"""What the voice of the hall has spoken."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from hall import calendar
from hall.events import Event, publish
from hall.models import Branch
from queueing.models import Announcement, Ticket


def announced(
    *, branch: Branch, calls: Collection[tuple[str, int, int]], now: dt.datetime | None = None
) -> None:
    """A board of the branch has spoken these calls of today: prefix, number, and which call of the
    ticket. What was never called is passed over."""
    moment = now or timezone.now()
    asked = Q(pk=None)
    for prefix, number, call in calls:
        asked |= Q(prefix=prefix, number=number, call_count__gte=call)
    tickets = Ticket.objects.of_day(branch, calendar.local_day(branch, moment)).filter(asked)
    with transaction.atomic():
        found = {(each.prefix, each.number): each for each in tickets}
        Announcement.objects.bulk_create(
            (
                Announcement(ticket=found[prefix, number], call=call, at=moment)
                for prefix, number, call in calls
                if (prefix, number) in found and call <= found[prefix, number].call_count
            ),
            ignore_conflicts=True,
        )
        if found:
            ids = [each.pk for each in found.values()]
            publish(branch.pk, Event.CALL_ANNOUNCED, ticket=ids)
