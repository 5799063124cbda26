"""The parts of the supervisor's page. Each app plugs in its own.

A panel says who may see it, what stands in it, and what changes when it should be fetched again.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from django.db.models import Count, Max
from django.urls import reverse
from django.utils.translation import gettext as _

from hall import calendar
from hall.events import Event
from hall.live import fingerprint
from hall.models import Branch, Parcel
from hall.plugs import Socket
from staff import access, alarms, duty
from staff.look import Look
from staff.models import Duty
from staff.rights import Right

ALARMS_SHOWN = 6  # the rest is a press away, so that the floor stays in view


@dataclass(frozen=True)
class Panel:
    """One part of the page. Without a ``revision`` of its own it follows all the others."""

    right: Right
    template: str
    context: Callable[[Look], Mapping[str, object]]
    revision: Callable[[Branch, dt.datetime], object] | None
    changed_by: frozenset[Event]


@dataclass(frozen=True)
class Cell:
    """A figure of one branch in the view over all of them, and where its rows are."""

    value: str
    href: str = ""
    note: str = ""
    looks: bool = False


@dataclass(frozen=True)
class Column:
    """A figure of every branch."""

    heading: str
    cells: Mapping[int, Cell] = field(default_factory=dict)


# The parts of a branch's page, and the columns of the table of all branches.
PANELS: Socket[Panel] = Socket("panels")
OVERVIEW: Socket[Callable[[Look], Sequence[Column]]] = Socket("overview")


def revisions(branch: Branch, now: dt.datetime) -> dict[str, str]:
    """What each panel was made of, as short marks that tell nothing else."""
    # Panels of one app may share what they go by: it is asked once.
    asked = {panel.revision for panel in PANELS if panel.revision is not None}
    marks = {revision: fingerprint(revision(branch, now)) for revision in asked}
    found = {
        name: marks[panel.revision] for name, panel in PANELS.items() if panel.revision is not None
    }
    whole = fingerprint([sorted(found.items()), _undelivered(branch)])
    return {name: found.get(name, whole) for name, _panel in PANELS.items()}


def changed_by() -> frozenset[Event]:
    """Everything that can change a panel."""
    return frozenset[Event]().union(*(panel.changed_by for panel in PANELS))


def columns(look: Look) -> list[Column]:
    """The figures of these branches that the member may see, side by side."""
    return [column for columns_of in OVERVIEW for column in columns_of(look)]


# --- the staff's own ---


def overview(look: Look) -> list[Column]:
    """The leader on duty, and how much is wrong."""
    leaders = duty.leaders({each.pk: calendar.local_day(each, look.now) for each in look.branches})
    found = alarms.collect(look)
    return [
        Column(
            _("On duty"),
            {pk: Cell(leader.name, note=leader.title) for pk, leader in leaders.items()},
        ),
        Column(_("Alarms"), {each.pk: _alarm_cell(each, found[each.pk]) for each in look.branches}),
    ]


def _alarm_cell(branch: Branch, found: Sequence[alarms.Alarm]) -> Cell:
    return Cell(str(len(found)), reverse("staff:supervise", args=[branch.slug]), looks=bool(found))


def _alarms(look: Look) -> Mapping[str, object]:
    found = alarms.collect(look)[look.branch.pk]
    return {"alarms": found[:ALARMS_SHOWN], "more": found[ALARMS_SHOWN:]}


def _on_duty(look: Look) -> Mapping[str, object]:
    people = duty.everybody(look.branch, calendar.local_day(look.branch, look.now))
    return {"leaders": people[Duty.Role.LEADER], "guides": people[Duty.Role.GUIDE]}


def _duty_revision(branch: Branch, now: dt.datetime) -> object:
    rows = Duty.objects.filter(branch=branch, day=calendar.local_day(branch, now))
    return sorted(rows.aggregate(Count("pk"), Max("changed_at")).items())


def _undelivered(branch: Branch) -> object:
    """What the alarms say besides what the panels show."""
    rows = Parcel.objects.for_a_person().filter(branch=branch)
    return sorted(rows.aggregate(Count("pk"), Max("state_since")).items())


ALARMS = Panel(
    Right.WATCH,
    "staff/supervisor/panel_alarms.html",
    _alarms,
    revision=None,
    changed_by=frozenset({Event.OUTBOX_CHANGED}),
)
DUTY = Panel(
    Right.WATCH,
    "staff/supervisor/panel_duty.html",
    _on_duty,
    _duty_revision,
    frozenset({Event.DUTY_CHANGED}),
)


def visible(look: Look, found: Iterable[tuple[str, Panel]]) -> dict[str, Panel]:
    """Those of the panels of a branch that the member may see."""
    return {
        name: panel for name, panel in found if access.may(look.member, panel.right, look.branch)
    }
