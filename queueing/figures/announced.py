"""Whether a call was spoken, as far as the paired boards of the branch report it."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Final

from django.db.models import Exists, Max, OuterRef, Q

from hall import calendar
from hall.models import Branch
from queueing.models import Announcement, State, Ticket, TicketQuerySet

# A voice that works reports more often than this while calls wait for it: the longest call takes
# ten seconds, and a board gathers its reports for three.
SILENT_AFTER: Final = dt.timedelta(seconds=30)
# The board itself passes over what is older (static/js/announce.js).
GIVEN_UP_AFTER: Final = dt.timedelta(minutes=3)
OF_THE_LAST_CALL: Final = Exists(
    Announcement.objects.filter(ticket=OuterRef("pk"), call=OuterRef("call_count"))
)


@dataclass(frozen=True)
class Told:
    """How far the voice is with a call: spoken, or how many calls it speaks before; or not at all,
    and nobody may rely on it."""

    is_spoken: bool
    before: int
    is_missed: bool


def told(ticket: Ticket, now: dt.datetime) -> Told | None:
    """Of the last call of a ticket that nobody has answered, in two queries; None where no board
    has reported today, for there is nothing that could have spoken."""
    if ticket.state != State.CALLED or ticket.last_called_at is None:
        return None
    reports = Announcement.objects.of_day(ticket.branch_id, ticket.day).aggregate(
        latest=Max("at"), own=Max("at", filter=Q(ticket=ticket, call=ticket.call_count))
    )
    if reports["latest"] is None:
        return None
    if reports["own"]:
        return Told(is_spoken=True, before=0, is_missed=False)
    earlier = _unspoken(ticket.branch_id, ticket.day).filter(
        last_called_at__lt=ticket.last_called_at, last_called_at__gt=now - GIVEN_UP_AFTER
    )
    age, silence = now - ticket.last_called_at, now - reports["latest"]
    is_missed = age > GIVEN_UP_AFTER or min(age, silence) > SILENT_AFTER
    return Told(is_spoken=False, before=earlier.count(), is_missed=is_missed)


def overdue(branch: Branch, now: dt.datetime) -> int:
    """How many calls the voice should have spoken, and has not; it grows while it is silent."""
    day = calendar.local_day(branch, now)
    latest = Announcement.objects.of_day(branch.pk, day).aggregate(at=Max("at"))["at"]
    if latest is None:
        return 0
    is_silent = now - latest > SILENT_AFTER
    limit = SILENT_AFTER if is_silent else GIVEN_UP_AFTER
    return _unspoken(branch.pk, day).filter(last_called_at__lt=now - limit).count()


def _unspoken(branch_id: int, day: dt.date) -> TicketQuerySet:
    called = Ticket.objects.filter(branch=branch_id, day=day, state=State.CALLED)
    return called.filter(~OF_THE_LAST_CALL)
