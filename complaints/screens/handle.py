"""One matter before those who answer it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from django.db.models import QuerySet
from django.utils import timezone
from django.utils.functional import Promise

from complaints import owners
from complaints.models import OPEN, Entry, Matter
from complaints.owed import YELLOW_DAYS, Due, due
from complaints.states import MOVES, is_answered
from hall import calendar
from hall.formats import whole_minutes
from queueing import spans
from queueing.models import State, Step, Ticket
from staff.models import Member


@dataclass(frozen=True)
class Visit:
    """The ticket that a matter is about, in short."""

    ticket: Ticket
    steps: Sequence[Step]
    now: dt.datetime

    @property
    def waited(self) -> int | None:
        """Whole minutes in line."""
        in_line = spans.total(spans.of(self.steps, self.now), State.WAITING)
        return None if in_line is None else whole_minutes(in_line)

    @property
    def served(self) -> int | None:
        """Whole minutes at the counter, pauses left out; None for a visit that never began."""
        length = spans.served(self.ticket, self.steps, self.now)
        return None if length is None else whole_minutes(length)


@dataclass(frozen=True)
class Line:
    """An entry of the time line, as the staff see it."""

    entry: Entry
    is_new: bool

    @property
    def label(self) -> Promise:
        return MOVES[self.entry.move].label


@dataclass(frozen=True)
class File:
    """A matter before those who answer it."""

    matter: Matter
    due: Due | None
    visit: Visit | None
    about: Sequence[Member]
    lines: Sequence[Line]
    others: Sequence[Member] = field(default=())

    @property
    def seen(self) -> int:
        """The last entry that the page shows."""
        return self.lines[-1].entry.pk if self.lines else 0

    @property
    def is_open(self) -> bool:
        return self.matter.state in OPEN

    @property
    def is_answered(self) -> bool:
        """Whether it may be closed."""
        return is_answered(line.entry.move for line in self.lines)

    @property
    def forms(self) -> set[str]:
        """The moves that the page has a form for."""
        if not self.is_open:
            return {"reopen", "note"}
        can_wait = self.matter.extended_at is None and self.matter.replied_at is None
        always = {"contact", "note", "assign", "reply", "close"}
        return always | ({"extend"} if can_wait else set())


def case(matter: Matter, *, seen: int | None = None) -> File:
    """Everything on the page of one matter; entries after ``seen`` are marked as new."""
    now = timezone.now()
    today, week = calendar.local_day(matter.branch, now), calendar.work_week(matter.branch)
    entries = matter.entries.select_related("by", "owner")
    about = list(matter.about.all())
    return File(
        matter=matter,
        due=due(matter, today, week, YELLOW_DAYS.at(matter.branch, now)),
        visit=visit_of(matter, now),
        about=about,
        lines=[Line(each, seen is not None and each.pk > seen) for each in entries],
        others=list(assignable(matter, {each.pk for each in about})),
    )


def visit_of(matter: Matter, now: dt.datetime) -> Visit | None:
    if matter.ticket is None:
        return None
    return Visit(matter.ticket, list(matter.ticket.steps.order_by("id")), now)


def assignable(matter: Matter, about: Collection[int]) -> QuerySet[Member]:
    """Who else may own the matter: nobody whom it is about."""
    others = owners.handlers(matter.branch).exclude(pk__in=about)
    if matter.owner_id is not None:
        others = others.exclude(pk=matter.owner_id)
    return others.order_by("staff_number")
