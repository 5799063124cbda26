"""Matters on the supervisor's page: today's figures."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.translation import gettext as _

from complaints.figures.day import MattersToday, matters_today
from complaints.models import Matter
from hall.events import Event
from hall.models import Branch
from staff import access
from staff.look import Look
from staff.panels import Cell, Column, Panel
from staff.rights import Right


def rows_at(branch: Branch, show: str) -> str:
    """The address of the matters behind a figure."""
    return f"{reverse('complaints:desk')}?{urlencode({'branch': branch.slug, 'show': show})}"


def _matters(look: Look) -> Mapping[str, object]:
    branch = look.branch
    day_rows = reverse("complaints:rows", args=[branch.slug])
    at = {show: rows_at(branch, show) for show in ("open", "overdue")}
    at |= {show: f"{day_rows}?show={show}" for show in ("received", "answered")}
    return {"matters": look.once(matters_today)[branch.pk], "at": at}


def _revision(branch: Branch, _now: dt.datetime) -> object:
    """Changes with every matter of the branch."""
    rows = Matter.objects.filter(branch=branch).order_by("-changed_at")
    return rows.values_list("changed_at", flat=True).first()


MATTERS = Panel(
    Right.HANDLE,
    "complaints/supervisor/panel_matters.html",
    _matters,
    _revision,
    frozenset({Event.MATTER_CHANGED}),
)


def overview(look: Look) -> list[Column]:
    """Open and overdue matters of each branch."""
    if not access.may(look.member, Right.HANDLE):
        return []
    found = look.once(matters_today)

    def column(heading: str, show: str) -> Column:
        return Column(
            heading, {each.pk: _cell(each, found[each.pk], show) for each in look.branches}
        )

    return [column(_("Open matters"), "open"), column(_("Overdue matters"), "overdue")]


def _cell(branch: Branch, matters: MattersToday, show: str) -> Cell:
    count: int = getattr(matters, show)
    return Cell(str(count), rows_at(branch, show), looks=show == "overdue" and count > 0)
