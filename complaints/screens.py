"""What the pages of the box show, gathered in a fixed number of queries."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from django.db.models import Case, Count, F, Q, QuerySet, When
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from complaints import owners
from complaints.models import OPEN, Entry, Matter, MatterQuerySet, State
from complaints.states import MOVES, is_answered
from hall import calendar
from hall.calendar import WorkWeek
from hall.models import Branch
from queueing.models import Step, Ticket
from staff.models import Member

YELLOW_WITHIN: Final = 1  # working days before the due day
ROWS_A_PAGE: Final = 50
MINUTE: Final = dt.timedelta(minutes=1)


# --- for the visitor ---


@dataclass(frozen=True)
class Tracking:
    """How a visitor's matter goes on: what they may know of its time line, and until when."""

    matter: Matter
    entries: Sequence[Entry]
    today: dt.date

    @property
    def is_late(self) -> bool:
        """Whether the promised day is past without an answer."""
        return owners.is_owed(self.matter, self.today)


def tracking(matter: Matter, now: dt.datetime | None = None) -> Tracking:
    """The public part of a matter, in one query."""
    shown = Q(is_public=True) | Q(move="receive")
    today = calendar.local_day(matter.branch, now or timezone.now())
    return Tracking(matter, list(matter.entries.filter(shown)), today)


# --- for those who answer ---


@dataclass(frozen=True)
class Due:
    """The next thing that is due in a matter: the answer, or first the contact."""

    day: dt.date
    left: int
    is_contact: bool
    today: dt.date

    @property
    def card(self) -> str:
        """``red`` after the day, ``yellow`` from one working day before it on."""
        if self.today > self.day:
            return "red"
        return "yellow" if self.left <= YELLOW_WITHIN else ""

    @property
    def late(self) -> int:
        """Working days since the day."""
        return -self.left


@dataclass(frozen=True)
class Row:
    """A matter in the list of those who answer."""

    matter: Matter
    due: Due | None

    @property
    def excerpt(self) -> str:
        """How it begins."""
        return " ".join(self.matter.text[:400].split())[:120]


@dataclass(frozen=True)
class Tab:
    """A way to look at the list, and how many matters it shows."""

    name: str
    label: Promise
    count: int | None
    is_current: bool


@dataclass(frozen=True)
class Wanted:
    """What somebody asks the list for; an unknown word asks for nothing."""

    tab: str = "open"
    kind: str = ""
    branch: str = ""
    digits: str = ""
    page: int = 1


@dataclass(frozen=True)
class Listing:
    """The list: its tabs, and one page of rows."""

    tabs: Sequence[Tab]
    rows: Sequence[Row]
    wanted: Wanted
    has_more: bool


NEWS: Final = Q(news_since__isnull=False)
ACTIVE: Final = Q(state__in=OPEN) | NEWS
WAITING: Final = Q(state__in=OPEN, contact_due_on__isnull=False, contacted_at=None, replied_at=None)
LABELS: Final = {
    "mine": _("Mine"),
    "unassigned": _("Without owner"),
    "open": _("All open"),
    "overdue": _("Overdue"),
    "contact": _("Waiting for first contact"),
    "closed": pgettext_lazy("matters", "Closed"),
}


def wheres(member: Member, today: Mapping[int, dt.date]) -> dict[str, Q]:
    """What each tab shows."""
    return {
        "mine": ACTIVE & Q(owner=member),
        "unassigned": ACTIVE & Q(owner=None),
        "open": ACTIVE,
        "overdue": Q(state__in=OPEN) & overdue(today),
        "contact": WAITING,
        "closed": Q(state=State.CLOSED),
    }


def listing(member: Member, wanted: Wanted, now: dt.datetime | None = None) -> Listing:
    """The list of matters that the member may see, in a fixed number of queries."""
    moment = now or timezone.now()
    branches = {each.pk: each for each in Branch.objects.all()}
    today = {pk: calendar.local_day(branch, moment) for pk, branch in branches.items()}
    matters = narrowed(Matter.objects.visible_to(member), wanted)
    where = wheres(member, today)
    first = (wanted.page - 1) * ROWS_A_PAGE
    found = in_order(matters.filter(where[wanted.tab]), wanted.tab)
    shown = list(found[first : first + ROWS_A_PAGE + 1])
    weeks = calendar.work_weeks(list(branches))
    rows = [
        Row(each, due(each, today[each.branch_id], weeks[each.branch_id]))
        for each in shown[:ROWS_A_PAGE]
    ]
    return Listing(tabs(matters, where, wanted), rows, wanted, len(shown) > ROWS_A_PAGE)


