"""The numbers of a day: given once, without a gap, in the transaction that issues the ticket."""

from __future__ import annotations

from django.db import connection

from hall import ledger
from queueing.models import Step, Ticket

# For SQLite, step by step; on PostgreSQL _ISSUE does all of it.
_NEXT = """
INSERT INTO queueing_numbering AS given (branch_id, day, prefix, last) VALUES (%s, %s, %s, 1)
ON CONFLICT (branch_id, day, prefix) DO UPDATE SET last = given.last + 1 RETURNING last
"""

# Number, ticket, first step and the ledger's row in one statement. A tap that came before leaves
# no row to count, so that it takes no number; two taps at the same moment end in IntegrityError,
# which gives the number back.
_ISSUE = f"""
WITH given AS (
    INSERT INTO queueing_numbering AS given (branch_id, day, prefix, last)
    SELECT %(branch_id)s, %(day)s, %(prefix)s, 1
    WHERE NOT EXISTS (SELECT FROM queueing_ticket WHERE request_id = %(request_id)s)
    ON CONFLICT (branch_id, day, prefix) DO UPDATE SET last = given.last + 1 RETURNING last
), issued AS (
    INSERT INTO queueing_ticket
        (token, branch_id, service_id, day, prefix, number, lane, language, state, issued_at,
         rank_at, state_since, call_count, requeue_count, closed_by_day_end, issued_by_id,
         request_id)
    SELECT %(token)s, %(branch_id)s, %(service_id)s, %(day)s, %(prefix)s, last, %(lane)s,
        %(language)s, 'waiting', %(issued_at)s, %(rank_at)s, %(issued_at)s, 0, 0, FALSE,
        %(issued_by_id)s, %(request_id)s
    FROM given RETURNING id, number
), stepped AS (
    INSERT INTO queueing_step (ticket_id, at, move, from_state, to_state, service_id, member_id,
        reason)
    SELECT id, %(issued_at)s, 'issue', '', 'waiting', %(service_id)s, %(issued_by_id)s, ''
    FROM issued
), noted AS (
    INSERT INTO hall_ledgerrow ({ledger.COLUMNS})
    SELECT %(noted_at)s, 'ticket.issue', 'queueing.ticket', id, %(branch_id)s, %(actor)s,
        %(issued_by_id)s, %(actor_number)s, %(actor_name)s, NULL, '', NULL, '', %(facts)s::jsonb,
        %(nonce)s
    FROM issued
)
SELECT id, number FROM issued
"""
_COLUMNS = (
    "token branch_id service_id day prefix lane language issued_at rank_at issued_by_id request_id"
).split()


def insert(ticket: Ticket) -> bool:
    """Give a new ticket its number and store it with its first step.

    One statement on PostgreSQL; elsewhere the caller's transaction holds the write lock.
    Returns False if its request was answered before; then nothing is stored.
    Raises IntegrityError if the same request is being answered at this moment.
    """
    if connection.vendor != "postgresql":
        return _insert_by_steps(ticket)
    with connection.cursor() as cursor:
        cursor.execute(_ISSUE, {name: getattr(ticket, name) for name in _COLUMNS} | _noted(ticket))
        row = cursor.fetchone()
    if row is None:
        return False
    ticket.pk, ticket.number = row
    # The statement stored it, not save(): Django is told, lest it takes the row for a new one.
    ticket._state.adding = False
    return True


def _noted(ticket: Ticket) -> dict[str, object]:
    """What the ledger's row has besides the ticket's columns."""
    actor = ledger.signed(ticket.issued_by)
    return {
        "noted_at": ledger.moment(ticket.issued_at, actor),
        "actor": actor.kind.value,
        "actor_number": actor.number,
        "actor_name": actor.name,
        "facts": ledger.as_json(
            {"service": ticket.service_id, "lane": ticket.lane, "language": ticket.language}
        ),
        "nonce": ledger.new_nonce(),
    }


def _insert_by_steps(ticket: Ticket) -> bool:
    if Ticket.objects.filter(request_id=ticket.request_id).exists():
        return False
    with connection.cursor() as cursor:
        cursor.execute(_NEXT, [ticket.branch_id, ticket.day, ticket.prefix])
        (ticket.number,) = cursor.fetchone()
    ticket.save(force_insert=True)
    Step.objects.create(
        ticket=ticket,
        at=ticket.issued_at,
        move="issue",
        to_state=ticket.state,
        service_id=ticket.service_id,
        member_id=ticket.issued_by_id,
    )
    ledger.record(
        "ticket.issue",
        of=ticket,
        by=ticket.issued_by,
        at=ticket.issued_at,
        service=ticket.service_id,
        lane=ticket.lane,
        language=ticket.language,
    )
    return True
