"""The order of the line: one sortable column, ``rank_at``, then the order of issue.

*Call next*, *place in line* and the board all take it from here; among whom it orders is said by
``queueing.reach``. A lane gives a finite head
start, so nobody waits for ever: who has waited longer than the head start goes before every
newcomer of any lane.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter as Tally
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Final

from django.db import connection
from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from hall import calendar, ledger, rules
from hall.models import Branch, Counter
from queueing import reach
from queueing.models import Lane, Sitting, Ticket, TicketQuerySet
from staff.models import Member

# One sortable column and one partial index (line_order): the first in line is found in the same
# time whatever the past holds. The id decides between two of the same microsecond.
ORDER = ("rank_at", "id")
# People, not minutes: one sortable column stays the only order, and "behind the next three" is
# what halls announce (过号顺延).
# Both as of the return: the rank that follows is stored.
RETURN_AFTER: Final = rules.number(
    "queueing.return_after",
    default=3,
    most=50,
    label=_("visitors who go before one who comes back to the line"),
)
REQUEUE_LIMIT: Final = rules.number(
    "queueing.requeue_limit",
    default=2,
    most=50,
    label=_("times that a missed visitor may come back"),
)
# As of the issue: what comes of it is stored in the ticket's rank.
HEAD_STARTS: Final = {
    Lane.ASSISTED: rules.minutes(
        "queueing.assisted_head_start",
        default=15,
        most=480,
        label=_("head start of the assisted lane"),
    ),
    Lane.EXPRESS: rules.minutes(
        "queueing.express_head_start",
        default=10,
        most=480,
        label=_("head start of the express lane"),
    ),
}
# Both guard the claim: who comes second skips a locked row, and never takes a taken one.
SKIP_TAKEN = "FOR UPDATE SKIP LOCKED"
STILL_WAITING = "AND ticket.state = 'waiting'"
# Keeps the seat until the call is committed: who leaves it, or takes it over, finds the visitor.
KEEP_SEAT = "FOR NO KEY UPDATE"

# Ticket, ledger and step in one statement: they stand or fall together without a transaction.
# Its stamps are those of states.apply, GREATEST as well: servers' clocks differ.
# The seat comes first: it is locked before any ticket, and read anew if somebody held it. Without
# it the line is not looked at.
_CLAIM = f"""
WITH seat AS (
    SELECT id FROM queueing_sitting
    WHERE id = %(seat)s AND member_id = %(member)s AND ended_at IS NULL AND started_at >= %(since)s
    {{keep_seat}}
), next AS (
    SELECT id FROM queueing_ticket
    WHERE EXISTS (SELECT FROM seat)
      AND branch_id = %(branch)s AND day = %(day)s AND state = 'waiting'
      AND service_id IN ({reach.CALLED_FROM})
    ORDER BY rank_at, id LIMIT 1 {{skip_taken}}
), claimed AS (
    UPDATE queueing_ticket AS ticket
    SET state = 'called', counter_id = %(counter)s, member_id = %(member)s,
        state_since = GREATEST(%(now)s, state_since),
        first_called_at = COALESCE(first_called_at, GREATEST(%(now)s, state_since)),
        last_called_at = GREATEST(%(now)s, state_since), call_count = call_count + 1
    FROM next WHERE ticket.id = next.id {{still_waiting}}
    RETURNING ticket.id, ticket.service_id, ticket.state_since
), noted AS (
    INSERT INTO hall_ledgerrow ({ledger.COLUMNS})
    SELECT state_since, 'ticket.call', 'queueing.ticket', id, %(branch)s, 'member', %(member)s,
        %(number)s, %(name)s, NULL, '', NULL, '',
        jsonb_build_object('state', jsonb_build_array('waiting', 'called'),
            'service', service_id, 'counter', %(counter)s::bigint), %(nonce)s
    FROM claimed
)
INSERT INTO queueing_step
    (ticket_id, at, move, from_state, to_state, service_id, counter_id, member_id, reason)
