"""What other parts of the hall ask about seats at counters."""

from __future__ import annotations

from django.urls import reverse

from hall.models import Counter
from queueing import actions, seats
from staff import access
from staff.models import Member
from staff.rights import Right


def before_sign_out(member: Member) -> str | None:
    """Leave the counter on signing out; the address to settle at while a visitor is there.

    One who may not serve any more could not settle anything: they go, the visitor stays.
    """
    try:
        actions.leave(by=member)
    except actions.VisitorAtCounter:
        if access.may(member, Right.SERVE):
            return reverse("queueing:leave") + "?then=sign-out"
    return None


def counter_of(member: Member) -> Counter | None:
    """At which counter the member sits now."""
    sitting = seats.current_sitting(member)
    return sitting.counter if sitting else None
