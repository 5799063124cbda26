"""Everything that changes a ticket or a seat: lock, move, write the time line, publish.

Arguments are by keyword; ``by`` is the member of staff who acts (None: the visitor). Each raises
``Refused`` with a sentence for that person if the rules do not allow it; then nothing changed.
``now`` is the moment of the action, by default the present.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import uuid
from collections.abc import Iterator

from django.db import IntegrityError, connection, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from hall import calendar
from hall.events import Event, publish
from hall.languages import known
from hall.models import Branch, Counter, Offering
from hall.refusal import Refused
from queueing import dispatch, numbers, states
from queueing.models import Lane, Sitting, State, Ticket
from staff.models import Member

REOPEN_WITHIN = dt.timedelta(minutes=2)
# What a move may change; a row that is changed is locked, so nobody else's change is overwritten.
CHANGEABLE = (
    "state state_since service counter member rank_at first_called_at last_called_at call_count "
    "requeue_count closed_by_day_end"
).split()
CLOSING_MOVES = {
    State.WAITING: "abandon",
    State.HELD: "abandon",
    State.CALLED: "miss",
    State.SERVING: "close",
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


# --- the visitor ---


def issue(
    *,
    offering: Offering,
    lane: str = Lane.ORDINARY,
    request_id: uuid.UUID | None = None,
    language: str = "",
    by: Member | None = None,
    now: dt.datetime | None = None,
) -> Ticket:
    """Issue a ticket for a service at a branch; the same ``request_id`` gives the same ticket."""
    moment = now or timezone.now()
    branch = offering.branch
    day = calendar.local_day(branch, moment)
    ticket = Ticket(
        branch=branch,
        service=offering.service,
        day=day,
        prefix=offering.prefix,
        lane=Lane(lane),
        language=known(language),
        issued_at=moment,
        rank_at=moment - dispatch.head_start(branch, lane),
        state_since=moment,
        issued_by=by,
        request_id=request_id or uuid.uuid4(),
    )
    try:
        with _one_statement():
            _check_open(offering, moment, day)
            is_new = numbers.insert(ticket)
    except (IntegrityError, Refused) as error:
        before = _issued(ticket.request_id)
        if before is None:
            raise error
        return before
    if not is_new:
        return _issued(ticket.request_id) or ticket
    publish(branch.pk, Event.TICKET_ISSUED, ticket=ticket.pk)
    return ticket


def cancel(*, ticket: Ticket, by: Member | None = None, now: dt.datetime | None = None) -> Ticket:
    """Give up the place in line."""
    with _changing(ticket) as row:
        states.apply(row, "cancel", at=now or timezone.now(), by=by)
    return row


# --- the seat ---


def sit_down(
    *, counter: Counter, by: Member, take_over: bool = False, now: dt.datetime | None = None
) -> Sitting:
    """Sit down at a counter; leaves the one before it. Sitting where one sits changes nothing.

    Raises CounterTaken if somebody sits there (unless ``take_over``), VisitorAtCounter if one's
    own visitor is still at the counter before.
    """
    moment = now or timezone.now()
    if not counter.is_active or not by.works_at(counter.branch):
        raise Refused(_("This counter is not in use."))
    with _first_wins():
        Counter.objects.select_for_update(of=("self",)).get(pk=counter.pk)
        mine = current_sitting(by)
        if mine is not None and mine.counter_id == counter.pk:
            return mine
        if mine is not None:
            leave(by=by, now=moment)
        theirs = Sitting.objects.open().select_related("member", "counter").filter(counter=counter)
        for sitting in theirs:
            if not take_over:
                raise CounterTaken(sitting)
            _end(sitting, moment)
        seat = Sitting.objects.create(
            branch=counter.branch, counter=counter, member=by, started_at=moment
        )
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
        _end(sitting, now or timezone.now())
        publish(sitting.branch_id, Event.COUNTER_CHANGED, counter=sitting.counter_id)


def current_sitting(member: Member) -> Sitting | None:
    """Where the member sits now."""
    mine = Sitting.objects.open().select_related("branch", "counter__zone").filter(member=member)
    sitting = mine.first()
    if sitting is not None:
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


# --- the counter ---


def call_next(*, sitting: Sitting, by: Member, now: dt.datetime | None = None) -> Ticket | None:
    """Call the first in line for this counter; None if nobody waits.

    Two clerks, or one clerk pressing twice, never call the same visitor or two at once.
    Raises VisitorAtCounter if one is there already.
    """
    moment = now or timezone.now()
    try:
        with _one_statement():
            ticket_id = _claim(sitting, by, moment)
    except IntegrityError:
        ticket_id = None
    if ticket_id is None:
        _check_free(sitting.counter)
        return None
    publish(sitting.branch_id, Event.TICKET_CALLED, ticket=ticket_id, counter=sitting.counter_id)
    return Ticket.objects.select_related("branch", "service", "counter").get(pk=ticket_id)


def call(*, ticket: Ticket, sitting: Sitting, by: Member, now: dt.datetime | None = None) -> Ticket:
    """Call this very ticket, out of turn; one that was missed comes back into line first."""
    moment = now or timezone.now()
    with _changing(ticket, Event.TICKET_CALLED) as row:
        if row.state == State.NO_SHOW:
            _requeue(row, by=by, at=moment)
        _take(row, sitting, by)
        states.apply(row, "call", at=moment, by=by)
    return row


def recall(*, ticket: Ticket, by: Member, now: dt.datetime | None = None) -> Ticket:
    """Call again; the board and the voice announce it once more."""
    with _at_own_counter(ticket, by, Event.TICKET_CALLED) as row:
        states.apply(row, "recall", at=now or timezone.now(), by=by)
    return row


def start(*, ticket: Ticket, by: Member, now: dt.datetime | None = None) -> Ticket:
    """The visitor has come to the counter."""
    with _at_own_counter(ticket, by) as row:
        row.member = by
        states.apply(row, "start", at=now or timezone.now(), by=by)
    return row


def finish(*, ticket: Ticket, by: Member, now: dt.datetime | None = None) -> Ticket:
    """The visit is over."""
    with _at_own_counter(ticket, by, Event.VISIT_FINISHED) as row:
        row.member = by
        states.apply(row, "finish", at=now or timezone.now(), by=by)
    return row


def reopen(*, ticket: Ticket, by: Member, now: dt.datetime | None = None) -> Ticket:
    """Undo a finish pressed by mistake, within two minutes, at the same free counter."""
    moment = now or timezone.now()
    with _at_own_counter(ticket, by) as row:
        states.check(row, states.MOVES["reopen"])
        if moment - row.state_since > REOPEN_WITHIN:
            raise Refused(
                _("It is too late to undo this; please take a new ticket for the visitor.")
            )
        _check_free(row.counter)
        states.apply(row, "reopen", at=moment, by=by)
    return row


def no_show(*, ticket: Ticket, by: Member, now: dt.datetime | None = None) -> Ticket:
    """The visitor did not come."""
    with _at_own_counter(ticket, by) as row:
        states.apply(row, "no_show", at=now or timezone.now(), by=by)
    return row


def return_to_line(*, ticket: Ticket, by: Member, now: dt.datetime | None = None) -> Ticket:
    """Back into line, behind the next few, for a visitor who needs a moment."""
    with _at_own_counter(ticket, by) as row:
        states.apply(row, "return", at=now or timezone.now(), by=by)
        row.rank_at = dispatch.rank_behind(row, row.service_id, row.branch.return_after)
        row.counter = None
    return row


def requeue(*, ticket: Ticket, by: Member | None, now: dt.datetime | None = None) -> Ticket:
    """A missed visitor is back: into line behind the next few, as often as the branch allows."""
    with _changing(ticket) as row:
        _requeue(row, by=by, at=now or timezone.now())
    return row


def hold(*, ticket: Ticket, by: Member, reason: str = "", now: dt.datetime | None = None) -> Ticket:
    """Put the visit aside while the visitor copies, fills in or fetches something."""
    with _at_own_counter(ticket, by) as row:
        states.apply(row, "hold", at=now or timezone.now(), by=by, reason=reason)
    return row


def resume(
    *, ticket: Ticket, sitting: Sitting, by: Member, now: dt.datetime | None = None
) -> Ticket:
    """Go on with a visit on hold, at this counter."""
    with _changing(ticket) as row:
        _take(row, sitting, by)
        states.apply(row, "resume", at=now or timezone.now(), by=by)
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
    with _at_own_counter(ticket, by) as row:
        if offering.branch_id != row.branch_id or not offering.is_open:
            raise Refused(_("This service is not open here."))
        if offering.service_id == row.service_id:
            raise Refused(_("%(code)s is in this line already.") % {"code": row.code})
        row.service = offering.service
        states.apply(row, "transfer", at=now or timezone.now(), by=by, reason=reason)
        row.counter = None
    return row


# --- the day ---


def close_day(*, branch: Branch, day: dt.date, now: dt.datetime | None = None) -> int:
    """Give every ticket of a day that is over its outcome; returns how many were closed.

    Who still waits or is on hold has left (abandoned); who was called has not come; a visit that
    was never finished counts as served and is flagged. Safe to run twice, late, or at once.
    """
    moment = now or timezone.now()
    left_open = Ticket.objects.of_day(branch, day).filter(state__in=CLOSING_MOVES)
    return sum(_close(ticket, moment) for ticket in left_open.order_by("pk"))


def _close(ticket: Ticket, moment: dt.datetime) -> bool:
    with _changing(ticket) as row:
        move = CLOSING_MOVES.get(State(row.state))
        if move is None:  # somebody closed it meanwhile
            return False
        row.closed_by_day_end = True
        states.apply(row, move, at=moment, by=None)
    return True


# --- what they share ---


def _one_statement() -> contextlib.AbstractContextManager[None]:
    """PostgreSQL needs no transaction round a single statement; SQLite takes its write lock."""
    if connection.vendor == "postgresql" and not connection.in_atomic_block:
        return contextlib.nullcontext()
    return transaction.atomic()


def _issued(request_id: uuid.UUID | None) -> Ticket | None:
    """The ticket that this request got before."""
    return Ticket.objects.select_related("branch", "service").filter(request_id=request_id).first()


def _check_open(offering: Offering, moment: dt.datetime, day: dt.date) -> None:
    branch = offering.branch
    if not (branch.is_active and offering.is_open):
        raise Refused(_("This service takes no tickets now."))
    if not branch.issues_outside_hours and not calendar.is_open(branch, moment):
        raise Refused(_("The hall is closed now."))
    if offering.daily_limit is not None:
        given = Ticket.objects.of_day(branch, day).filter(service=offering.service).count()
        if given >= offering.daily_limit:
            raise Refused(_("All of today's tickets for this service have been taken."))


def _claim(sitting: Sitting, by: Member, moment: dt.datetime) -> int | None:
    day = calendar.local_day(sitting.branch, moment)
    if connection.vendor == "postgresql":
        return dispatch.claim(counter=sitting.counter, day=day, member=by, now=moment)
    row = dispatch.line_for(sitting.counter, day).select_related("service").first()
    if row is None:
        return None
    row.counter, row.member = sitting.counter, by
    states.apply(row, "call", at=moment, by=by)
    row.save(update_fields=CHANGEABLE)
    return row.pk


@contextlib.contextmanager
def _first_wins() -> Iterator[None]:
    """A transaction in which a constraint that somebody else met first is a plain refusal."""
    try:
        with transaction.atomic():
            yield
    except IntegrityError as error:
        raise Refused(_("Somebody else was quicker. Please look again.")) from error


@contextlib.contextmanager
def _changing(ticket: Ticket, event: Event = Event.TICKET_CHANGED) -> Iterator[Ticket]:
    """The ticket's current row, locked; at the end of the block it is saved and announced."""
    with _first_wins():
        row = (
            Ticket.objects.select_for_update(of=("self",))
            .select_related("branch", "service", "counter")
            .get(pk=ticket.pk)
        )
        yield row
        row.save(update_fields=CHANGEABLE)
        publish(row.branch_id, event, ticket=row.pk)


