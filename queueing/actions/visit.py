"""What a clerk does with a visitor, from the call to the end."""

from __future__ import annotations

import datetime as dt

from django.db import IntegrityError, connection
from django.utils import timezone
from django.utils.translation import gettext as _

from hall import calendar
from hall.events import Event, publish
from hall.models import Offering
from hall.refusal import Refused
from queueing import dispatch, reach, seats, states
from queueing.actions.locking import (
    CHANGEABLE,
    SeatLost,
    at_own_counter,
    changing,
    from_seat,
    one_statement,
    own_seat,
)
from queueing.actions.seat import check_free
from queueing.models import Sitting, State, Ticket
from queueing.seats import current_sitting, undoable
from queueing.states import REOPEN_WITHIN
from staff.models import Member


def call_next(*, sitting: Sitting, by: Member, now: dt.datetime | None = None) -> Ticket | None:
    """Call the first in line for this counter; None if nobody waits.

    Two clerks, or one clerk pressing twice, never call the same visitor or two at once.
    Raises VisitorAtCounter if one is there already, SeatLost if the seat is not open.
    """
    moment = now or timezone.now()
    if not seats.is_own(sitting, by, moment):
        raise SeatLost(sitting.counter.number)
    try:
        with one_statement():
            ticket_id = _claim(sitting, by, moment)
    # Somebody stands at the counter already (one_visitor_at_a_counter): two presses at once.
    except IntegrityError:
        ticket_id = None
    if ticket_id is None:
        # The statement does not say which it was: asked only where nobody was called.
        _check_open(sitting)
        check_free(sitting.counter)
        return None
    publish(sitting.branch_id, Event.TICKET_CALLED, ticket=ticket_id, counter=sitting.counter_id)
    return Ticket.objects.select_related("branch", "service", "counter").get(pk=ticket_id)


def call(*, ticket: Ticket, sitting: Sitting, by: Member, now: dt.datetime | None = None) -> Ticket:
    """Call this very ticket, out of turn; one that was missed comes back into line first."""
    moment = now or timezone.now()
    with from_seat(ticket, sitting, by, moment, Event.TICKET_CALLED) as (row, seat):
        if row.state == State.NO_SHOW:
            # No move leads from *did not come* to *called*: it is a return, and counts as one.
            _requeue(row, by=by, at=moment)
        _take(row, seat, by)
        states.apply(row, "call", at=moment, by=by)
    return row


def recall(*, ticket: Ticket, by: Member, now: dt.datetime | None = None) -> Ticket:
    """Call again; the board and the voice announce it once more."""
    with at_own_counter(ticket, by, now, Event.TICKET_CALLED) as row:
        states.apply(row, "recall", at=now or timezone.now(), by=by)
    return row


def start(*, ticket: Ticket, by: Member, now: dt.datetime | None = None) -> Ticket:
    """The visitor has come to the counter."""
    with at_own_counter(ticket, by, now) as row:
        row.member = by
        states.apply(row, "start", at=now or timezone.now(), by=by)
    return row


def finish(*, ticket: Ticket, by: Member, now: dt.datetime | None = None) -> Ticket:
    """The visit is over."""
    with at_own_counter(ticket, by, now, Event.VISIT_FINISHED) as row:
        row.member = by
        states.apply(row, "finish", at=now or timezone.now(), by=by)
    return row


def reopen(*, ticket: Ticket, by: Member, now: dt.datetime | None = None) -> Ticket:
    """Undo a finish pressed by mistake, within two minutes, if it was the last that was done in
    this sitting."""
    moment = now or timezone.now()
    with at_own_counter(ticket, by, now) as row:
        # First: of a visit that is not over it would be wrong to say that it is too late.
        states.check(row, states.MOVES["reopen"])
        if moment - row.state_since > REOPEN_WITHIN:
            raise Refused(
                _("It is too late to undo this; please take a new ticket for the visitor.")
            )
        check_free(row.counter)
        _check_last(row, by, moment)
        states.apply(row, "reopen", at=moment, by=by)
    return row


def no_show(*, ticket: Ticket, by: Member, now: dt.datetime | None = None) -> Ticket:
    """The visitor did not come."""
    with at_own_counter(ticket, by, now) as row:
        states.apply(row, "no_show", at=now or timezone.now(), by=by)
    return row


def return_to_line(*, ticket: Ticket, by: Member, now: dt.datetime | None = None) -> Ticket:
    """Back into line, behind the next few, for a visitor who needs a moment."""
    with at_own_counter(ticket, by, now) as row:
        moment = now or timezone.now()
        states.apply(row, "return", at=moment, by=by)
        row.rank_at = _rank_back(row, moment, row.counter_id)
        row.counter = None
    return row


def requeue(*, ticket: Ticket, by: Member | None, now: dt.datetime | None = None) -> Ticket:
    """A missed visitor is back: into line behind the next few, as often as the branch allows."""
    with changing(ticket) as row:
        _requeue(row, by=by, at=now or timezone.now())
    return row


