"""Matters as they stand on a day, as far as one member may know of them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Min, Q

from complaints.models import OPEN, Matter
from complaints.owed import ACTIVE, WAITING, overdue
from hall import calendar
from hall.models import Branch
from staff.look import Look


@dataclass(frozen=True)
class MattersToday:
    """A branch's matters; those about the member who looks are left out of every figure.

    ``received``: put in today. ``answered``: first answered today. ``open``, ``overdue`` and
    ``unowned`` count what the tabs of the list show: not closed, or with something new from the
    visitor; of these the ones whose answer or first contact is late (``overdue_since`` is the
    earliest day on which an answer was due); those without an owner. ``contact_overdue``: the
    late ones that wait for the first contact.
    """

    received: int = 0
    open: int = 0
    overdue: int = 0
    answered: int = 0
    contact_overdue: int = 0
    unowned: int = 0
    overdue_since: dt.date | None = None


def received(branches: Sequence[Branch], now: dt.datetime) -> Q:
    """Matters that were put in today."""
    found = Q(pk__in=[])
    for branch in branches:
        found |= Q(branch=branch, day=calendar.local_day(branch, now))
    return found


def answered(branches: Sequence[Branch], now: dt.datetime) -> Q:
    """Matters that were first answered today."""
    found = Q(pk__in=[])
    for branch in branches:
        start, end = calendar.day_bounds(branch, calendar.local_day(branch, now))
        found |= Q(branch=branch, replied_at__gte=start, replied_at__lt=end)
    return found


def matters_today(look: Look) -> Mapping[int, MattersToday]:
    """The matters of these branches, by id, in one query."""
    branches, now = look.branches, look.now
    is_late = overdue({branch.pk: calendar.local_day(branch, now) for branch in branches})
    is_new, is_answered = received(branches, now), answered(branches, now)
    # First: a figure may not tell members of a matter about themselves either.
    seen = Matter.objects.visible_to(look.member).filter(branch__in=branches)
    rows = (
        seen.filter(ACTIVE | is_new | is_answered)
        .values("branch")
        .order_by("branch")
        .annotate(
            received=Count("pk", filter=is_new),
            answered=Count("pk", filter=is_answered),
            open=Count("pk", filter=ACTIVE),
            unowned=Count("pk", filter=ACTIVE & Q(owner=None)),
            overdue=Count("pk", filter=Q(state__in=OPEN) & is_late),
            contact_overdue=Count("pk", filter=WAITING & is_late),
            overdue_since=Min("due_on", filter=Q(state__in=OPEN, replied_at=None) & is_late),
        )
    )
    found = {row["branch"]: MattersToday(**_figures(row)) for row in rows}
    return {branch.pk: found.get(branch.pk, MattersToday()) for branch in branches}


def _figures(row: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name != "branch"}
