"""Who is on duty: what the board, the kiosk and the box ask the roster."""

from __future__ import annotations

import datetime as dt

from hall.models import Branch
from staff.models import Duty, Member


def on_duty(branch_id: int, day: dt.date, role: str) -> list[Member]:
    """The members with this role on the branch's day, by staff number (one query)."""
    rows = Duty.objects.filter(branch=branch_id, day=day, role=role, member__is_active=True)
    return [row.member for row in rows.select_related("member").order_by("member__staff_number")]


def leader(branch: Branch, day: dt.date) -> Member | None:
    """The leader on duty."""
    return next(iter(on_duty(branch.pk, day, Duty.Role.LEADER)), None)


def guides(branch: Branch, day: dt.date) -> list[Member]:
    """The guides of the day."""
    return on_duty(branch.pk, day, Duty.Role.GUIDE)
