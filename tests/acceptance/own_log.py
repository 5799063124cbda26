"""The replay's own log: what every visitor was told by the hall, and when by their own clock.

Nothing in it comes from the database. At the end it is compared with the software's figures.
"""

from __future__ import annotations

import csv
import datetime as dt
import statistics
import threading
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from demo.visitors.desk import View
from demo.visitors.kiosk import Taken
from tests.acceptance.history import Row

MICROSECOND: Final = dt.timedelta(microseconds=1)
CLOCK_STEP = 0.002  # how finely two clocks of one machine can be compared, seconds
ABANDONED: Final = "abandoned"
STATES: Final = ("done", "no_show", "cancelled", ABANDONED)
COLUMNS: Final = (
    "number arrived service lane code counter outcome issued_at called_at started_at finished_at "
    "own_issued own_called own_started own_finished".split()
)


@dataclass(frozen=True)
class Moment:
    """When the hall says that something was, and the own clock before and after it was told."""

    told: dt.datetime
    sent: float
    received: float


@dataclass
class Visitor:
    """One row of the day, and what became of it."""

    row: Row
    taken: Taken | None = None
    called: Moment | None = None
    started: Moment | None = None
    finished: Moment | None = None
    counter: int | None = None
    outcome: str = ""
    has_left: bool = False

    @property
    def issued(self) -> Moment | None:
        """When the ticket was issued."""
        if self.taken is None:
            return None
        return Moment(self.taken.issued_at, self.taken.sent, self.taken.received)

    @property
    def is_waiting(self) -> bool:
        """Whether the visitor has a ticket that nobody has called or cancelled."""
        return self.taken is not None and self.called is None and not self.outcome


@dataclass(frozen=True)
class Figures:
    """Tickets, outcomes, waits and lengths of service of a day."""

    issued: int
    by_state: Mapping[str, int]
    waits: Mapping[str, int | None]
    services: Mapping[str, int | None]

    @classmethod
    def told_by_software(cls, told: Mapping[str, Any]) -> Figures:
        """What ``manage.py day_figures --json`` says."""
        by_state = {state: count for state, count in told["by_state"].items() if count}
        return cls(told["issued"], by_state, told["waits"], told["services"])

    def differences(self, other: Figures) -> list[str]:
        """The figures in which the two are not equal."""
        mine, theirs = self.as_table(), other.as_table()
        names = dict.fromkeys([*mine, *theirs])
        return [name for name in names if mine.get(name, 0) != theirs.get(name, 0)]

    def as_table(self) -> dict[str, int | None]:
        """Every figure by its name."""
        return {
            "tickets issued": self.issued,
            **self.by_state,
            **{f"waits, {name}": value for name, value in self.waits.items()},
            **{f"services, {name}": value for name, value in self.services.items()},
        }


