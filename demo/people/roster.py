"""Loads the demo's duty roster: a leader and two guides for each working day."""

from __future__ import annotations

import datetime as dt
from collections import Counter as Tally
from collections.abc import Iterator

from demo.past import days as past
from hall import calendar
from hall.models import Branch
from staff import access
from staff.models import Duty, Member


def load(now: dt.datetime | None = None) -> Tally[str]:
    """Plan the past months and two ahead, for branches without a roster; says how many duties."""
    planned = set(Duty.objects.values_list("branch_id", flat=True))
    new = [
        duty
        for branch in past.branches()
        if branch.pk not in planned
        for duty in _duties(branch, *past.planned_days(branch, now))
    ]
    return Tally({"duties": len(Duty.objects.bulk_create(new))})


def _duties(branch: Branch, first: dt.date, last: dt.date) -> Iterator[Duty]:
    leaders, guides = _people(branch, "duty-leader", "supervisor"), _people(branch, "guide")
    clerks = _people(branch, "clerk")
    planner = next(iter(_people(branch, "supervisor")), None)
    for turn, day in enumerate(calendar.open_days(branch, first, last)):
        duties = [(Duty.Role.LEADER, each) for each in _in_turn(leaders, turn, 1)]
        pair = [*guides, *_in_turn(clerks, turn, 1)][:2]
        duties += [(Duty.Role.GUIDE, each) for each in pair]
        for role, member in duties:
            yield Duty(branch=branch, day=day, role=role, member=member, changed_by=planner)


def _people(branch: Branch, *roles: str) -> list[Member]:
    """Who has one of these roles at the branch; leaders of all branches lead the main hall."""
    members = access.with_role(*roles)
    own = list(members.filter(branch=branch))
    if branch.kind != Branch.Kind.MAIN:
        return own
    return [*members.filter(branch=None), *own]


def _in_turn(members: list[Member], turn: int, count: int) -> list[Member]:
    return [members[(turn + each) % len(members)] for each in range(min(count, len(members)))]
