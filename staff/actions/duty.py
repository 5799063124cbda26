"""Who is put on the roster, and taken off."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection

import structlog
from django.db import transaction
from django.utils.translation import gettext as _

from hall import ledger
from hall.events import Event, publish
from hall.models import Branch
from hall.refusal import Refused
from staff import access, duty
from staff.models import Duty, Member
from staff.rights import Right

log = structlog.get_logger(__name__)


def put_on_duty(
    *, branch: Branch, day: dt.date, role: str, member: Member, by: Member | None
) -> Duty:
    """Put a member on the roster; a new leader takes the place of the one before.

    Raises Refused for a member who may not sign in or belongs to another branch.
    """
    if not access.works_at(member, branch):
        raise Refused(_("%(name)s does not work at this branch.") % {"name": member.name})
    with transaction.atomic():
        # A day that nobody is on yet has no row to lock; the branch's stands for its roster.
        Branch.objects.select_for_update(of=("self",)).get(pk=branch.pk)
        if role == Duty.Role.LEADER:
            for before in Duty.objects.filter(branch=branch, day=day, role=role).exclude(
                member=member
            ):
                _take_off(before, by)
        duty, _is_new = Duty.objects.update_or_create(
            branch=branch, day=day, role=role, member=member, defaults={"changed_by": by}
        )
        who = by or ledger.HALL
        ledger.record("duty.put_on", of=duty, by=who, member=member.pk, role=role, day=day)
        publish(branch.pk, Event.DUTY_CHANGED)
    return duty


def take_off_duty(*, duty: Duty, by: Member | None) -> None:
    with transaction.atomic():
        _take_off(duty, by)
        publish(duty.branch_id, Event.DUTY_CHANGED)
    log.info("taken_off_duty", duty=duty.pk, member=duty.member_id, by=by.pk if by else None)


def plan_day(
    *,
    branch: Branch,
    day: dt.date,
    leader: Member | None,
    guides: Collection[Member],
    before: str,
    by: Member,
) -> None:
    """Set who is on duty on one day; ``before`` is the plan that the planner saw (``duty.plan``).

    Raises Refused, and changes nothing, if somebody else changed the day meanwhile.
    """
    if not access.may(by, Right.PLAN, branch):
        raise Refused(_("%(name)s does not work at this branch.") % {"name": by.name})
    wanted = {(Duty.Role.GUIDE.value, member.pk): member for member in guides}
    if leader is not None:
        wanted[Duty.Role.LEADER.value, leader.pk] = leader
    with transaction.atomic():
        Branch.objects.select_for_update(of=("self",)).get(pk=branch.pk)
        # Read under the lock: else two who plan one day would both find it as they had seen it.
        planned = Duty.objects.filter(branch=branch, day=day)
        rows = {(row.role, row.member_id): row for row in planned}
        if duty.plan(rows) != before:
            raise Refused(_("Somebody else has changed this day meanwhile. Please look again."))
        # Off before on: a day has one leader (one_leader_a_day).
        for key, row in rows.items():
            if key not in wanted:
                take_off_duty(duty=row, by=by)
        for key, member in wanted.items():
            if key not in rows:
                put_on_duty(branch=branch, day=day, role=key[0], member=member, by=by)


def _take_off(duty: Duty, by: Member | None) -> None:
    who, on = by or ledger.HALL, duty.member_id
    ledger.record("duty.take_off", of=duty, by=who, member=on, role=duty.role, day=duty.day)
    Duty.objects.filter(pk=duty.pk).delete()