SELECT id, state_since, 'call', 'waiting', 'called', service_id, %(counter)s, %(member)s, ''
FROM claimed RETURNING ticket_id
"""


def head_start(branch: Branch, lane: str, moment: dt.datetime) -> dt.timedelta:
    """How much earlier than its issue at this moment a ticket of this lane ranks."""
    rule = HEAD_STARTS.get(Lane(lane))
    return dt.timedelta(minutes=rule.at(branch, moment) if rule else 0)


def line(branch: Branch, day: dt.date) -> TicketQuerySet:
    """Everybody in line at the branch, in the order in which they will be called."""
    return Ticket.objects.of_day(branch, day).waiting().order_by(*ORDER)


def waited_for(branch: Branch, now: dt.datetime) -> QuerySet[Ticket, int]:
    """The ids of the services for which somebody waits at the branch."""
    waiting = Ticket.objects.of_day(branch, calendar.local_day(branch, now)).waiting()
    return waiting.order_by().values_list("service", flat=True)


def line_for(counter: Counter, day: dt.date) -> TicketQuerySet:
    """Those in line whom this counter may call, in order."""
    return line(counter.branch, day).filter(service__in=reach.called_from(counter.pk))


def ahead_of(ticket: Ticket, beside: Collection[int] | None = None) -> TicketQuerySet:
    """Those whose turn comes before this one's: all in front whom the same seats call.

    ``beside``: the services that these seats call, if they are known already. Never fewer than
    really go first; more, if some of them are called by a seat that does not call this one.
    """
    if beside is None:
        beside = reach.at(ticket.branch).beside(ticket.service_id)
    return line(ticket.branch, ticket.day).filter(
        Q(rank_at__lt=ticket.rank_at) | Q(rank_at=ticket.rank_at, id__lt=ticket.pk),
        service__in=beside,
    )


def ahead_in(waiting: Iterable[tuple[int, int]], calls: reach.Reach) -> Iterator[tuple[int, int]]:
    """``ahead_of`` for a whole line: its (ticket, service) pairs in order give (ticket, ahead)."""
    passed: Tally[int] = Tally()
    for ticket_id, service_id in waiting:
        yield ticket_id, ahead(passed, service_id, calls)
        passed[service_id] += 1


def ahead(passed: Mapping[int, int], service_id: int, calls: reach.Reach) -> int:
    """How many of those in front, counted by service, the same seats call."""
    return sum(passed.get(each, 0) for each in calls.beside(service_id))


def rank_behind(ticket: Ticket, services: Collection[int], places: int) -> dt.datetime:
    """The rank that puts a returning visitor behind the next ``places`` who wait for these
    services: those of the seat that sends them back, or else of all that call theirs.

    With fewer in line, behind the last; with none, the ticket keeps its own.
    """
    before = list(
        line(ticket.branch, ticket.day)
        .filter(service__in=services)
        .exclude(pk=ticket.pk)
        .values_list("rank_at", flat=True)[:places]
    )
    if not before:
        return ticket.rank_at
    # The least step that the column has: right behind that one. Never before one's own rank:
    # coming back gains nobody a place.
    return max(ticket.rank_at, before[-1] + dt.timedelta(microseconds=1))


def claim(*, seat: Sitting, day: dt.date, member: Member, now: dt.datetime) -> int | None:
    """Take the first in line for a seat, step and ledger in one statement (PostgreSQL).

    Returns the ticket's id, or None if nobody waits for this counter, or the seat is not open.
    Raises IntegrityError if the counter has a visitor already.
    """
    statement = _CLAIM.format(
        keep_seat=KEEP_SEAT, skip_taken=SKIP_TAKEN, still_waiting=STILL_WAITING
    )
    actor, counter = member.signature, seat.counter
    values: dict[str, int | str | dt.date] = {
        "seat": seat.pk,
        "since": calendar.day_bounds(seat.branch, day)[0],
        "branch": counter.branch_id,
        "day": day,
        "counter": counter.pk,
        "member": member.pk,
        "now": now,
        "number": actor.number,
        "name": actor.name,
        "nonce": ledger.new_nonce(),
    }
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        row = cursor.fetchone()
    return int(row[0]) if row else None
