"""When a visit may be rated, and a rating explained."""

from __future__ import annotations

import datetime as dt
from typing import Final

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from hall import calendar, clocks, rules
from hall.refusal import Refused
from queueing.models import State, Ticket
from ratings.models import Rating

EXPLAIN_WITHIN = dt.timedelta(minutes=15)
# Five working days: Shandong's social insurance, 2020.
# As of the end of the visit: it is what the visitor was told when leaving.
RATING_DAYS: Final = rules.days(
    "ratings.rating_days",
    default=5,
    most=250,
    label=gettext_lazy("time in which a visit may be rated"),
)


def may_rate(ticket: Ticket, now: dt.datetime) -> bool:
    """Whether the visit may be rated at this moment, if it was not."""
    try:
        check_open(ticket, now)
    except Refused:
        return False
    return True


def may_explain(rating: Rating, now: dt.datetime | None = None) -> bool:
    moment = now or timezone.now()
    return rating.explained_at is None and moment - rating.given_at <= EXPLAIN_WITHIN


def check_open(ticket: Ticket, moment: dt.datetime) -> None:
    # Of a visit that the close of the day counted as served, nobody said that it was.
    if ticket.state != State.DONE or ticket.closed_by_day_end:
        raise Refused(_("A visit can be rated when it is finished."))
    today = calendar.local_day(ticket.branch, moment)
    # Also on a day on which nobody works: the visit was today.
    if today == ticket.day:
        return
    days = RATING_DAYS.at(ticket.branch, ticket.state_since)
    last = clocks.due_day(calendar.work_week(ticket.branch), ticket.day, days)
    if clocks.is_late(last, today):
        raise Refused(_("It is too late to rate this visit."))
