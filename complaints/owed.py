"""What is owed in a matter, and whether it is late."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from complaints.models import OPEN, Matter
from hall import clocks, rules
from hall.calendar import WorkWeek

# To answer within 5 working days, put off once by 10: Shandong's 12345, after ISO 10002. The first
# contact after a bad rating within 1: Ruzhou. The yellow card a day before: Shandong, 2017.
# As of the moment at which the matter comes in, or is put off: the due day is stored.
ANSWER_DAYS: Final = rules.days(
    "complaints.answer_days",
    default=5,
    most=250,
    label=_("time to answer a matter"),
)
CONTACT_DAYS: Final = rules.days(
    "complaints.contact_days",
    default=1,
    most=250,
    label=_("time to contact a visitor who was not satisfied"),
)
EXTENSION_DAYS: Final = rules.days(
    "complaints.extension_days",
    default=10,
    most=250,
    label=_("time by which an answer may be put off, once"),
)
# As of the moment at which somebody looks.
YELLOW_DAYS: Final = rules.days(
    "complaints.yellow_days",
    default=1,
    most=250,
    label=_("time before the due day at which a matter gets a yellow card"),
)


@dataclass(frozen=True)
class Due(clocks.Clock):
    """The next thing that is due in a matter: the answer, or first the contact."""

    is_contact: bool


NEWS: Final = Q(news_since__isnull=False)
ACTIVE: Final = Q(state__in=OPEN) | NEWS
WAITING: Final = Q(state__in=OPEN, contact_due_on__isnull=False, contacted_at=None, replied_at=None)


def overdue(today: Mapping[int, dt.date]) -> Q:
    """Matters whose answer, or first contact, should have been by now at their branch."""
    # Matches nothing, so that without a branch nothing is late; an empty Q() would match all.
    late = Q(pk__in=[])
    # Branches by day: nearly always all of them have the same one.
    for day in set(today.values()):
        here = Q(branch__in=[pk for pk, each in today.items() if each == day])
        late |= here & Q(replied_at=None) & clocks.late("due_on", day)
        late |= here & WAITING & clocks.late("contact_due_on", day)
    return late


def is_owed(matter: Matter, today: dt.date) -> bool:
    """Whether the answer is overdue on this day of the branch."""
    return matter.replied_at is None and clocks.is_late(matter.due_on, today)


def due(matter: Matter, today: dt.date, week: WorkWeek, yellow_days: int) -> Due | None:
    """What is due next, if anything still is."""
    if matter.replied_at is not None:
        return None
    is_contact = matter.contact_due_on is not None and matter.contacted_at is None
    day = matter.contact_due_on if is_contact and matter.contact_due_on else matter.due_on
    return Due(day, today, clocks.left(week, today, day), yellow_days, is_contact)