def hold(*, ticket: Ticket, by: Member, reason: str = "", now: dt.datetime | None = None) -> Ticket:
    """Put the visit aside while the visitor copies, fills in or fetches something."""
    with at_own_counter(ticket, by, now) as row:
        states.apply(row, "hold", at=now or timezone.now(), by=by, reason=reason)
    return row


def resume(
    *, ticket: Ticket, sitting: Sitting, by: Member, now: dt.datetime | None = None
) -> Ticket:
    """Go on with a visit on hold, at this counter."""
    moment = now or timezone.now()
    with from_seat(ticket, sitting, by, moment, Event.TICKET_CHANGED) as (row, seat):
        _take(row, seat, by)
        states.apply(row, "resume", at=moment, by=by)
    return row


def transfer(
    *,
    ticket: Ticket,
    offering: Offering,
    by: Member,
    reason: str = "",
    now: dt.datetime | None = None,
) -> Ticket:
    """Send the visitor into the line of another service, ranking by the first arrival."""
    with at_own_counter(ticket, by, now) as row:
        _into_line(row, offering)
        # The counter after the move: step and ledger keep where the visitor came from.
        states.apply(row, "transfer", at=now or timezone.now(), by=by, reason=reason)
        row.counter = None
    return row


def redirect(
    *, ticket: Ticket, offering: Offering, by: Member | None, now: dt.datetime | None = None
) -> Ticket:
    """Send somebody who waits into the line of another service, ranking as before."""
    with changing(ticket) as row:
        _into_line(row, offering)
        states.apply(row, "redirect", at=now or timezone.now(), by=by)
    return row


def _into_line(row: Ticket, offering: Offering) -> None:
    """Before the move: its step and the ledger name the line that the visitor goes to."""
    if offering.branch_id != row.branch_id or not offering.is_open:
        raise Refused(_("This service is not open here."))
    if offering.service_id == row.service_id:
        raise Refused(_("%(code)s is in this line already.") % {"code": row.code})
    row.service, row.department_id = offering.service, offering.department_id


def _claim(sitting: Sitting, by: Member, moment: dt.datetime) -> int | None:
    day = calendar.local_day(sitting.branch, moment)
    if connection.vendor == "postgresql":
        return dispatch.claim(seat=sitting, day=day, member=by, now=moment)
    # SQLite: the transaction began IMMEDIATE, so that nobody else looks at the same first row, or
    # gets up meanwhile.
    own_seat(by, moment, sitting)
    row = dispatch.line_for(sitting.counter, day).select_related("service").first()
    if row is None:
        return None
    row.counter, row.member = sitting.counter, by
    states.apply(row, "call", at=moment, by=by)
    row.save(update_fields=CHANGEABLE)
    return row.pk


def _check_last(row: Ticket, by: Member, moment: dt.datetime) -> None:
    """Raise Refused unless the finish of this visit is the last that ``by`` did here.

    Asked after the counter was found free: what is being done with a visitor there ends the one or
    stands in the time line.
    """
    sitting = current_sitting(by, moment)
    last = undoable(sitting, moment) if sitting else None
    if last is None or last.pk != row.pk:
        raise Refused(
            _(
                "Something else was done at this counter since %(code)s was served, so that this "
                "can no longer be undone; please take a new ticket for the visitor."
            )
            % {"code": row.code}
        )


def _check_open(sitting: Sitting) -> None:
    """Raise SeatLost if somebody ended it since it was read."""
    if not Sitting.objects.unended().filter(pk=sitting.pk).exists():
        raise SeatLost(sitting.counter.number)


def _take(row: Ticket, sitting: Sitting, by: Member) -> None:
    """The visitor comes to this counter; raises Refused if it may not be."""
    if row.branch_id != sitting.branch_id:
        raise Refused(_("%(code)s is of another branch.") % {"code": row.code})
    check_free(sitting.counter)
    row.counter, row.member = sitting.counter, by


def _rank_back(row: Ticket, moment: dt.datetime, counter_id: int | None) -> dt.datetime:
    """Behind the next few, as many as the branch's rule says, of those whom this counter calls.

    Else the next press there would call the same visitor again while others wait. Who comes back
    elsewhere stands behind the next few of all whom the seats for their service call.
    """
    places = dispatch.RETURN_AFTER.at(row.branch, moment)
    return dispatch.rank_behind(
        row, reach.beside_at(row.branch, row.service_id, counter_id), places
    )


def _where_sits(member: Member | None) -> int | None:
    sitting = seats.current_sitting(member) if member is not None else None
    return sitting.counter_id if sitting else None


def _requeue(row: Ticket, *, by: Member | None, at: dt.datetime) -> None:
    if row.day != calendar.local_day(row.branch, at):
        raise Refused(_("%(code)s is of another day.") % {"code": row.code})
    if row.requeue_count >= dispatch.REQUEUE_LIMIT.at(row.branch, at):
        raise Refused(
            _("%(code)s was missed too often; please take a new ticket.") % {"code": row.code}
        )
    states.apply(row, "requeue", at=at, by=by)
    row.rank_at = _rank_back(row, at, _where_sits(by))
    row.requeue_count += 1
    row.counter = None
