"""The list of matters, for those who answer them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from django.db.models import Case, Count, F, Q, QuerySet, When
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from complaints.models import OPEN, Matter, MatterQuerySet, State
from complaints.owed import ACTIVE, NEWS, WAITING, YELLOW_DAYS, Due, due, overdue
from hall import calendar
from hall.models import Branch, fetch_rules
from staff.models import Member

ROWS_A_PAGE: Final = 50


@dataclass(frozen=True)
class Row:
    """A matter in the list of those who answer."""

    matter: Matter
    due: Due | None

    @property
    def excerpt(self) -> str:
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
    """What somebody asks the list for."""

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


LABELS: Final = {
    "mine": _("Mine"),
    "unassigned": _("Without owner"),
    "open": _("All open"),
    "overdue": _("Overdue"),
    "contact": _("Waiting for first contact"),
    "closed": pgettext_lazy("matters", "Closed"),
}


def wheres(member: Member, today: Mapping[int, dt.date]) -> dict[str, Q]:
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
    matters = narrowed(Matter.objects.visible_to(member).listed(), wanted)
    where = wheres(member, today)
    first = (wanted.page - 1) * ROWS_A_PAGE
    found = in_order(matters.filter(where[wanted.tab]), wanted.tab)
    # One more than has room tells whether there is another page: no count of all that was closed.
    shown = list(found[first : first + ROWS_A_PAGE + 1])
    weeks = calendar.work_weeks(list(branches))
    fetch_rules(branches.values())
    yellow = {pk: YELLOW_DAYS.at(branch, moment) for pk, branch in branches.items()}

    def row(matter: Matter) -> Row:
        pk = matter.branch_id
        return Row(matter, due(matter, today[pk], weeks[pk], yellow[pk]))

    rows = [row(each) for each in shown[:ROWS_A_PAGE]]
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


def in_order(matters: MatterQuerySet, tab: str) -> QuerySet[Matter]:
    """By what is due next; closed ones by when they were, the latest first."""
    rows = matters.select_related("branch", "owner", "ticket", "counter", "department")
    if tab == "closed":
        return rows.order_by("-closed_at", "-pk")
    next_due = Case(When(WAITING, then=F("contact_due_on")), default=F("due_on"))
    is_settled = Case(When(Q(replied_at=None) | NEWS, then=0), default=1)
    return rows.order_by(is_settled, next_due, "pk")
