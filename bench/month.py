"""The close of a month: its summaries, beside one aggregate scan of the same rows in plain SQL.

A month of the demo's branches has 100,000 tickets with four steps each, half of them rated, and a
few hundred matters. A round makes the summary of every branch, by the action that the worker
calls; between rounds, off the clock, they are deleted. The scan reads every ticket and every step
of the month once, and counts and measures by branch what a summary's first row has.
"""

from __future__ import annotations

import calendar as gregorian
import datetime as dt
import statistics
import time
from typing import Final

import psycopg
from django.core.management import call_command
from django.utils import timezone

from bench import past, report
from bench.plan import Plan, say
from demo.people import load as people
from demo.place import load as place
from hall.calendar import Month
from hall.models import Branch
from ratings import actions
from ratings.models import Row, Summary

EVERY_COUNTER: Final = 2**31 - 1

RATINGS: Final = """
INSERT INTO ratings_rating (ticket_id, branch_id, service_id, department_id, counter_id, member_id,
    grade, via, given_at, day, comment)
SELECT ticket.id, ticket.branch_id, ticket.service_id, offering.department_id, counter_id,
    member_id, (ARRAY['satisfied', 'satisfied', 'satisfied', 'basically'])[1 + ticket.id % 4],
    'pad', state_since + interval '20 seconds', day, ''
FROM queueing_ticket AS ticket JOIN hall_offering AS offering
  ON offering.branch_id = ticket.branch_id AND offering.service_id = ticket.service_id
WHERE ticket.id % 2 = 0
"""

MATTERS: Final = """
INSERT INTO complaints_matter (token, reference, branch_id, kind, source, text, name, contact,
    language, service_id, state, state_since, received_at, day, due_on, replied_at, closed_at,
    changed_at)
SELECT 'm' || id, (9000000000000000 + id)::text, branch_id, 'suggestion', 'box', 'text', '', '',
    'zh-hans', service_id, 'closed', issued_at, issued_at, day, day + 7,
    issued_at + interval '1 day', issued_at + interval '1 day', issued_at
FROM queueing_ticket WHERE id % 250 = 0
"""

_SCAN: Final = """
WITH line AS (
    SELECT ticket_id, at, to_state,
           lead(at) OVER (PARTITION BY ticket_id ORDER BY queueing_step.id) - at AS length
    FROM queueing_step JOIN queueing_ticket ON queueing_ticket.id = ticket_id
    WHERE day >= %(first)s AND day < %(next)s
), visit AS (
    SELECT ticket_id, sum(length) FILTER (WHERE to_state = 'serving') AS served
    FROM line GROUP BY ticket_id
)
SELECT branch_id, count(*), count(*) FILTER (WHERE state = 'done'),
       count(*) FILTER (WHERE state = 'no_show'), count(*) FILTER (WHERE state = 'cancelled'),
       count(*) FILTER (WHERE state = 'abandoned'),
       percentile_cont(ARRAY[0.5, 0.9]) WITHIN GROUP (ORDER BY first_called_at - issued_at),
       percentile_cont(ARRAY[0.5, 0.9]) WITHIN GROUP (ORDER BY served)
FROM queueing_ticket JOIN visit ON ticket_id = id
WHERE day >= %(first)s AND day < %(next)s GROUP BY branch_id
"""


def measure(plan: Plan) -> None:
    """Build the month, measure, print."""
    month = Month.of(timezone.now().date()).previous
    build(plan, month)
    summary, scan = Rounds("summaries of all branches"), Rounds("one aggregate scan in plain SQL")
    with psycopg.connect(plan.url, autocommit=True) as connection:
        for turn in range(plan.rounds + 1):
            for each, work in ((summary, close), (scan, scanned)):
                each.note(work(connection, month), counts=turn > 0)
            forget()
    say(told(plan.month, summary, scan))


class Rounds:
    """What a thing took, round by round."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.seconds: list[float] = []

    def note(self, seconds: float, counts: bool) -> None:
        """Note a round; the first one fills caches."""
        if counts:
            self.seconds.append(seconds)

    @property
    def median(self) -> float:
        """Seconds of the median round."""
        return statistics.median(self.seconds)


def told(tickets: int, summary: Rounds, scan: Rounds) -> str:
    """The figures as text."""
    rows = [
        [each.name, f"{each.median:.2f} s", f"{min(each.seconds):.2f} s"]
        for each in (summary, scan)
    ]
    rows.append(["summaries : scan", f"{summary.median / scan.median:.1f}", ""])
    return report.table([f"a month of {tickets:,} tickets", "median round", "best"], rows)


def build(plan: Plan, month: Month) -> None:
    """The demo's branches and people, and a month of visits, ratings and matters."""
    call_command("migrate", verbosity=0)
    place.load()
    people.load()
    days = gregorian.monthrange(month.year, month.number)[1]
    last = month.first + dt.timedelta(days=days - 1)
    with psycopg.connect(plan.url, autocommit=True, options="-c timezone=UTC") as connection:
        past.add_days(connection, (month.first, last), plan.month // days, EVERY_COUNTER)
        for statement in (RATINGS, MATTERS):
            connection.execute(statement)
        connection.execute("VACUUM ANALYZE")


def close(_connection: psycopg.Connection[tuple[object, ...]], month: Month) -> float:
    """Make every branch's summary; the seconds it took."""
    began = time.perf_counter()
    for branch in Branch.objects.all():
        actions.summarise(branch=branch, month=month)
    return time.perf_counter() - began


def scanned(connection: psycopg.Connection[tuple[object, ...]], month: Month) -> float:
    """Read every row of the month once; the seconds it took."""
    began = time.perf_counter()
    found = connection.execute(_SCAN, {"first": month.first, "next": month.next.first}).fetchall()
    seconds = time.perf_counter() - began
    check({int(str(row[0])): int(str(row[1])) for row in found}, month)
    return seconds


def check(issued: dict[int, int], month: Month) -> None:
    """The scan counted what the summaries say."""
    rows = Row.objects.filter(scope=Row.Scope.BRANCH, summary__first_day=month.first)
    if issued != dict(rows.values_list("summary__branch", "issued")):
        raise RuntimeError("the scan and the summaries do not count the same tickets")


def forget() -> None:
    """Delete the summaries, so that they are made again."""
    Row.objects.all().delete()
    Summary.objects.all().delete()