@contextlib.contextmanager
def _at_own_counter(
    ticket: Ticket, by: Member, event: Event = Event.TICKET_CHANGED
) -> Iterator[Ticket]:
    """As ``_changing``, for a visitor where ``by`` sits; raises Refused elsewhere."""
    with _changing(ticket, event) as row:
        if not Sitting.objects.open().filter(member=by, counter=row.counter_id).exists():
            raise Refused(_("%(code)s is no longer at your counter.") % {"code": row.code})
        yield row


def _take(row: Ticket, sitting: Sitting, by: Member) -> None:
    """The visitor comes to this counter; raises Refused if it may not be."""
    if row.branch_id != sitting.branch_id:
        raise Refused(_("%(code)s is of another branch.") % {"code": row.code})
    _check_free(sitting.counter)
    row.counter, row.member = sitting.counter, by


def _requeue(row: Ticket, *, by: Member | None, at: dt.datetime) -> None:
    if row.day != calendar.local_day(row.branch, at):
        raise Refused(_("%(code)s is of another day.") % {"code": row.code})
    if row.requeue_count >= row.branch.requeue_limit:
        raise Refused(
            _("%(code)s was missed too often; please take a new ticket.") % {"code": row.code}
        )
    states.apply(row, "requeue", at=at, by=by)
    row.rank_at = dispatch.rank_behind(row, row.service_id, row.branch.return_after)
    row.requeue_count += 1
    row.counter = None


def _check_free(counter: Counter | None) -> None:
    visitor = visitor_at(counter) if counter is not None else None
    if visitor is not None:
        raise VisitorAtCounter(visitor)


def _end(sitting: Sitting, moment: dt.datetime) -> None:
    sitting.ended_at = max(moment, sitting.started_at)
    sitting.save(update_fields=["ended_at", "changed_at"])
