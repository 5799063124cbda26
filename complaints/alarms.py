"""What is late with the matters of the box."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping

from django.utils.translation import ngettext

from complaints.figures.day import MattersToday, matters_today
from complaints.panels import rows_at
from hall import calendar
from hall.models import Branch
from staff import access
from staff.alarms import Alarm, Severity
from staff.look import Look
from staff.rights import Right


def alarms(look: Look) -> Mapping[int, list[Alarm]]:
    """What is late with the matters of these branches, for a member who handles them."""
    if not access.may(look.member, Right.HANDLE):
        return {}
    found = look.once(matters_today)
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
