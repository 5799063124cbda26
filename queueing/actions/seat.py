"""Sitting down at a counter, leaving it, and what becomes of a seat that is no longer open."""

from __future__ import annotations

import datetime as dt
from typing import Final

from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from hall import calendar, ledger
from hall.events import Event, publish
from hall.models import Branch, Counter
from hall.refusal import Refused
from queueing import seats, states
from queueing.actions.locking import changing, first_wins, locked_seats
from queueing.models import AT_COUNTER, Sitting, State, Ticket
from staff import access
from staff.models import Member
from staff.rights import Right

EVERY: Final = Q()
# Why a visitor is back in line or on hold, by the word of ``seats.why_closed``.
REASONS: Final = {
    "day": gettext_noop("The seat ended with the day."),
    "account": gettext_noop("The clerk's account was closed."),
    "counter": gettext_noop("The counter was put out of use or moved."),
    "right": gettext_noop("The clerk may no longer serve here."),
    "moved": gettext_noop("The clerk works at another branch now."),
    "nobody": gettext_noop("Nobody sat at the counter any more."),
}


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
        for seat in list(found):
            if why := seats.why_closed(seat, moment):
                _end_by_hall(seat, moment, why)
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
            moment = now or timezone.now()
            # Who may not serve any more could settle nothing with a visitor: the hall does.
            if why := seats.why_closed(seat, moment):
                _end_by_hall(seat, moment, why)
            else:
                _get_up(seat, by, moment)


def end_seats(*, where: Q = EVERY, why: str = "", now: dt.datetime | None = None) -> int:
    """End those of these seats that are not open any more (``seats.why_closed``); with a ``why``
    all of them. Returns how many.

    Nobody is left standing at them: who was called is first in line again, a visit that was going
    on is put on hold, and of a day that is over gets its outcome. Safe to run twice, or at once.
    """
    moment = now or timezone.now()
    rows = Sitting.objects.unended().filter(where).order_by("pk")
    if not why:
        still_open = seats.open_at(Branch.objects.all(), moment)
        rows = rows.exclude(pk__in=still_open.values("pk"))
    # Each in a transaction of its own: one that fails keeps no other open.
    return sum(_end_one(pk, moment, why) for pk in rows.values_list("pk", flat=True))


def close_seats(*, branch: Branch, day: dt.date, now: dt.datetime | None = None) -> int:
    """End every seat that was taken until the end of this day; returns how many."""
    moment = now or timezone.now()
    end = calendar.day_bounds(branch, day)[1]
    rows = Sitting.objects.unended().filter(branch=branch, started_at__lt=end).order_by("pk")
    ids = list(rows.values_list("pk", flat=True))
    return sum(_end_one(pk, moment, "day", closed=day) for pk in ids)


def settle_left(*, now: dt.datetime | None = None) -> int:
    """Whoever stands at a counter at which nobody sits is dealt with as where a seat ends.

    No action leaves one there; what did so before, or by hand in the database, is found here.
    """
    moment = now or timezone.now()
    sat_at = Sitting.objects.unended().values("counter")
    occupied = Counter.objects.filter(tickets__state__in=AT_COUNTER).exclude(pk__in=sat_at)
    return sum(_settle_one(each, moment) for each in occupied.order_by("pk"))


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


def _end_one(pk: int, moment: dt.datetime, why: str, closed: dt.date | None = None) -> bool:
    with first_wins():
        seat = locked_seats().filter(pk=pk).first()
        # Asked again under the lock: it may have been ended, or given back, meanwhile.
        found = why or seats.why_closed(seat, moment) if seat is not None else ""
        if seat is None or not found:
            return False
        _end_by_hall(seat, moment, found, closed)
    return True


def _settle_one(counter: Counter, moment: dt.datetime) -> bool:
    with first_wins():
        Counter.objects.select_for_update(of=("self",), no_key=True).get(pk=counter.pk)
        if Sitting.objects.unended().filter(counter=counter).exists():
            return False  # somebody has sat down, and goes on with the visitor
        return _settle(counter, moment, "nobody")


def _end_by_hall(
    seat: Sitting, moment: dt.datetime, why: str, closed: dt.date | None = None
) -> None:
    """End a locked seat, and see to its visitor; ``closed`` is the day that is being closed."""
    _settle(seat.counter, moment, why, closed)
    # A seat that was forgotten ended with its day, whenever that is found.
    day = calendar.local_day(seat.branch, seat.started_at)
    ended = min(moment, calendar.day_bounds(seat.branch, day)[1])
    _end(seat, ended, ledger.HALL, why=why)
    publish(seat.branch_id, Event.COUNTER_CHANGED, counter=seat.counter_id)


def _settle(counter: Counter, moment: dt.datetime, why: str, closed: dt.date | None = None) -> bool:
    visitor = seats.visitor_at(counter)
    if visitor is None:
        return False
    with changing(visitor) as row:
        if row.state not in states.SEAT_MOVES:  # the close of the day was quicker
            return False
        state = State(row.state)
        if row.day == closed or row.day < calendar.local_day(row.branch, moment):
            states.apply(row, states.CLOSING_MOVES[state], at=moment, by=None)
            return True
        # First in line again, by the rank that they had: they have not missed their turn.
        states.apply(row, states.SEAT_MOVES[state], at=moment, by=None, reason=REASONS[why])
        if state == State.CALLED:
            row.counter = None
    return True


def _end(sitting: Sitting, moment: dt.datetime, by: ledger.By, why: str | None = None) -> None:
    # Clocks of servers differ; a sitting that ended before it began is refused by the table.
    sitting.ended_at = max(moment, sitting.started_at)
    sitting.save(update_fields=["ended_at", "changed_at"])
    where, who = sitting.counter_id, sitting.member_id
    ledger.record("seat.leave", of=sitting, by=by, at=moment, counter=where, member=who, why=why)
