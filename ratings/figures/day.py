"""The ratings of a day, as they come in."""

from __future__ import annotations

import datetime as dt
from collections import Counter as Tally
from collections.abc import Mapping
from dataclasses import dataclass

from django.db.models import Count, QuerySet

from hall import calendar
from queueing.figures.counter_plan import of_days
from queueing.models import State, Ticket
from ratings.models import Grade, Rating
from staff.look import Look


@dataclass(frozen=True)
class RatingsToday:
    """A branch's day. The three grades count the ratings that were given today, of whatever day
    the visit is; ``unrated`` the visits of today that were finished at a counter (not by the end
    of the day) and that nobody has rated."""

    satisfied: int = 0
    basically: int = 0
    dissatisfied: int = 0
    unrated: int = 0

    @property
    def given(self) -> int:
        return self.satisfied + self.basically + self.dissatisfied

    @property
    def grades(self) -> list[tuple[Grade, int]]:
        """Each grade with how often it was given."""
        return [(grade, getattr(self, grade.value)) for grade in Grade]


def unrated(branch_days: Mapping[int, dt.date]) -> QuerySet[Ticket]:
    """The finished visits of these branches' days that nobody has rated."""
    # Counted apart: no rating is never a good one (好差评).
    done = Ticket.objects.filter(state=State.DONE, closed_by_day_end=False, rating=None)
    return done.filter(of_days(branch_days))


def ratings_today(look: Look) -> Mapping[int, RatingsToday]:
    """The ratings of these branches, by id, in two queries."""
    days = {branch.pk: calendar.local_day(branch, look.now) for branch in look.branches}
    rows = (
        Rating.objects.visible_to(look.member).filter(of_days(days)).values_list("branch", "grade")
    )
    given: Tally[tuple[int, str]] = Tally()
    for branch_id, grade, count in rows.annotate(Count("pk")).order_by():
        given[branch_id, grade] = count
    left = dict(unrated(days).values_list("branch").annotate(Count("pk")).order_by())
    return {
        pk: RatingsToday(**{grade: given[pk, grade] for grade in Grade}, unrated=left.get(pk, 0))
        for pk in days
    }
