"""What a month's summary counts, read from the database in one pass each."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from django.db import connection
from django.db.models import Count, F, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce, TruncDate

from complaints.models import Entry, Matter
from hall import calendar, clocks
from hall.calendar import Month
from hall.models import Branch
from queueing import spans
from ratings.models import Rating

# A month of a large hall is 50,000 tickets: never all of them in memory as rows.
CHUNK: Final = 5000
QUARTER: Final = 900  # seconds; every time zone is some of them away from UTC
# Outcomes of a ticket, finer than its state: a served one is finished and rated, finished and
# not rated, or was never finished.
RATED, UNRATED, UNFINISHED = "rated", "unrated", "unfinished"
# By hand: one pass, and columns in place of objects. A rating that came after the month is none,
# so that a summary made late is the same.
TICKETS: Final = """
    SELECT t.service_id, t.department_id, t.member_id, CAST(t.day AS text), {issued} / 900000000,
        CASE
            WHEN t.state <> 'done' THEN t.state
            WHEN t.closed_by_day_end THEN 'unfinished'
            WHEN r.id IS NULL THEN 'unrated'
            ELSE 'rated'
        END,
        {first_wait},
        CAST(m.length AS bigint)
    FROM queueing_ticket t
    LEFT JOIN ratings_rating r ON r.ticket_id = t.id AND r.day < %(after)s
    LEFT JOIN (
        SELECT s.ticket_id, {served} AS length
        FROM queueing_ticket t
        JOIN queueing_step s ON s.ticket_id = t.id
        WHERE t.branch_id = %(branch)s AND t.day >= %(first)s AND t.day < %(after)s
            AND {counted} AND {matter}
        GROUP BY s.ticket_id
    ) m ON m.ticket_id = t.id
    WHERE t.branch_id = %(branch)s AND t.day >= %(first)s AND t.day < %(after)s
"""


@dataclass(frozen=True)
class Tickets:
    """A month's tickets in columns; a ticket has the same place in each. Lengths are
    microseconds, ``quarters`` are quarters of an hour since 1970 in which it was issued."""

    services: list[int] = field(default_factory=list)
    departments: list[int | None] = field(default_factory=list)
    members: list[int | None] = field(default_factory=list)
    days: list[str] = field(default_factory=list)
    quarters: list[int] = field(default_factory=list)
    outcomes: list[str] = field(default_factory=list)
    waits: list[int | None] = field(default_factory=list)
    services_lengths: list[int | None] = field(default_factory=list)

    def add(self, rows: list[tuple[Any, ...]]) -> None:
        for column, values in zip(vars(self).values(), zip(*rows, strict=True), strict=True):
            column.extend(values)


def tickets(branch: Branch, month: Month) -> Tickets:
    """The tickets that the branch issued in the month (one query)."""
    found = Tickets()
    for rows in _chunks(branch, month):
        found.add(rows)
    return found


def _chunks(branch: Branch, month: Month) -> Iterator[list[tuple[Any, ...]]]:
    sql = TICKETS.format(**spans.sql(connection.vendor))
    asked: dict[str, int | dt.date] = {
        "branch": branch.pk,
        "first": month.first,
        "after": month.next.first,
    }
    with connection.cursor() as cursor:
        cursor.execute(sql, asked)
        while rows := cursor.fetchmany(CHUNK):
            yield rows


def ratings(branch: Branch, month: Month) -> list[dict[str, Any]]:
    """How many ratings were given in the month, by all that a summary tells apart."""
    given = Rating.objects.filter(
        branch=branch, day__gte=month.first, day__lt=month.next.first
    ).order_by()
    columns = ("branch", "department", "service", "member", "day", "grade")
    return list(given.values(*columns).annotate(n=Count("pk")))


def matters(branch: Branch, month: Month) -> list[dict[str, Any]]:
    """How many matters came, were answered and are left, as of the month's last moment.

    An answer put off later changes nothing: the due date is what the time line says of then.
    """
    start, end = calendar.month_bounds(branch, month)
    unanswered = Q(day__lt=month.next.first) & (Q(replied_at=None) | Q(replied_at__gte=end))
    # A flow: by the day of the answer, whenever the matter came, so that each counts once.
    answered = Q(replied_at__gte=start, replied_at__lt=end)
    in_time = clocks.in_time("replied_on", "due_then")
    rows = (
        Matter.objects.filter(branch=branch)
        .filter(Q(day__gte=month.first, day__lt=month.next.first) | answered | unanswered)
        .annotate(
            replied_on=TruncDate("replied_at", tzinfo=branch.zone_info),
            due_then=Coalesce(Subquery(_due_dates(end)), F("due_on")),
        )
        .order_by()
        .values("branch", "department", "service")
        .annotate(
            received=Count("pk", filter=Q(day__gte=month.first, day__lt=month.next.first)),
            answered_in_time=Count("pk", filter=answered & in_time),
            answered_late=Count("pk", filter=answered & ~in_time),
            overdue=Count("pk", filter=unanswered & clocks.late("due_then", month.next.first)),
            open=Count("pk", filter=unanswered),
        )
    )
    return [dict(row) for row in rows]


def _due_dates(end: dt.datetime) -> QuerySet[Entry, Mapping[str, Any]]:
    """When the answer to the outer matter was due, as of a moment."""
    entries = Entry.objects.filter(matter=OuterRef("pk"), at__lt=end)
    return entries.order_by("-id").values("due_on")[:1]
