"""A branch's month in figures, as small frozen values.

Everything is as of the month's last moment at the branch, so that a summary made later is the
same: no ticket of the month changes any more, ratings and replies have their day, and due dates
are those that held then. Medians and percentiles are of all lengths themselves, never of means.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter as Tally
from collections import defaultdict
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from hall.calendar import Month
from hall.models import Branch, Department, Service
from queueing.figures.spread import Spread
from queueing.models import State
from ratings.figures import measures
from ratings.models import Grade, Row
from staff.models import Member

NO_LENGTHS: Final = Spread(0, None, None)
Subject = Branch | Department | Service | Member | dt.date | dt.time | None


@dataclass(frozen=True)
class Visits:
    """Tickets by the day on which they were issued, each in exactly one outcome.

    ``issued``: all tickets of the month's days; nothing is left out. The outcomes add up to it.
    ``done``, ``no_show``, ``cancelled``, ``abandoned``: tickets by their final state.
    ``closed_by_day_end``: those of ``done`` that nobody finished; the close of the day did.
    ``waits``: from issue to first call, one length for every ticket that was called, also if the
    visitor did not come. Left out: tickets that were never called.
    ``services``: all the time in which a visitor was being served, one length for every visit
    that was served at all, whatever became of it: also of one put on hold that nobody went on
    with. Left out of a length: time on hold, in line again after a transfer, between a finish
    and its undoing. Left out altogether: ``closed_by_day_end``.
    ``unrated``: visits that a clerk finished and that had no rating when the month ended.

    A service's tickets are those that ended there; a department's, those whose last line it gave
    when they came into it; a person's, those that they dealt with last.
    """

    issued: int = 0
    done: int = 0
    no_show: int = 0
    cancelled: int = 0
    abandoned: int = 0
    closed_by_day_end: int = 0
    waits: Spread = NO_LENGTHS
    services: Spread = NO_LENGTHS
    unrated: int = 0


@dataclass(frozen=True)
class Grades:
    """Ratings by the day on which they were given, each once, also of a visit of the month
    before. Department, service and person are those of the visit. No rating is no grade."""

    satisfied: int = 0
    basically: int = 0
    dissatisfied: int = 0


@dataclass(frozen=True)
class Matters:
    """Matters of the box as a flow through the month; what was not about a service or a
    department counts where these are null. Persons have none.

    ``received``: came in the month. ``answered_in_time``, ``answered_late``: whose first reply was
    in the month, on or before the due day or after it, whenever they came.
    ``open``: without a reply when the month ended. ``overdue``: those of ``open`` that were due in
    the month or before.
    """

    received: int = 0
    answered_in_time: int = 0
    answered_late: int = 0
    overdue: int = 0
    open: int = 0


@dataclass(frozen=True)
class Part:
    """The figures of the branch, or of a part of its month. None: it has no such figures."""

    scope: Row.Scope
    subject: Subject
    visits: Visits
    grades: Grades | None
    matters: Matters | None


@dataclass(frozen=True)
class Keys:
    """What a scope groups by: a key for each ticket, a column of ratings and one of matters."""

    tickets: Sequence[Hashable]
    rating: str | None
    matter: str | None


@dataclass(frozen=True)
class Found:
    """A scope's figures by key."""

    visits: Mapping[Any, Visits]
    grades: Mapping[Any, Grades] | None
    matters: Mapping[Any, Matters] | None

    @property
    def keys(self) -> set[Any]:
        """Everything that there is a figure for."""
        return {*self.visits, *(self.grades or ()), *(self.matters or ())}

    def part(self, scope: Row.Scope, key: Hashable, subject: Subject) -> Part:
        """The figures of one key; zero where nothing was found."""
        grades = None if self.grades is None else self.grades.get(key, Grades())
        matters = None if self.matters is None else self.matters.get(key, Matters())
        return Part(scope, subject, self.visits.get(key, Visits()), grades, matters)


def month_figures(branch: Branch, month: Month) -> list[Part]:
    """All figures of the branch's month, scope by scope, in the order in which people read them.

    A fixed number of queries: one pass over the tickets with their time lines, one over ratings,
    one over matters, and the names.
    """
    tickets = measures.tickets(branch, month)
    ratings, matters = measures.ratings(branch, month), measures.matters(branch, month)
    parts = []
    for scope, keys in _keys(branch, tickets).items():
        found = Found(
            _visits(keys.tickets, tickets),
            None if keys.rating is None else _grades(keys.rating, ratings),
            None if keys.matter is None else _matters(keys.matter, matters),
        )
        subjects = _subjects(scope, branch, month, found.keys)
        parts += [found.part(scope, key, subject) for key, subject in subjects]
    return parts