@dataclass
class OwnLog:
    """All visitors of the day; several threads write in it."""

    visitors: list[Visitor]
    by_token: dict[str, Visitor] = field(default_factory=dict)
    by_code: dict[str, Visitor] = field(default_factory=dict)
    in_line: dict[str, Visitor] = field(default_factory=dict)
    changed: threading.Condition = field(default_factory=threading.Condition)
    surprises: list[str] = field(default_factory=list)

    def took(self, visitor: Visitor, taken: Taken) -> None:
        """A visitor has a ticket."""
        with self.changed:
            if taken.code in self.by_code:
                self.surprises.append(f"{taken.code} was given to two visitors")
            visitor.taken = taken
            self.by_token[taken.token] = self.by_code[taken.code] = visitor
            self.in_line[taken.code] = visitor
            self.changed.notify_all()

    def ended(self, visitor: Visitor, outcome: str) -> None:
        """A visit has its outcome."""
        with self.changed:
            if visitor.outcome not in ("", outcome):
                self.surprises.append(f"visitor {visitor.row.number}: {visitor.outcome}, {outcome}")
            visitor.outcome = outcome
            self._leaves_line(visitor)

    def visitor_of(self, code: str, patience: float) -> Visitor:
        """Whose ticket it is; who is still on the way from the kiosk is waited for."""
        with self.changed:
            if not self.changed.wait_for(lambda: code in self.by_code, patience):
                raise LookupError("a ticket was called that nobody took")
            return self.by_code[code]

    def note(self, view: View, patience: float = 60) -> None:
        """Write down what a desk shows that was not known yet."""
        if view.visitor:
            visitor = self.visitor_of(view.visitor.code, patience)
            with self.changed:
                self._note_visit(visitor, view)
        if view.result and view.result.state in ("done", "no_show"):
            visitor = self.visitor_of(view.result.code, patience)
            if view.result.state == "done" and visitor.finished is None:
                visitor.finished = Moment(view.result.since, view.sent, view.received)
            self.ended(visitor, view.result.state)
        for code in view.missed:
            self.ended(self.visitor_of(code, patience), "no_show")

    def _note_visit(self, visitor: Visitor, view: View) -> None:
        assert view.visitor is not None
        if visitor.counter not in (None, view.counter):
            self.surprises.append(f"visitor {visitor.row.number} was at two counters")
        visitor.counter = view.counter
        if visitor.called is None:
            visitor.called = Moment(view.visitor.first_called_at, view.sent, view.received)
            self._leaves_line(visitor)
        if view.state == "serving" and visitor.started is None:
            visitor.started = Moment(view.visitor.since, view.sent, view.received)

    def _leaves_line(self, visitor: Visitor) -> None:
        assert visitor.taken is not None
        self.in_line.pop(visitor.taken.code, None)

    def is_awaited(self, services: Iterable[str]) -> bool:
        """Whether anybody waits for one of these services."""
        return not {each.row.service for each in self.in_line.values()}.isdisjoint(services)

    def figures(self) -> Figures:
        """The figures of the day as this log has them."""
        with_ticket = [each for each in self.visitors if each.taken]
        return Figures(
            issued=len(self.by_token),
            by_state=dict(Counter(each.outcome for each in with_ticket)),
            waits=spread(lengths(with_ticket, "issued", "called")),
            services=spread(lengths(with_ticket, "started", "finished")),
        )

    def write(self, path: Path) -> None:
        """Keep it as a table."""
        with path.open("w", newline="") as file:
            table = csv.writer(file)
            table.writerow(COLUMNS)
            table.writerows(map(as_row, self.visitors))


def as_row(visitor: Visitor) -> list[object]:
    """A visitor's row of the table."""
    row, moments = visitor.row, (visitor.called, visitor.started, visitor.finished)
    all_moments = (visitor.issued, *moments)
    return [
        row.number,
        row.arrives,
        row.service,
        "assisted" if row.is_assisted else "ordinary",
        visitor.taken.code if visitor.taken else "",
        visitor.counter or "",
        visitor.outcome,
        *(each.told.isoformat() if each else "" for each in all_moments),
        *(f"{each.received:.6f}" if each else "" for each in all_moments),
    ]


def lengths(visitors: Sequence[Visitor], first: str, last: str) -> list[int]:
    """The time between two moments of those who have both, in microseconds as the hall told."""
    return [(end.told - start.told) // MICROSECOND for start, end in both(visitors, first, last)]


def both(visitors: Sequence[Visitor], first: str, last: str) -> list[tuple[Moment, Moment]]:
    """Two moments of those who have both."""
    pairs = ((getattr(each, first), getattr(each, last)) for each in visitors)
    return [(start, end) for start, end in pairs if start and end]


def spread(values: Sequence[int]) -> dict[str, int | None]:
    """Count, median and 90th percentile (nearest rank), as the software defines them."""
    if not values:
        return {"count": 0, "median_us": None, "p90_us": None}
    ordered = sorted(values)
    rank = next(n for n in range(1, len(ordered) + 1) if 10 * n >= 9 * len(ordered))
    return {
        "count": len(ordered),
        "median_us": round(statistics.median(ordered)),
        "p90_us": ordered[rank - 1],
    }


@dataclass(frozen=True)
class OwnClock:
    """How the lengths that the hall told agree with the own clock.

    A length is right if it lies between the shortest and the longest that the requests allow.
    """

    count: int
    wrong: int
    median_difference: float
    longest_span: float

    @classmethod
    def of(cls, pairs: Sequence[tuple[Moment, Moment]]) -> OwnClock:
        """Compare these."""
        differences = [
            abs((end.told - start.told).total_seconds() - (end.received - start.received))
            for start, end in pairs
        ]
        return cls(
            count=len(pairs),
            wrong=sum(not agrees(start, end) for start, end in pairs),
            median_difference=statistics.median(differences) if differences else 0.0,
            longest_span=max((m.received - m.sent for pair in pairs for m in pair), default=0.0),
        )


def agrees(start: Moment, end: Moment) -> bool:
    """Whether a length that was told fits the own clock."""
    told = (end.told - start.told).total_seconds()
    shortest, longest = end.sent - start.received, end.received - start.sent
    return shortest - CLOCK_STEP <= told <= longest + CLOCK_STEP
