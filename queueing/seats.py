"""Who sits where, and who stands before them."""

from __future__ import annotations

from hall.models import Counter
from queueing.models import Sitting, Ticket
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
