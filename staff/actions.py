"""What changes the duty roster: lock, write, publish. Arguments by keyword; ``by`` says who."""

from __future__ import annotations

import datetime as dt

from django.db import transaction
from django.utils.translation import gettext as _

from hall.events import Event, publish
from hall.models import Branch
from hall.refusal import Refused
from staff.models import Duty, Member


def put_on_duty(
    *, branch: Branch, day: dt.date, role: str, member: Member, by: Member | None
) -> Duty:
    """Put a member on the roster; a new leader takes the place of the one before.

    Raises Refused for a member who may not sign in or belongs to another branch.
    """
    if not member.is_active or not member.works_at(branch):
        raise Refused(_("%(name)s does not work at this branch.") % {"name": member.name})
    with transaction.atomic():
        Branch.objects.select_for_update(of=("self",)).get(pk=branch.pk)
        if role == Duty.Role.LEADER:
            Duty.objects.filter(branch=branch, day=day, role=role).exclude(member=member).delete()
        duty, _is_new = Duty.objects.update_or_create(
            branch=branch, day=day, role=role, member=member, defaults={"changed_by": by}
        )
        publish(branch.pk, Event.DUTY_CHANGED)
    return duty


def take_off_duty(*, duty: Duty, by: Member | None) -> None:
    """Take somebody off the roster."""
    with transaction.atomic():
        Duty.objects.filter(pk=duty.pk).delete()
        publish(duty.branch_id, Event.DUTY_CHANGED)
