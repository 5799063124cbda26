"""Months that have passed: a generator of every kind of visit, and figures by plain SQL.

``fill`` writes a month of a branch as history, with ratings and matters at its edges. ``check``
compares a stored summary with SQL written by hand, which shares nothing with ``ratings``: the
time line by LEAD, the spreads by rank. It holds for any branch in China's zone.
"""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Final

from django.db import connection
from django.utils import timezone

from complaints.models import Entry, Kind, Matter
from hall import calendar
from hall.calendar import Month
from hall.models import Branch, Offering
from queueing.models import State, Step, Ticket
from queueing.states import MOVES
from ratings import actions
from ratings.models import Grade, Rating, Row, Summary, Via
from staff.models import Member

# From a state, the moves that may come next and how likely each is.
WAYS: Final = {
    State.WAITING: {"call": 88, "cancel": 6, "abandon": 6},
    State.CALLED: {"start": 80, "recall": 6, "no_show": 8, "return": 3, "miss": 3},
    State.SERVING: {"finish": 80, "hold": 9, "transfer": 8, "close": 3},
    State.HELD: {"resume": 90, "abandon": 10},
    State.NO_SHOW: {"requeue": 25, "": 75},
    State.DONE: {"reopen": 4, "": 96},
}
BY_DAY_END: Final = ("abandon", "miss", "close")


@dataclass
class Filler:
    """Writes one month of a branch's history; the same seed writes the same."""

    branch: Branch
    month: Month
    members: Sequence[Member]
    seed: int = 1
    tickets: list[Ticket] = field(default_factory=list)
    steps: list[Step] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.chance = random.Random(f"{self.branch.slug} {self.month} {self.seed}")
        self.offerings = list(Offering.objects.filter(branch=self.branch).order_by("pk"))

    def fill(self, a_day: int, matters: int | None = None) -> None:
        """So many tickets on each weekday, their ratings, and matters (as many, if not told)."""
        for day in self.month.days:
            if day.weekday() < 5:
                for number in range(1, a_day + self.chance.randrange(5)):
                    self.visit(day, number)
        Ticket.objects.bulk_create(self.tickets, batch_size=1000)
        Step.objects.bulk_create(self.steps, batch_size=2000)
        Rating.objects.bulk_create(self.ratings(), batch_size=1000)
        self.matters(a_day if matters is None else matters)

    def visit(self, day: dt.date, number: int) -> None:
        """A visitor comes and goes somehow."""
        start, _end = calendar.day_bounds(self.branch, day)
        at = start + dt.timedelta(microseconds=self.chance.randrange(86_000_000_000))
        offering = self.chance.choice(self.offerings)
        ticket = Ticket(
            branch=self.branch,
            service_id=offering.service_id,
            department_id=offering.department_id,
            day=day,
            prefix="Z",
            number=number,
            state=State.WAITING,
            issued_at=at,
            rank_at=at,
            state_since=at,
        )
        self.tickets.append(ticket)
        self.step(ticket, "issue", "", State.WAITING)
        while move := self.next_move(ticket):
            self.move(ticket, move)

    def next_move(self, ticket: Ticket) -> str:
        """What happens next; nothing, at the end."""
        ways = WAYS.get(State(ticket.state), {"": 1})
        move = self.chance.choices(list(ways), list(ways.values()))[0]
        return "" if ticket.closed_by_day_end else move

    def move(self, ticket: Ticket, name: str) -> None:
        """Something happens, a while later."""
        before, move = ticket.state, MOVES[name]
        pause = 3_000_000_000 if before == State.WAITING else 900_000_000
        ticket.state_since += dt.timedelta(microseconds=self.chance.randrange(1, pause))
        ticket.state = move.target
        if move.target == State.CALLED:
            ticket.first_called_at = ticket.first_called_at or ticket.state_since
            ticket.last_called_at = ticket.state_since
            ticket.member = self.chance.choice(self.members)
        if name == "transfer":
            offering = self.chance.choice(self.offerings)
            ticket.service_id, ticket.department_id = offering.service_id, offering.department_id
        ticket.closed_by_day_end = name in BY_DAY_END
        self.step(ticket, name, before, move.target)

    def step(self, ticket: Ticket, name: str, before: str, after: str) -> None:
        """A row of the time line."""
        self.steps.append(
            Step(
                ticket=ticket,
                at=ticket.state_since,
                move=name,
                from_state=before,
                to_state=after,
                service_id=ticket.service_id,
                member=ticket.member,
            )
        )

    def ratings(self) -> Iterator[Rating]:
        """Half of the visits are rated, most at once, some a week later."""
        for ticket in self.tickets:
            if ticket.state == State.DONE and not ticket.closed_by_day_end:
                if self.chance.random() < 0.5:
                    continue
                late = dt.timedelta(days=self.chance.choice((0, 0, 0, 1, 7)))
                yield Rating(
                    ticket=ticket,
                    branch=self.branch,
                    service_id=ticket.service_id,
                    department_id=ticket.department_id,
                    member=ticket.member,
                    grade=self.chance.choices(Grade.values, (80, 15, 5))[0],
                    via=Via.PAD,
                    given_at=ticket.state_since + late,
                    day=calendar.local_day(self.branch, ticket.state_since + late),
                )

    def matters(self, count: int) -> None:
        """Matters of every fate: answered in time and late, put off, still open, in both months."""
        for _each in range(count):
            day = self.chance.choice(self.month.days)
            start, end = calendar.day_bounds(self.branch, day)
            received = start + (end - start) * self.chance.random()
            offering = self.chance.choice([*self.offerings, None])
            matter = Matter(
                branch=self.branch,
                kind=Kind.COMPLAINT,
                text="words",
                service_id=offering.service_id if offering else None,
                department_id=offering.department_id if offering else None,
                state_since=received,
                received_at=received,
                day=day,
                due_on=day + dt.timedelta(days=7),
            )
            matter.save()
            self.entry(matter, "receive", received)
            if self.chance.random() < 0.3:
                later = received + dt.timedelta(days=self.chance.randrange(1, 7))
                matter.extended_at, matter.due_on = later, matter.due_on + dt.timedelta(days=14)
                self.entry(matter, "extend", later)
            if self.chance.random() < 0.7:
                matter.replied_at = received + dt.timedelta(days=self.chance.random() * 40)
                self.entry(matter, "reply", matter.replied_at)
            matter.save()

    def entry(self, matter: Matter, move: str, at: dt.datetime) -> None:
        """A row of a matter's time line."""
        Entry.objects.create(
            matter=matter, at=at, move=move, to_state=matter.state, due_on=matter.due_on
        )


