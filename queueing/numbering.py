"""The numbers of a day: given once, without a gap, in the transaction that issues the ticket.

So are the tickets of a service with a daily limit: looked at first and held later, sixteen taps at
once got fourteen of five.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping

from django.db import connection

from hall import calendar, ledger
from hall.models import Offering
from queueing.models import Issued, Step, Ticket

# The largest number that the column holds.
NO_LIMIT = 2**31 - 1

# For SQLite, step by step; on PostgreSQL _ISSUE does all of it.
_COUNT = """
INSERT INTO queueing_issued AS counted (branch_id, day, service_id, count)
SELECT %(branch_id)s, %(day)s, %(service_id)s, 1 WHERE %(limit)s > 0
ON CONFLICT (branch_id, day, service_id) DO UPDATE SET count = counted.count + 1
WHERE counted.count < %(limit)s RETURNING count
"""
_NEXT = """
INSERT INTO queueing_numbering AS given (branch_id, day, prefix, last) VALUES (%s, %s, %s, 1)
ON CONFLICT (branch_id, day, prefix) DO UPDATE SET last = given.last + 1 RETURNING last
"""

# Count, number, ticket, first step and the ledger's row in one statement. A tap that came before,
# or finds the day's limit reached, leaves no row to count, so that it takes no number; two taps at
# the same moment end in IntegrityError, which gives count and number back. Every service is
# counted, for a limit may be set at noon; and before the number is given: services may share a
# prefix, so that these two rows are always locked in this order.
_ISSUE = f"""
WITH counted AS (
    INSERT INTO queueing_issued AS counted (branch_id, day, service_id, count)
    SELECT %(branch_id)s, %(day)s, %(service_id)s, 1
    WHERE %(limit)s > 0
        AND NOT EXISTS (SELECT FROM queueing_ticket WHERE request_id = %(request_id)s)
    ON CONFLICT (branch_id, day, service_id) DO UPDATE SET count = counted.count + 1
    WHERE counted.count < %(limit)s RETURNING count
), given AS (
    INSERT INTO queueing_numbering AS given (branch_id, day, prefix, last)
    SELECT %(branch_id)s, %(day)s, %(prefix)s, 1 FROM counted
    WHERE TRUE
    ON CONFLICT (branch_id, day, prefix) DO UPDATE SET last = given.last + 1 RETURNING last
), issued AS (
    INSERT INTO queueing_ticket
        (token, branch_id, service_id, department_id, day, prefix, number, lane, language, state,
         issued_at, rank_at, state_since, call_count, requeue_count, closed_by_day_end,
         issued_by_id, request_id)
    SELECT %(token)s, %(branch_id)s, %(service_id)s, %(department_id)s, %(day)s, %(prefix)s, last,
        %(lane)s, %(language)s, 'waiting', %(issued_at)s, %(rank_at)s, %(issued_at)s, 0, 0, FALSE,
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
    "token branch_id service_id department_id day prefix lane language issued_at rank_at "
    "issued_by_id request_id"
).split()

_KEY = ("branch_id", "day", "service_id")


def insert(ticket: Ticket, limit: int | None) -> bool:
    """Give a new ticket its number and store it with its first step.

    One statement on PostgreSQL; elsewhere the caller's transaction holds the write lock.
    Returns False if its request was answered before, or the service's ``limit`` of the day is
    reached; then nothing is stored.
    Raises IntegrityError if the same request is being answered at this moment.
    """
    if connection.vendor != "postgresql":
        return _insert_by_steps(ticket, _most(limit))
    values = {name: getattr(ticket, name) for name in _COLUMNS}
    with connection.cursor() as cursor:
        cursor.execute(_ISSUE, values | {"limit": _most(limit)} | _noted(ticket))
        row = cursor.fetchone()
    if row is None:
        return False
    ticket.pk, ticket.number = row
    # The statement stored it, not save(): Django is told, lest it takes the row for a new one.
    ticket._state.adding = False
    return True


def left(offerings: Iterable[Offering], now: dt.datetime) -> dict[int, int]:
    """How many tickets may still be taken of the offerings that have a daily limit, by offering.

    Counts those that were issued for the service, wherever their visitors went later. At most one
    query.
    """
    limited = [each for each in offerings if each.daily_limit is not None]
    if not limited:
        return {}
    days = {each.branch_id: calendar.local_day(each.branch, now) for each in limited}
    rows = Issued.objects.filter(day__in=set(days.values()), branch__in=days)
    issued = {tuple(key): count for *key, count in rows.values_list(*_KEY, "count")}
    return {
        each.pk: max(0, _most(each.daily_limit) - issued.get(_key(each, days), 0))
        for each in limited
    }


def _key(offering: Offering, days: Mapping[int, dt.date]) -> tuple[object, ...]:
    return (offering.branch_id, days[offering.branch_id], offering.service_id)


def _most(limit: int | None) -> int:
    return NO_LIMIT if limit is None else min(limit, NO_LIMIT)


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


def _insert_by_steps(ticket: Ticket, limit: int) -> bool:
    if Ticket.objects.filter(request_id=ticket.request_id).exists():
        return False
    service = {name: getattr(ticket, name) for name in _KEY}
    with connection.cursor() as cursor:
        cursor.execute(_COUNT, service | {"limit": limit})
        if cursor.fetchone() is None:
            return False
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
