"""A million tickets of days gone by, made inside PostgreSQL.

Each was issued, called, served and finished, so that its time line has four steps. They are
spread over the branches, services and counters that there are, in equal shares, and over the
400 days before today.
"""

from __future__ import annotations

import datetime as dt

import psycopg

DAYS = 400
TABLES = ("queueing_ticket", "queueing_step")
FAST = ("synchronous_commit = off", "work_mem = '256MB'", "maintenance_work_mem = '512MB'")

# Who served what where: every counter's services, with a member of staff of that branch.
_POOL = """
CREATE TEMPORARY TABLE pool AS
SELECT row_number() OVER (ORDER BY md5(counter.id || '-' || offering.id)) - 1 AS place,
       offering.branch_id, offering.service_id, offering.prefix, counter.id AS counter_id,
       staff.ids[1 + row_number() OVER (ORDER BY counter.id, offering.id) %% cardinality(staff.ids)]
           AS member_id
FROM hall_offering AS offering
JOIN hall_counter AS counter USING (branch_id)
JOIN hall_counter_services AS skill
  ON skill.counter_id = counter.id AND skill.service_id = offering.service_id
JOIN (SELECT array_agg(id ORDER BY id) AS ids FROM staff_member) AS staff ON TRUE
WHERE counter.id < %(counters_below)s
"""

_TICKETS = """
INSERT INTO queueing_ticket
    (token, branch_id, service_id, day, prefix, number, lane, language, state, issued_at, rank_at,
     state_since, first_called_at, last_called_at, call_count, requeue_count, closed_by_day_end,
     counter_id, member_id, request_id)
SELECT substr(md5(day || '/' || nth), 1, 22), branch_id, service_id, day, prefix, nth + 1,
       'ordinary', 'zh-hans', 'done', issued_at, issued_at,
       issued_at + interval '12 minutes', issued_at + interval '5 minutes',
       issued_at + interval '5 minutes', 1, 0, FALSE, counter_id, member_id, gen_random_uuid()
FROM (
    SELECT day::date AS day, nth, day + interval '1 hour' + nth * interval '8 hours' / %(a_day)s
           AS issued_at
    FROM generate_series(%(first)s::date, %(last)s::date, interval '1 day') AS day,
         generate_series(0, %(a_day)s - 1) AS nth
) AS visit
JOIN pool ON pool.place = (nth + extract(day FROM day)::int) %% (SELECT count(*) FROM pool)
ORDER BY issued_at
"""

_STEPS = """
INSERT INTO queueing_step
    (ticket_id, at, move, from_state, to_state, service_id, counter_id, member_id, reason)
SELECT ticket.id, step.at, move, from_state, to_state, service_id, step.counter, step.member, ''
FROM queueing_ticket AS ticket CROSS JOIN LATERAL (VALUES
    (issued_at, 'issue', '', 'waiting', NULL, NULL),
    (issued_at + interval '5 minutes', 'call', 'waiting', 'called', counter_id, member_id),
    (issued_at + interval '6 minutes', 'start', 'called', 'serving', counter_id, member_id),
    (issued_at + interval '12 minutes', 'finish', 'serving', 'done', counter_id, member_id)
) AS step (at, move, from_state, to_state, counter, member)
WHERE ticket.day BETWEEN %(first)s::date AND %(last)s::date AND ticket.state = 'done'
"""

# A number is not given again: the days' counts stand where these tickets ended.
_NUMBERS = """
INSERT INTO queueing_numbering (branch_id, day, prefix, last)
SELECT branch_id, day, prefix, max(number) FROM queueing_ticket GROUP BY branch_id, day, prefix
ON CONFLICT (branch_id, day, prefix) DO UPDATE SET last = excluded.last
"""


# Secondary indexes are built after the rows: sorted once, instead of a million times in passing.
_INDEXES = """
SELECT indexrelid::regclass::text, pg_get_indexdef(indexrelid) FROM pg_index
WHERE indrelid = ANY (%s::regclass[])
  AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = indexrelid)
"""


def fill(url: str, tickets: int, today: dt.date, counters_below: int) -> None:
    """Put the tickets on the days before today, and gather the planner's statistics."""
    with psycopg.connect(url, autocommit=True, options="-c timezone=UTC") as connection:
        for setting in FAST:
            connection.execute(f"SET {setting}")
        # The rows are right by construction: 20 million look-ups of foreign keys are left out.
        connection.execute("SET session_replication_role = replica")
        indexes = connection.execute(_INDEXES, [list(TABLES)]).fetchall()
        for name, _definition in indexes:
            connection.execute(f"DROP INDEX {name}")
        days = (today - dt.timedelta(days=DAYS), today - dt.timedelta(days=1))
        add_days(connection, days, tickets // DAYS, counters_below)
        for _name, definition in indexes:
            connection.execute(definition)
        connection.execute("VACUUM ANALYZE")
        connection.execute("CHECKPOINT")


def add_days(
    connection: psycopg.Connection[tuple[object, ...]],
    days: tuple[dt.date, dt.date],
    a_day: int,
    counters_below: int,
) -> None:
    """Add as many visits to each of the days, first to last, at the counters below an id."""
    values = {"first": days[0], "last": days[1], "a_day": a_day, "counters_below": counters_below}
    connection.execute("DROP TABLE IF EXISTS pool")
    for statement in (_POOL, _TICKETS, _STEPS):
        connection.execute(statement, values)
    connection.execute(_NUMBERS)