@cache
def last_month() -> Month:
    """The latest month that is over everywhere in China; the same one all through a run, which may
    go on into the next month."""
    return Month.of(timezone.localdate()).previous


def sum_up(branch: Branch, members: Sequence[Member], matters: int | None = None) -> Summary:
    """Last month and the one before have passed, and were summed up."""
    month = last_month()
    for each in (month.previous, month):
        Filler(branch, each, members).fill(2, matters)
        summary = actions.summarise(branch=branch, month=each)
    return summary


# --- the same figures, by hand ---

DIALECTS: Final = {
    "sqlite": {
        "seconds": "(julianday({until}) - julianday({since})) * 86400.0",
        "local_day": "date({at}, '+8 hours')",
        "local_slot": (
            "strftime('%%H:', {at}, '+8 hours') || CASE WHEN "
            "CAST(strftime('%%M', {at}, '+8 hours') AS integer) < 30 THEN '00' ELSE '30' END"
        ),
        "day_text": "CAST({at} AS text)",
    },
    "postgresql": {
        "seconds": "CAST(EXTRACT(EPOCH FROM {until} - {since}) AS double precision)",
        "local_day": "CAST({at} AT TIME ZONE 'Asia/Shanghai' AS date)",
        "local_slot": (
            "to_char(date_bin('30 minutes', {at} AT TIME ZONE 'Asia/Shanghai', "
            "timestamp '2000-01-01'), 'HH24:MI')"
        ),
        "day_text": "to_char({at}, 'YYYY-MM-DD')",
    },
}
VISITS: Final = """
    WITH line AS (
        SELECT ticket_id, to_state, at,
            LEAD(at) OVER (PARTITION BY ticket_id ORDER BY queueing_step.id) AS until
        FROM queueing_step
        JOIN queueing_ticket ON queueing_ticket.id = ticket_id
        WHERE branch_id = %(branch)s AND day BETWEEN %(first)s AND %(last)s
    ), served AS (
        SELECT ticket_id, SUM({seconds_line}) AS seconds
        FROM line WHERE to_state = 'serving' GROUP BY ticket_id
    ), visit AS (
        SELECT {key} AS k, state, closed_by_day_end AS closed,
            {seconds_wait} AS wait,
            CASE WHEN state IN ('done', 'no_show', 'cancelled', 'abandoned')
                AND NOT (state = 'done' AND closed_by_day_end) THEN served.seconds END AS service,
            CASE WHEN EXISTS (
                SELECT 1 FROM ratings_rating
                WHERE ratings_rating.ticket_id = ticket.id AND ratings_rating.day <= %(last)s
            ) THEN 1 ELSE 0 END AS is_rated
        FROM queueing_ticket AS ticket
        LEFT JOIN served ON served.ticket_id = ticket.id
        WHERE ticket.branch_id = %(branch)s AND day BETWEEN %(first)s AND %(last)s
    )
"""
COUNTS: Final = """
    SELECT k, COUNT(*),
        SUM(CASE WHEN state = 'done' THEN 1 ELSE 0 END),
        SUM(CASE WHEN state = 'no_show' THEN 1 ELSE 0 END),
        SUM(CASE WHEN state = 'cancelled' THEN 1 ELSE 0 END),
        SUM(CASE WHEN state = 'abandoned' THEN 1 ELSE 0 END),
        SUM(CASE WHEN state = 'done' AND closed THEN 1 ELSE 0 END),
        SUM(CASE WHEN state = 'done' AND NOT closed AND is_rated = 0 THEN 1 ELSE 0 END)
    FROM visit GROUP BY k
"""
SPREAD: Final = """
    SELECT k, n, AVG(CASE WHEN place IN ((n + 1) / 2, (n + 2) / 2) THEN length END),
        MIN(CASE WHEN place * 10 >= n * 9 THEN length END)
    FROM (
        SELECT k, {length} AS length, COUNT(*) OVER (PARTITION BY k) AS n,
            ROW_NUMBER() OVER (PARTITION BY k ORDER BY {length}) AS place
        FROM visit WHERE {length} IS NOT NULL
    ) AS ranked GROUP BY k, n
"""
RATINGS: Final = """
    SELECT {key}, SUM(CASE WHEN grade = 'satisfied' THEN 1 ELSE 0 END),
        SUM(CASE WHEN grade = 'basically' THEN 1 ELSE 0 END),
        SUM(CASE WHEN grade = 'dissatisfied' THEN 1 ELSE 0 END)
    FROM ratings_rating
    WHERE branch_id = %(branch)s AND day BETWEEN %(first)s AND %(last)s GROUP BY {key}
"""
MATTERS: Final = """
    WITH matter AS (
        SELECT {key} AS k, day, {replied_on} AS replied_on, due_on,
            (SELECT MAX(entry.due_on) FROM complaints_entry AS entry
             WHERE entry.matter_id = complaints_matter.id AND {entered_on} <= %(last)s) AS due_then
        FROM complaints_matter WHERE branch_id = %(branch)s AND day <= %(last)s
    )
    SELECT k, SUM(CASE WHEN day >= %(first)s THEN 1 ELSE 0 END),
        SUM(CASE WHEN replied_on BETWEEN %(first)s AND %(last)s AND replied_on <= due_on
            THEN 1 ELSE 0 END),
        SUM(CASE WHEN replied_on BETWEEN %(first)s AND %(last)s AND replied_on > due_on
            THEN 1 ELSE 0 END),
        SUM(CASE WHEN (replied_on IS NULL OR replied_on > %(last)s) AND due_then <= %(last)s
            THEN 1 ELSE 0 END),
        SUM(CASE WHEN replied_on IS NULL OR replied_on > %(last)s THEN 1 ELSE 0 END)
    FROM matter GROUP BY k
"""
# Of each scope: what tickets, ratings and matters are grouped by.
SCOPES: Final = {
    Row.Scope.BRANCH: ("0", "branch_id", "branch_id"),
    Row.Scope.DEPARTMENT: ("ticket.department_id", "department_id", "department_id"),
    Row.Scope.SERVICE: ("ticket.service_id", "service_id", "service_id"),
    Row.Scope.PERSON: ("ticket.member_id", "member_id", ""),
    Row.Scope.DAY: ("{day_text}", "{rating_day_text}", ""),
    Row.Scope.SLOT: ("{slot}", "", ""),
}
SQLResult = dict[Any, tuple[Any, ...]]


