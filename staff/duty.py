"""Who is on duty: what the board, the kiosk and the box ask the roster."""

from __future__ import annotations

import datetime as dt
import functools
import operator
from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Final

from django.db.models import QuerySet

from hall.models import Branch
from staff import access
from staff.models import Duty, Member
from staff.rights import Right

# Whoever may do one of these may be put on duty.
NEEDED: Final = {
    Duty.Role.LEADER: (Right.HANDLE,),
    Duty.Role.GUIDE: (Right.ISSUE, Right.SERVE),
}


def on_duty(branch_id: int, day: dt.date, role: str) -> list[Member]:
    """The members with this role on the branch's day, by staff number (one query)."""
    rows = Duty.objects.filter(branch=branch_id, day=day, role=role, member__is_active=True)
    return [row.member for row in rows.select_related("member").order_by("member__staff_number")]


def leader(branch: Branch, day: dt.date) -> Member | None:
    return next(iter(on_duty(branch.pk, day, Duty.Role.LEADER)), None)


def guides(branch: Branch, day: dt.date) -> list[Member]:
    return on_duty(branch.pk, day, Duty.Role.GUIDE)


def everybody(branch: Branch, day: dt.date) -> Mapping[str, list[Member]]:
    """All who are on duty on the branch's day, by role (one query)."""
    rows = Duty.objects.filter(branch=branch, day=day, member__is_active=True)
    found: dict[str, list[Member]] = defaultdict(list)
    for row in rows.select_related("member").order_by("member__staff_number"):
        found[row.role].append(row.member)
    return found


def leaders(days: Mapping[int, dt.date]) -> dict[int, Member]:
    """The leaders on duty at several branches, each on its own day, by branch id (one query)."""
    rows = Duty.objects.filter(
        branch__in=list(days),
        day__in=set(days.values()),
        role=Duty.Role.LEADER,
        member__is_active=True,
    )
    return {
        row.branch_id: row.member
        for row in rows.select_related("member")
        if row.day == days[row.branch_id]
    }


def plan(keys: Iterable[tuple[str, int]]) -> str:
    """Who has which role (role, member id), as one word: equal plans are equal words."""
    return " ".join(sorted(f"{role}-{pk}" for role, pk in keys))


def candidates(branch: Branch, role: str) -> QuerySet[Member]:
    """Who may be put on duty: whoever may do the work at this branch."""
    able = [access.who_may(right, branch) for right in NEEDED[Duty.Role(role)]]
    return functools.reduce(operator.or_, able).order_by("branch", "staff_number")
