"""What one clerk did today."""

from __future__ import annotations

import datetime as dt
import statistics
from collections import Counter as Tally
from dataclasses import dataclass

from django.utils import timezone

from hall import calendar
from hall.models import Branch
from queueing import spans
from queueing.models import State, Ticket


@dataclass(frozen=True)
class Today:
    """A member's own day: visits that they dealt with last.

    ``served``: those that they finished; ``no_shows``: visitors who did not come to them.
    ``median_service``: of all the time in which a visitor was being served, over the visits that
    are over and were served at all, whatever became of them.
    """

    served: int
    no_shows: int
    median_service: dt.timedelta | None


def clerk_day(member_id: int, branch: Branch, now: dt.datetime | None = None) -> Today:
    """What a member did today, in two queries."""
    moment = now or timezone.now()
    day = calendar.local_day(branch, moment)
    mine = Ticket.objects.of_day(branch, day).filter(member=member_id)
    ended = mine.filter(state__in=(State.DONE, State.NO_SHOW), closed_by_day_end=False)
    tally = Tally(ended.values_list("state", flat=True))
    lengths = list(mine.filter(spans.counted()).values_list(spans.served_in_all(), flat=True))
    median = statistics.median(lengths) if lengths else None
    return Today(tally[State.DONE], tally[State.NO_SHOW], median)
