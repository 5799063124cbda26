"""Who sits where, and who stands before them."""

from __future__ import annotations

import datetime as dt

from django.db.models import Exists, OuterRef

from hall.models import Counter
from queueing.models import Sitting, State, Step, Ticket
from queueing.states import REOPEN_WITHIN
from staff.models import Member


def current_sitting(member: Member) -> Sitting | None:
    mine = Sitting.objects.open().select_related("branch", "counter__zone").filter(member=member)
    sitting = mine.first()
    if sitting is not None:
        # One object for both: the branch's rules are read once for as long as it lives.
        sitting.counter.branch = sitting.branch
    return sitting


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
    if last is None or last.got_up:
        return None
    return last.ticket if _ended_at(last.ticket, sitting.counter_id, moment) else None


def _ended_at(ticket: Ticket, counter: int, moment: dt.datetime) -> bool:
    is_recent = moment - ticket.state_since <= REOPEN_WITHIN
    return ticket.state == State.DONE and ticket.counter_id == counter and is_recent
