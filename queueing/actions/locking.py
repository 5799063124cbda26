"""How a ticket is locked, changed, saved and announced."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from django.db import IntegrityError, connection, transaction
from django.utils.translation import gettext as _

from hall.events import Event, publish
from hall.refusal import Refused
from queueing.models import Sitting, Ticket
from staff.models import Member

# What a move may change; a row that is changed is locked, so nobody else's change is overwritten.
CHANGEABLE = (
    "state state_since service counter member rank_at first_called_at last_called_at call_count "
    "requeue_count closed_by_day_end"
).split()


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


@contextlib.contextmanager
def changing(ticket: Ticket, event: Event = Event.TICKET_CHANGED) -> Iterator[Ticket]:
    """The ticket's current row, locked; at the end of the block it is saved and announced."""
    with first_wins():
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


@contextlib.contextmanager
def at_own_counter(
    ticket: Ticket, by: Member, event: Event = Event.TICKET_CHANGED
) -> Iterator[Ticket]:
    """As ``changing``, for a visitor where ``by`` sits; raises Refused elsewhere."""
    with changing(ticket, event) as row:
        # Asked under the lock: a colleague may have taken the seat since the page was shown.
        if not Sitting.objects.open().filter(member=by, counter=row.counter_id).exists():
            raise Refused(_("%(code)s is no longer at your counter.") % {"code": row.code})
        yield row
