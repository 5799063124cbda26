"""What a visitor sees of a matter."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Q
from django.utils import timezone

from complaints import owed
from complaints.models import Entry, Matter
from hall import calendar


@dataclass(frozen=True)
class Tracking:
    """How a visitor's matter goes on: what they may know of its time line, and until when."""

    matter: Matter
    entries: Sequence[Entry]
    today: dt.date

    @property
    def is_late(self) -> bool:
        """Whether the promised day is past without an answer."""
        return owed.is_owed(self.matter, self.today)


def tracking(matter: Matter, now: dt.datetime | None = None) -> Tracking:
    """The public part of a matter, in one query."""
    # That it was received is shown with the visitor's own words; the entry's are for the staff.
    shown = Q(is_public=True) | Q(move="receive")
    today = calendar.local_day(matter.branch, now or timezone.now())
    return Tracking(matter, list(matter.entries.filter(shown)), today)
