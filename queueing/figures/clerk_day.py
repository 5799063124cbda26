"""What one clerk did today."""

from __future__ import annotations

import datetime as dt
import statistics
from collections import Counter as Tally
from dataclasses import dataclass

from django.db.models import F
from django.utils import timezone

from hall import calendar
from hall.models import Branch
from queueing.models import State, Step, Ticket


@dataclass(frozen=True)
class Today:
    """A member's own day. ``served``: visits finished by them today; median of their lengths."""

    served: int
    no_shows: int
    median_service: dt.timedelta | None


def clerk_day(member_id: int, branch: Branch, now: dt.datetime | None = None) -> Today:
    """What a member did today: visits they finished, and visitors who did not come to them."""
    moment = now or timezone.now()
    day = calendar.local_day(branch, moment)
    ended = Ticket.objects.of_day(branch, day).filter(member=member_id, closed_by_day_end=False)
    tally = Tally(
        ended.filter(state__in=(State.DONE, State.NO_SHOW)).values_list("state", flat=True)
    )
    starts = Step.objects.filter(ticket__in=ended.filter(state=State.DONE), move="start")
    lengths = list(starts.values_list(F("ticket__state_since") - F("at"), flat=True))
    median = statistics.median(lengths) if lengths else None
    return Today(tally[State.DONE], tally[State.NO_SHOW], median)
