"""How a seat and a ticket are locked, changed, saved and announced.

Locks are taken in one order, whoever takes them: counter, seats (lower id first), ticket.
"""

from __future__ import annotations

import contextlib
import datetime as dt
from collections.abc import Iterator

from django.db import IntegrityError, connection, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from hall.events import Event, publish
from hall.refusal import Refused
from queueing import seats
from queueing.models import Sitting, SittingQuerySet, Ticket
from staff.models import Member

# What a move may change; a row that is changed is locked, so nobody else's change is overwritten.
CHANGEABLE = (
    "state state_since service department counter member rank_at first_called_at last_called_at "
    "call_count requeue_count closed_by_day_end"
).split()


class SeatLost(Refused):
    """Who pressed does not sit there any more, and acts for nobody."""

    def __init__(self, number: int | None) -> None:
        said = {"number": number}
        super().__init__(
            _("You no longer sit at counter %(number)s.") % said
            if number is not None
            else _("You no longer sit at a counter.")
        )


def one_statement() -> contextlib.AbstractContextManager[None]:
    """PostgreSQL needs no transaction round a single statement; SQLite takes its write lock."""
    if connection.vendor == "postgresql" and not connection.in_atomic_block:
        return contextlib.nullcontext()
    return transaction.atomic()


@contextlib.contextmanager
def first_wins() -> Iterator[None]:
    """A transaction in which a constraint that somebody else met first is a plain refusal."""
    try:
        with transaction.atomic():
            yield
    except IntegrityError as error:
        raise Refused(_("Somebody else was quicker. Please look again.")) from error


def locked_seats() -> SittingQuerySet:
    """Rows of seats that nobody has ended, locked until the end of the transaction, the lower id
    first: of two who take each other's seat, one waits for the other."""
    # Not their keys: a step or ticket that names the counter or member waits for nobody.
    rows = Sitting.objects.unended().select_for_update(of=("self",), no_key=True)
    return rows.select_related("branch", "counter", "member").order_by("pk")


def own_seat(by: Member, now: dt.datetime, sitting: Sitting | None = None) -> Sitting:
    """Where ``by`` sits, locked: nobody takes it over, and the member does not leave, meanwhile.

    Raises SeatLost if that is nowhere, or not at the ``sitting`` that a page showed.
    """
    seat = locked_seats().filter(member=by).first()
    if seat is None or not seats.is_own(seat, by, now) or sitting not in (None, seat):
        raise SeatLost(sitting.counter.number if sitting else None)
    return seat


@contextlib.contextmanager
def changing(ticket: Ticket, event: Event = Event.TICKET_CHANGED) -> Iterator[Ticket]:
    """The ticket's current row, locked; at the end of the block it is saved and announced."""
    with first_wins(), _changing(ticket, event) as row:
        yield row


@contextlib.contextmanager
def from_seat(
    ticket: Ticket, sitting: Sitting, by: Member, now: dt.datetime, event: Event
) -> Iterator[tuple[Ticket, Sitting]]:
    """As ``changing``, by one who sits there: the seat's row as well, locked before the ticket's.

    Raises SeatLost if ``by`` no longer sits there.
    """
    with first_wins():
        seat = own_seat(by, now, sitting)
        with _changing(ticket, event) as row:
            yield row, seat


@contextlib.contextmanager
def at_own_counter(
    ticket: Ticket,
    by: Member,
    now: dt.datetime | None = None,
    event: Event = Event.TICKET_CHANGED,
) -> Iterator[Ticket]:
    """As ``changing``, for a visitor where ``by`` sits; raises Refused elsewhere."""
    with first_wins():
        # Under the lock: a colleague may have taken the seat since the page was shown.
        seat = own_seat(by, now or timezone.now())
        with _changing(ticket, event) as row:
            if row.counter_id != seat.counter_id:
                raise Refused(_("%(code)s is no longer at your counter.") % {"code": row.code})
            yield row


@contextlib.contextmanager
def _changing(ticket: Ticket, event: Event) -> Iterator[Ticket]:
    # Its row alone: a lock on branch or service would have every clerk wait for every other.
    row = (
        Ticket.objects.select_for_update(of=("self",))
        .select_related("branch", "service", "counter")
        .get(pk=ticket.pk)
    )
    before = row.counter_id
    yield row
    row.save(update_fields=CHANGEABLE)
    # The counter before the move as well: what hung there has to go from its display.
    counters = {pk for pk in (before, row.counter_id) if pk is not None}
    publish(row.branch_id, event, ticket=row.pk, counter=counters)
