"""What changes the roster and the screens: lock, write, publish. By keyword; ``by`` says who."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection

import structlog
from django.core.cache import cache
from django.db import models, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from hall import devices
from hall.events import Event, publish
from hall.models import Branch, Counter, Device
from hall.refusal import Refused
from staff import duty
from staff.models import Duty, Member

WRONG_CODES = 10  # so many, and one waits a while
WRONG_CODES_WAIT = 600
AT_COUNTERS = (Device.Kind.DISPLAY, Device.Kind.PAD)

log = structlog.get_logger(__name__)


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
    if not by.works_at(branch):
        raise Refused(_("%(name)s does not work at this branch.") % {"name": by.name})
    wanted = {(Duty.Role.GUIDE.value, member.pk): member for member in guides}
    if leader is not None:
        wanted[Duty.Role.LEADER.value, leader.pk] = leader
    with transaction.atomic():
        Branch.objects.select_for_update(of=("self",)).get(pk=branch.pk)
        planned = Duty.objects.filter(branch=branch, day=day)
        rows = {(row.role, row.member_id): row for row in planned}
        if duty.plan(rows) != before:
            raise Refused(_("Somebody else has changed this day meanwhile. Please look again."))
        for key, row in rows.items():
            if key not in wanted:
                take_off_duty(duty=row, by=by)
        for key, member in wanted.items():
            if key not in rows:
                put_on_duty(branch=branch, day=day, role=key[0], member=member, by=by)


def pair_screen(
    *, code: str, branch: Branch, kind: str, counter: Counter | None = None, by: Member
) -> Device:
    """Give the screen that shows this code its place.

    A new pad at a counter takes out the one before: visitors rate on one. Raises Refused for a
    wrong or old code, too many of them, a place that the kind cannot have, and another branch.
    """
    _check_place(branch, kind, counter, by)
    _check_tries(by)
    now, typed = timezone.now(), devices.as_code(code) or "-"
    with transaction.atomic():
        waiting = Device.objects.filter(paired_at=None, code_expires_at__gt=now)
        device = waiting.select_for_update().filter(code=typed).order_by("pk").first()
        if device is None:
            _count_try(by)
            raise Refused(_("No screen shows this code now. Please read it from the screen again."))
        if kind == Device.Kind.PAD and counter:
            Counter.objects.select_for_update(no_key=True).get(pk=counter.pk)
            _in_use(branch).filter(kind=kind, counter=counter).update(revoked_at=now)
        device.branch, device.kind, device.counter = branch, kind, counter
        device.code, device.code_expires_at, device.paired_at = "", None, now
        device.save(
            update_fields=["branch", "kind", "counter", "code", "code_expires_at", "paired_at"]
        )
        publish(branch.pk, Event.DEVICE_CHANGED)
    cache.delete(_tries_key(by))
    log.info("screen_paired", device=device.pk, kind=kind, branch=branch.pk, by=by.pk)
    return device


def revoke_screen(*, device: Device, by: Member) -> None:
    """Take a paired screen out of use; doing it twice changes nothing."""
    branch = device.branch
    if branch is None or not by.works_at(branch):
        raise Refused(_("This screen belongs to another branch."))
    with transaction.atomic():
        _in_use(branch).filter(pk=device.pk).update(revoked_at=timezone.now())
        publish(branch.pk, Event.DEVICE_CHANGED)
    log.info("screen_revoked", device=device.pk, branch=branch.pk, by=by.pk)


def _in_use(branch: Branch) -> models.QuerySet[Device]:
    return Device.objects.filter(branch=branch, paired_at__isnull=False, revoked_at=None)


def _check_place(branch: Branch, kind: str, counter: Counter | None, by: Member) -> None:
    """Refuse a place that a screen of this kind cannot have, or that is not this member's."""
    if not by.is_active or not by.works_at(branch):
        raise Refused(_("This screen belongs to another branch."))
    if kind not in Device.Kind.values:
        raise Refused(_("Please choose what this screen is."))
    if kind in AT_COUNTERS and (counter is None or counter.branch_id != branch.pk):
        raise Refused(_("Please choose the counter at which this screen stands."))
    if kind not in AT_COUNTERS and counter is not None:
        raise Refused(_("A kiosk or a board stands at no counter."))


def _tries_key(member: Member) -> str:
    return f"wrong-pairing-codes:{member.pk}"


def _check_tries(by: Member) -> None:
    """Refuse somebody who has guessed too often."""
    if cache.get(_tries_key(by), 0) >= WRONG_CODES:
        raise Refused(_("Too many wrong codes. Please wait ten minutes and try again."))


def _count_try(by: Member) -> None:
    cache.set(_tries_key(by), cache.get(_tries_key(by), 0) + 1, WRONG_CODES_WAIT)
