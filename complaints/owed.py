"""What is owed in a matter, and whether it is late."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from django.db.models import Q

from complaints.models import OPEN, Matter
from hall.calendar import WorkWeek


def is_owed(matter: Matter, today: dt.date) -> bool:
    """Whether the answer is overdue on this day of the branch."""
    return matter.replied_at is None and matter.due_on < today


YELLOW_WITHIN: Final = 1  # working days before the due day


@dataclass(frozen=True)
class Due:
    """The next thing that is due in a matter: the answer, or first the contact."""

    day: dt.date
    left: int
    is_contact: bool
    today: dt.date

    @property
    def card(self) -> str:
        """``red`` after the day, ``yellow`` from one working day before it on."""
        if self.today > self.day:
            return "red"
        return "yellow" if self.left <= YELLOW_WITHIN else ""

    @property
    def late(self) -> int:
        """Working days since the day."""
        return -self.left


NEWS: Final = Q(news_since__isnull=False)
ACTIVE: Final = Q(state__in=OPEN) | NEWS
WAITING: Final = Q(state__in=OPEN, contact_due_on__isnull=False, contacted_at=None, replied_at=None)


def overdue(today: Mapping[int, dt.date]) -> Q:
    """Matters whose answer, or first contact, should have been by now at their branch."""
    late = Q(pk__in=[])
    for day in set(today.values()):
        here = Q(branch__in=[pk for pk, each in today.items() if each == day])
        late |= here & Q(replied_at=None, due_on__lt=day)
        late |= here & WAITING & Q(contact_due_on__lt=day)
    return late


def due(matter: Matter, today: dt.date, week: WorkWeek) -> Due | None:
    """What is due next, if anything still is."""
    if matter.replied_at is not None:
        return None
    is_contact = matter.contact_due_on is not None and matter.contacted_at is None
    day = matter.contact_due_on if is_contact and matter.contact_due_on else matter.due_on
    return Due(day, week.left(today, day), is_contact, today)
