"""Sitting down at a counter, and leaving it."""

from __future__ import annotations

import datetime as dt

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from hall import ledger
from hall.events import Event, publish
from hall.models import Counter
from hall.refusal import Refused
from queueing.actions.locking import first_wins
from queueing.models import Sitting, Ticket
from queueing.seats import current_sitting, visitor_at
from staff import access
from staff.models import Member
from staff.rights import Right


class VisitorAtCounter(Refused):
    """There is a visitor at the counter who must be dealt with first."""

    def __init__(self, ticket: Ticket) -> None:
        self.ticket = ticket
        super().__init__(
            _("%(code)s is still at your counter. Finish, hold or return this visit first.")
            % {"code": ticket.code}
        )


class CounterTaken(Refused):
    """Somebody else sits at the counter."""

    def __init__(self, sitting: Sitting) -> None:
        self.sitting = sitting
        super().__init__(
            _("%(name)s sits at counter %(number)s.")
            % {"name": sitting.member.name, "number": sitting.counter.number}
        )


def sit_down(
    *, counter: Counter, by: Member, take_over: bool = False, now: dt.datetime | None = None
) -> Sitting:
    """Sit down at a counter; leaves the one before it. Sitting where one sits changes nothing.

    Raises CounterTaken if somebody sits there (unless ``take_over``), VisitorAtCounter if one's
    own visitor is still at the counter before.
    """
    moment = now or timezone.now()
    if not counter.is_active or not access.may(by, Right.SERVE, counter.branch):
        raise Refused(_("This counter is not in use."))
    with first_wins():
        # Before anything is looked at: of two who sit down at once, the second finds the first.
        Counter.objects.select_for_update(of=("self",)).get(pk=counter.pk)
        mine = current_sitting(by)
        if mine is not None and mine.counter_id == counter.pk:
            return mine
        if mine is not None:
            # Before the new seat: a member has one counter. Undone if the new one is taken.
            leave(by=by, now=moment)
        theirs = Sitting.objects.open().select_related("member", "counter").filter(counter=counter)
        for sitting in theirs:
            # Asked first: a take-over by mistake calls a colleague's visitor to a stranger.
            if not take_over:
                raise CounterTaken(sitting)
            _end(sitting, moment, by)
        seat = Sitting.objects.create(
            branch=counter.branch, counter=counter, member=by, started_at=moment
        )
        ledger.record("seat.sit", of=seat, by=by, at=moment, counter=counter.pk)
        publish(counter.branch_id, Event.COUNTER_CHANGED, counter=counter.pk)
    return seat


def leave(*, by: Member, now: dt.datetime | None = None) -> None:
    """Get up from the counter; raises VisitorAtCounter while there is one."""
    with transaction.atomic():
        sitting = current_sitting(by)
        if sitting is None:
            return
        visitor = visitor_at(sitting.counter)
        if visitor is not None:
            raise VisitorAtCounter(visitor)
        _end(sitting, now or timezone.now(), by)
        publish(sitting.branch_id, Event.COUNTER_CHANGED, counter=sitting.counter_id)


def check_free(counter: Counter | None) -> None:
    visitor = visitor_at(counter) if counter is not None else None
    if visitor is not None:
        raise VisitorAtCounter(visitor)


def _end(sitting: Sitting, moment: dt.datetime, by: Member) -> None:
    # Clocks of servers differ; a sitting that ended before it began is refused by the table.
    sitting.ended_at = max(moment, sitting.started_at)
    sitting.save(update_fields=["ended_at", "changed_at"])
    where, who = sitting.counter_id, sitting.member_id
    ledger.record("seat.leave", of=sitting, by=by, at=moment, counter=where, member=who)