@dataclass(frozen=True)
class Plain:
    """The figures of a branch's month by plain SQL."""

    branch: Branch
    month: Month

    def run(self, sql: str) -> SQLResult:
        """The rows of a statement by their first column."""
        last = self.month.next.first - dt.timedelta(days=1)
        asked: dict[str, int | dt.date] = {
            "branch": self.branch.pk,
            "first": self.month.first,
            "last": last,
        }
        used = {name: value for name, value in asked.items() if f"%({name})s" in sql}
        with connection.cursor() as cursor:
            cursor.execute(sql, used)
            return {row[0]: tuple(row[1:]) for row in cursor.fetchall()}

    def visits(self, key: str) -> SQLResult:
        """Counts of tickets, then count, median and 90th percentile of waits and of services."""
        dialect = DIALECTS[connection.vendor]
        head = VISITS.format(
            key=key.format(
                day_text=dialect["day_text"].format(at="day"),
                slot=dialect["local_slot"].format(at="issued_at"),
            ),
            seconds_line=dialect["seconds"].format(since="at", until="until"),
            seconds_wait=dialect["seconds"].format(since="issued_at", until="first_called_at"),
        )
        counts = self.run(head + COUNTS)
        waits = self.run(head + SPREAD.format(length="wait"))
        services = self.run(head + SPREAD.format(length="service"))
        none = (0, None, None)
        return {k: (*row, *waits.get(k, none), *services.get(k, none)) for k, row in counts.items()}

    def ratings(self, key: str) -> SQLResult:
        """Ratings by grade."""
        day = DIALECTS[connection.vendor]["day_text"].format(at="day")
        return self.run(RATINGS.format(key=key.format(rating_day_text=day))) if key else {}

    def matters(self, key: str) -> SQLResult:
        """Received, answered in time and late, overdue, open."""
        local_day = DIALECTS[connection.vendor]["local_day"]
        dates = {
            "replied_on": local_day.format(at="replied_at"),
            "entered_on": local_day.format(at="entry.at"),
        }
        rows = self.run(MATTERS.format(key=key, **dates)) if key else {}
        return {key: row for key, row in rows.items() if any(row)}


