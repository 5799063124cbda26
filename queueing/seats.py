"""Who sits where, and who stands before them: the one place where it is said what an open seat is.

A seat is open while it was taken on the branch's present day and not ended, by a member who is
active and may serve at the branch, at a counter of the branch that is in use. It is no longer open
from the very moment on at which one of these is not so, whether or not its row was ended yet
(``actions.end_seats`` does that, within a minute).
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable

from django.db.models import Exists, F, OuterRef, Q
from django.utils import timezone

from hall import calendar
from hall.models import Branch, Counter
from queueing.models import Sitting, SittingQuerySet, State, Step, Ticket
from queueing.states import REOPEN_WITHIN
from staff import access
from staff.models import Member
from staff.rights import Right


def open_at(branches: Iterable[Branch], now: dt.datetime) -> SittingQuerySet:
    """The seats that are open at these branches (a condition of one query)."""
    by_start: dict[dt.datetime, list[int]] = defaultdict(list)
    for branch in branches:
        by_start[day_start(branch, now)].append(branch.pk)
    # Matches nothing; an empty Q() would match every row.
    begun = Q(pk__in=[])
    for start, there in by_start.items():
        begun |= Q(branch__in=there, started_at__gte=start)
    return Sitting.objects.unended().filter(
        begun,
        access.holding(Right.SERVE, now),
        member__is_active=True,
        counter__is_active=True,
        counter__branch=F("branch"),
    )


def why_closed(sitting: Sitting, now: dt.datetime) -> str:
    """Why this seat is not open, in one word; empty if it is. The same rule as ``open_at``, of a
    row with its branch, counter and member."""
    if sitting.ended_at is not None:
        return "ended"
    if sitting.started_at < day_start(sitting.branch, now):
        return "day"
    if not sitting.counter.is_active or sitting.counter.branch_id != sitting.branch_id:
        return "counter"
    if not sitting.member.is_active:
        return "account"
    return "" if access.may(sitting.member, Right.SERVE, sitting.branch) else "right"


def day_start(branch: Branch, now: dt.datetime) -> dt.datetime:
    """The first moment of the branch's present day: a seat that was taken before it is over."""
    return calendar.day_bounds(branch, calendar.local_day(branch, now))[0]


def current_sitting(member: Member, now: dt.datetime | None = None) -> Sitting | None:
    """Where the member sits, if anywhere."""
    rows = Sitting.objects.unended().select_related("branch", "counter__zone")
    sitting = rows.filter(member=member).first()
    return sitting if sitting and is_own(sitting, member, now or timezone.now()) else None


def is_own(sitting: Sitting, member: Member, now: dt.datetime) -> bool:
    """Whether this row of the member's is an open seat; asks nothing that the member knows."""
    sitting.member = member
    # One object for both: the branch's rules are read once for as long as it lives.
    if sitting.counter.branch_id == sitting.branch_id:
        sitting.counter.branch = sitting.branch
    return not why_closed(sitting, now)


def sitting_at(counter: Counter, now: dt.datetime | None = None) -> Sitting | None:
    """Who sits at the counter."""
    seats = open_at([counter.branch], now or timezone.now()).filter(counter=counter)
    return seats.select_related("member", "counter").first()


def visitor_at(counter: Counter) -> Ticket | None:
    """The ticket that is called to, or served at, the counter now."""
    return (
        Ticket.objects.at_counters()
        .select_related("branch", "service", "counter")
        .filter(counter=counter)
        .first()
    )


def undoable(sitting: Sitting, moment: dt.datetime) -> Ticket | None:
    """The visit that ended here just now, if nothing else was done in this sitting since.

    Not the latest that ended: after a call that nobody answered it would be somebody else's. Who
    sat down anew does not know of the sitting before. A visit that the close of the day ended
    under the clerk's hands goes on, too.
    """
    ended = OuterRef("ticket__state_since")
    got_up = Sitting.objects.filter(member=sitting.member_id, ended_at__gte=ended)
    acts = Step.objects.select_related("ticket__branch", "ticket__service", "ticket__counter")
    mine = acts.filter(member=sitting.member_id).annotate(got_up=Exists(got_up))
    last = mine.order_by("-id").first()
    # The close of the day ended the seat as well: sitting down again is no other sitting then.
    if last is None or (last.got_up and not last.ticket.closed_by_day_end):
        return None
    return last.ticket if _ended_at(last.ticket, sitting.counter_id, moment) else None


def _ended_at(ticket: Ticket, counter: int, moment: dt.datetime) -> bool:
    is_recent = moment - ticket.state_since <= REOPEN_WITHIN
    return ticket.state == State.DONE and ticket.counter_id == counter and is_recent