def tabs(matters: MatterQuerySet, where: Mapping[str, Q], wanted: Wanted) -> list[Tab]:
    """The tabs with how many each shows; closed ones are not counted: they only get more."""
    counted = {name: q for name, q in where.items() if name != "closed"}
    counts = matters.filter(ACTIVE).aggregate(
        **{name: Count("pk", filter=q) for name, q in counted.items()}
    )
    return [
        Tab(name, label, counts.get(name), name == wanted.tab) for name, label in LABELS.items()
    ]


def narrowed(matters: MatterQuerySet, wanted: Wanted) -> MatterQuerySet:
    """Those of the kind, branch and number that somebody asks for."""
    if wanted.kind:
        matters = matters.filter(kind=wanted.kind)
    if wanted.branch:
        matters = matters.filter(branch__slug=wanted.branch)
    if wanted.digits:
        matters = matters.filter(reference__contains=wanted.digits)
    return matters


def overdue(today: Mapping[int, dt.date]) -> Q:
    """Matters whose answer, or first contact, should have been by now at their branch."""
    late = Q(pk__in=[])
    for day in set(today.values()):
        here = Q(branch__in=[pk for pk, each in today.items() if each == day])
        late |= here & Q(replied_at=None, due_on__lt=day)
        late |= here & WAITING & Q(contact_due_on__lt=day)
    return late


def in_order(matters: MatterQuerySet, tab: str) -> QuerySet[Matter]:
    """By what is due next; closed ones by when they were, the latest first."""
    rows = matters.select_related("branch", "owner", "ticket", "counter", "department")
    if tab == "closed":
        return rows.order_by("-closed_at", "-pk")
    next_due = Case(When(WAITING, then=F("contact_due_on")), default=F("due_on"))
    is_settled = Case(When(Q(replied_at=None) | NEWS, then=0), default=1)
    return rows.order_by(is_settled, next_due, "pk")


def due(matter: Matter, today: dt.date, week: WorkWeek) -> Due | None:
    """What is due next, if anything still is."""
    if matter.replied_at is not None:
        return None
    is_contact = matter.contact_due_on is not None and matter.contacted_at is None
    day = matter.contact_due_on if is_contact and matter.contact_due_on else matter.due_on
    return Due(day, week.left(today, day), is_contact, today)


@dataclass(frozen=True)
class Visit:
    """The ticket that a matter is about, in short."""

    ticket: Ticket
    steps: Sequence[Step]

    @property
    def waited(self) -> int | None:
        """Whole minutes from the ticket to the first call."""
        called = self.ticket.first_called_at
        return None if called is None else (called - self.ticket.issued_at) // MINUTE

    @property
    def served(self) -> int | None:
        """Whole minutes at the counter, pauses left out; None for a visit that never began."""
        lengths = [
            after.at - step.at
            for step, after in zip(self.steps, self.steps[1:], strict=False)
            if step.to_state == "serving"
        ]
        return sum(lengths, dt.timedelta()) // MINUTE if lengths else None


@dataclass(frozen=True)
class Line:
    """An entry of the time line, as the staff see it."""

    entry: Entry
    is_new: bool

    @property
    def label(self) -> Promise:
        """What happened."""
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
        """Whether it can still be worked on."""
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
    today = calendar.local_day(matter.branch, timezone.now())
    week = calendar.work_weeks([matter.branch_id])[matter.branch_id]
    entries = matter.entries.select_related("by", "owner")
    about = list(matter.about.all())
    return File(
        matter=matter,
        due=due(matter, today, week),
        visit=visit_of(matter),
        about=about,
        lines=[Line(each, seen is not None and each.pk > seen) for each in entries],
        others=list(assignable(matter, {each.pk for each in about})),
    )


def visit_of(matter: Matter) -> Visit | None:
    """The visit, if the matter names one."""
    if matter.ticket is None:
        return None
    return Visit(matter.ticket, list(matter.ticket.steps.order_by("id")))


def assignable(matter: Matter, about: Collection[int]) -> QuerySet[Member]:
    """Who else may own the matter: nobody whom it is about."""
    others = owners.handlers(matter.branch).exclude(pk__in=about)
    if matter.owner_id is not None:
        others = others.exclude(pk=matter.owner_id)
    return others.order_by("staff_number")