def key_of(row: Row) -> Any:
    """What plain SQL calls the row."""
    keys = {
        Row.Scope.BRANCH: 0,
        Row.Scope.DEPARTMENT: row.department_id,
        Row.Scope.SERVICE: row.service_id,
        Row.Scope.PERSON: row.member_id,
        Row.Scope.DAY: str(row.day),
        Row.Scope.SLOT: row.slot and f"{row.slot:%H:%M}",
    }
    return keys[Row.Scope(row.scope)]


def check(branch: Branch, month: Month) -> int:
    """Fail unless the newest summary of the month says what plain SQL says; returns its tickets.

    Counts are exact, lengths equal to the second.
    """
    summary = Summary.objects.of(branch, month)[0]
    plain = Plain(branch, month)
    for scope, keys in SCOPES.items():
        visits, ratings = plain.visits(keys[0]), plain.ratings(keys[1])
        matters = plain.matters(keys[2])
        rows = {key_of(row): row for row in summary.rows.filter(scope=scope)}
        if scope == Row.Scope.BRANCH:
            ratings = dict(enumerate(ratings.values()))
            matters = dict(enumerate(matters.values()))
        found = {*visits, *ratings, *matters}
        if scope == Row.Scope.PERSON:
            found.discard(None)
        assert found <= set(rows), f"{scope}: no row for {found - set(rows)}"
        for key, row in rows.items():
            where = f"{branch.slug} {month} {scope} {key}"
            check_visits(row, visits.get(key), where, has_ratings=bool(keys[1]))
            check_counts(row, "satisfied basically dissatisfied", ratings.get(key), keys[1], where)
            names = "received answered_in_time answered_late overdue open"
            check_counts(row, names, matters.get(key), keys[2], where)
    return summary.rows.get(scope=Row.Scope.BRANCH).issued


def check_visits(
    row: Row, expected: tuple[Any, ...] | None, where: str, *, has_ratings: bool
) -> None:
    """One row's tickets and lengths."""
    wanted = expected or (0,) * 7 + (0, None, None) * 2
    counts = (row.issued, row.done, row.no_show, row.cancelled, row.abandoned)
    assert (*counts, row.closed_by_day_end) == wanted[:6], where
    assert row.unrated == (wanted[6] if has_ratings else None), where
    assert (row.waits, row.services) == (wanted[7], wanted[10]), where
    lengths = (row.wait_median, row.wait_p90, row.service_median, row.service_p90)
    for length, seconds in zip(lengths, (*wanted[8:10], *wanted[11:13]), strict=True):
        assert (length is None) == (seconds is None), where
        if length is not None:
            assert abs(length.total_seconds() - seconds) < 1, where


def check_counts(
    row: Row, names: str, expected: tuple[Any, ...] | None, key: str, where: str
) -> None:
    """One row's ratings or matters; null where the scope has none."""
    columns = names.split()
    nothing = (0 if key else None,) * len(columns)
    assert tuple(getattr(row, name) for name in columns) == (expected or nothing), where