def _keys(branch: Branch, tickets: measures.Tickets) -> dict[Row.Scope, Keys]:
    # Once for each day and quarter, not for each of 50,000 tickets.
    days = {text: dt.date.fromisoformat(text) for text in set(tickets.days)}
    slots = {quarter: _slot(branch, quarter) for quarter in set(tickets.quarters)}
    scope = Row.Scope
    return {
        scope.BRANCH: Keys([branch.pk] * len(tickets.days), "branch", "branch"),
        scope.DEPARTMENT: Keys(tickets.departments, "department", "department"),
        scope.SERVICE: Keys(tickets.services, "service", "service"),
        scope.PERSON: Keys(tickets.members, "member", None),
        scope.DAY: Keys([days[each] for each in tickets.days], "day", None),
        scope.SLOT: Keys([slots[each] for each in tickets.quarters], None, None),
    }


def _slot(branch: Branch, quarter: int) -> dt.time:
    """The half hour of the branch's clock."""
    local = dt.datetime.fromtimestamp(quarter * measures.QUARTER, branch.zone_info)
    return dt.time(local.hour, local.minute // 30 * 30)


def _visits(keys: Sequence[Hashable], tickets: measures.Tickets) -> dict[Hashable, Visits]:
    tallies: dict[Hashable, Tally[str]] = defaultdict(Tally)
    for (key, outcome), count in Tally(zip(keys, tickets.outcomes, strict=True)).items():
        tallies[key][outcome] = count
    waits = _spreads(keys, tickets.waits)
    services = _spreads(keys, tickets.services_lengths)
    return {
        key: Visits(
            issued=tally.total(),
            done=tally[measures.RATED] + tally[measures.UNRATED] + tally[measures.UNFINISHED],
            no_show=tally[State.NO_SHOW],
            cancelled=tally[State.CANCELLED],
            abandoned=tally[State.ABANDONED],
            closed_by_day_end=tally[measures.UNFINISHED],
            waits=waits[key],
            services=services[key],
            unrated=tally[measures.UNRATED],
        )
        for key, tally in tallies.items()
    }


def _spreads(
    keys: Sequence[Hashable], lengths: Sequence[int | None]
) -> defaultdict[Hashable, Spread]:
    by_key: dict[Hashable, list[int]] = defaultdict(list)
    for key, length in zip(keys, lengths, strict=True):
        if length is not None:
            by_key[key].append(length)
    found = {key: Spread.of_microseconds(each) for key, each in by_key.items()}
    return defaultdict(lambda: NO_LENGTHS, found)


def _grades(column: str, rows: Iterable[Mapping[str, Any]]) -> dict[Hashable, Grades]:
    tallies: dict[Hashable, Tally[str]] = defaultdict(Tally)
    for row in rows:
        tallies[row[column]][row["grade"]] += row["n"]
    return {
        key: Grades(tally[Grade.SATISFIED], tally[Grade.BASICALLY], tally[Grade.DISSATISFIED])
        for key, tally in tallies.items()
    }


def _matters(column: str, rows: Iterable[Mapping[str, Any]]) -> dict[Hashable, Matters]:
    tallies: dict[Hashable, Tally[str]] = defaultdict(Tally)
    for row in rows:
        tallies[row[column]].update({name: row[name] for name in Matters.__dataclass_fields__})
    return {key: Matters(**tally) for key, tally in tallies.items()}


def _subjects(
    scope: Row.Scope, branch: Branch, month: Month, keys: set[Any]
) -> list[tuple[Hashable, Subject]]:
    """Whom or what a scope has rows for: every day, half hours without a gap, and else what there
    is a figure for: who asks the place finds departments that were opened since. Last, what has
    no department or service; tickets that nobody dealt with are in no person's row."""
    known = [key for key in keys if key is not None]
    match scope:
        case Row.Scope.BRANCH:
            return [(branch.pk, branch)]
        case Row.Scope.DAY:
            return [(day, day) for day in month.days]
        case Row.Scope.SLOT:
            return [(slot, slot) for slot in _half_hours(known)]
        case Row.Scope.PERSON:
            people = Member.objects.filter(pk__in=known).order_by("staff_number", "pk")
            return [(each.pk, each) for each in people]
        case Row.Scope.SERVICE:
            rows: Iterable[Service | Department] = Service.objects.filter(pk__in=known)
        case Row.Scope.DEPARTMENT:
            departments = Department.objects.filter(pk__in=known)
            rows = departments.order_by("branch", "order", "pk")
    nothing: list[tuple[Hashable, Subject]] = [(None, None)] if None in keys else []
    return [(each.pk, each) for each in rows] + nothing


def _half_hours(slots: Sequence[dt.time]) -> list[dt.time]:
    """Every half hour from the first to the last of these."""
    if not slots:
        return []
    numbers = [each.hour * 2 + each.minute // 30 for each in slots]
    return [dt.time(each // 2, each % 2 * 30) for each in range(min(numbers), max(numbers) + 1)]
