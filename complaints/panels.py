"""Matters on the supervisor's page: today's figures, and what is wrong with them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from complaints.models import Matter
from complaints.today import MattersToday, today
from hall import calendar
from hall.models import Branch
from staff.alarms import Alarm, Severity
from staff.look import Look
from staff.panels import Cell, Column, Panel

PERMISSION = "complaints.handle_matters"


def rows_at(branch: Branch, show: str) -> str:
    """The address of the matters behind a figure."""
    return f"{reverse('complaints:desk')}?{urlencode({'branch': branch.slug, 'show': show})}"


def _matters(look: Look) -> Mapping[str, object]:
    branch = look.branch
    day_rows = reverse("complaints:rows", args=[branch.slug])
    at = {show: rows_at(branch, show) for show in ("open", "overdue")}
    at |= {show: f"{day_rows}?show={show}" for show in ("received", "answered")}
    return {"matters": look.once(today)[branch.pk], "at": at}


def _revision(branch: Branch, now: dt.datetime) -> object:
    """Changes with every matter of the branch."""
    rows = Matter.objects.filter(branch=branch).order_by("-changed_at")
    return rows.values_list("changed_at", flat=True).first()


MATTERS = Panel(PERMISSION, "complaints/panel_matters.html", _matters, _revision)


def overview(look: Look) -> list[Column]:
    """Open and overdue matters of each branch."""
    if not look.member.has_perm(PERMISSION):
        return []
    found = look.once(today)

    def column(heading: str, show: str) -> Column:
        return Column(
            heading, {each.pk: _cell(each, found[each.pk], show) for each in look.branches}
        )

    return [column(_("Open matters"), "open"), column(_("Overdue matters"), "overdue")]


def _cell(branch: Branch, matters: MattersToday, show: str) -> Cell:
    count: int = getattr(matters, show)
    return Cell(str(count), rows_at(branch, show), looks=show == "overdue" and count > 0)


def alarms(look: Look) -> Mapping[int, list[Alarm]]:
    """What is late with the matters of these branches, for a member who handles them."""
    if not look.member.has_perm(PERMISSION):
        return {}
    found = look.once(today)
    return {each.pk: list(_of_branch(each, found[each.pk])) for each in look.branches}


def _of_branch(branch: Branch, matters: MattersToday) -> Iterator[Alarm]:
    if matters.overdue:
        text = ngettext("%(count)s matter overdue", "%(count)s matters overdue", matters.overdue)
        since = None
        if matters.overdue_since:
            _start, since = calendar.day_bounds(branch, matters.overdue_since)
        yield _alarm(branch, text, matters.overdue, "overdue", since)
    if matters.contact_overdue:
        text = ngettext(
            "%(count)s dissatisfied visitor not contacted in time",
            "%(count)s dissatisfied visitors not contacted in time",
            matters.contact_overdue,
        )
        yield _alarm(branch, text, matters.contact_overdue, "contact")
    if matters.unowned:
        text = ngettext(
            "%(count)s matter without an owner",
            "%(count)s matters without an owner",
            matters.unowned,
        )
        yield _alarm(branch, text, matters.unowned, "unassigned")


def _alarm(
    branch: Branch, text: str, count: int, show: str, since: dt.datetime | None = None
) -> Alarm:
    return Alarm(Severity.BAD, text % {"count": count}, since, rows_at(branch, show))
