"""Sitting down at a counter, and leaving it."""

from __future__ import annotations

import datetime as dt

from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from hall import ledger
from hall.events import Event, publish
from hall.models import Counter
from hall.refusal import Refused
from queueing import seats
from queueing.actions.locking import first_wins, locked_seats
from queueing.models import Sitting, Ticket
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
    with first_wins():
        # Before anything is looked at: of two who sit down at once, the second finds the first.
        rows = Counter.objects.select_for_update(of=("self",), no_key=True)
        here = rows.select_related("branch").get(pk=counter.pk)
        if not here.is_active or not access.may(by, Right.SERVE, here.branch):
            raise Refused(_("This counter is not in use."))
        # One's own seat and the one here together, so that two who swap do not wait for each other.
        found = list(locked_seats().filter(Q(member=by) | Q(counter=here)))
        for seat in [each for each in found if seats.why_closed(each, moment)]:
            _end(seat, moment, ledger.HALL)
            found.remove(seat)
        for seat in found:
            if seat.member_id == by.pk and seat.counter_id == here.pk:
                return seat
        # One's own first: a member has one counter. Undone if the new one is taken.
        for seat in sorted(found, key=lambda each: each.member_id != by.pk):
            _make_way(seat, by, moment, take_over=take_over)
        seat = Sitting.objects.create(
            branch=here.branch, counter=here, member=by, started_at=moment
        )
        ledger.record("seat.sit", of=seat, by=by, at=moment, counter=here.pk)
        publish(here.branch_id, Event.COUNTER_CHANGED, counter=here.pk)
    return seat


def leave(*, by: Member, now: dt.datetime | None = None) -> None:
    """Get up from the counter; raises VisitorAtCounter while there is one."""
    with transaction.atomic():
        # Locked before the visitor is looked for: a call that was pressed elsewhere at the same
        # moment is over, or finds the seat left.
        seat = locked_seats().filter(member=by).first()
        if seat is not None:
            _get_up(seat, by, now or timezone.now())


def check_free(counter: Counter | None) -> None:
    visitor = seats.visitor_at(counter) if counter is not None else None
    if visitor is not None:
        raise VisitorAtCounter(visitor)


def _make_way(seat: Sitting, by: Member, moment: dt.datetime, *, take_over: bool) -> None:
    """End one's own seat, or the one of whoever sits where one sits down."""
    if seat.member_id == by.pk:
        _get_up(seat, by, moment)
    # Asked first: a take-over by mistake calls a colleague's visitor to a stranger.
    elif take_over:
        _end(seat, moment, by)
    else:
        raise CounterTaken(seat)


def _get_up(seat: Sitting, by: Member, moment: dt.datetime) -> None:
    check_free(seat.counter)
    _end(seat, moment, by)
    publish(seat.branch_id, Event.COUNTER_CHANGED, counter=seat.counter_id)


def _end(sitting: Sitting, moment: dt.datetime, by: ledger.By) -> None:
    # Clocks of servers differ; a sitting that ended before it began is refused by the table.
    sitting.ended_at = max(moment, sitting.started_at)
    sitting.save(update_fields=["ended_at", "changed_at"])
    where, who = sitting.counter_id, sitting.member_id
    ledger.record("seat.leave", of=sitting, by=by, at=moment, counter=where, member=who)
