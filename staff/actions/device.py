"""Pairing a device with its place, and taking it out of use."""

from __future__ import annotations

from typing import Final

import structlog
from django.db import models, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from hall import ledger, limits, typed
from hall.events import Event, publish
from hall.limits import Limit
from hall.models import Branch, Counter, Device
from hall.refusal import Refused
from staff import access
from staff.models import Member
from staff.rights import Right

NO_CODE = "-"  # no device shows it
# So many tries in the time that a code lasts (hall.actions.device).
WRONG_CODES: Final = Limit("pairing-codes", times=10, per=600, guards_secret=True)
AT_COUNTERS = (Device.Kind.DISPLAY, Device.Kind.PAD)
log = structlog.get_logger(__name__)


def pair_device(
    *, code: str, branch: Branch, kind: str, counter: Counter | None = None, by: Member
) -> Device:
    """Give the screen that shows this code its place.

    A new pad at a counter takes out the one before: visitors rate on one. Raises Refused for a
    wrong or old code, too many of them, a place that the kind cannot have, and another branch.
    """
    _check_place(branch, kind, counter, by)
    _count_try(by)
    now = timezone.now()
    with transaction.atomic():
        waiting = Device.objects.filter(paired_at=None, code_expires_at__gt=now)
        shown = waiting.filter(code=typed.letters_and_digits(code) or NO_CODE)
        # Two who enter one code at once: the second waits, and then finds no screen that shows it.
        device = shown.select_for_update().order_by("pk").first()
        if device is None:
            raise Refused(_("No screen shows this code now. Please read it from the screen again."))
        if kind == Device.Kind.PAD and counter:
            # Two new pads at once: the second takes out the first. No key: rows that refer to the
            # counter need not wait for that.
            Counter.objects.select_for_update(no_key=True).get(pk=counter.pk)
            for before in _in_use(branch).filter(kind=kind, counter=counter):
                _revoke(before, branch, by)
        device.branch, device.kind, device.counter = branch, kind, counter
        device.code, device.code_expires_at, device.paired_at = "", None, now
        device.save(
            update_fields=["branch", "kind", "counter", "code", "code_expires_at", "paired_at"]
        )
        place = counter.pk if counter else None
        ledger.record("device.pair", of=device, by=by, device=device, counter=place)
        publish(branch.pk, Event.DEVICE_CHANGED)
    limits.clear(WRONG_CODES, str(by.pk))
    log.info("device_paired", device=device.pk, kind=kind, branch=branch.pk, by=by.pk)
    return device


def revoke_device(*, device: Device, by: Member) -> None:
    """Take a paired screen out of use; doing it twice changes nothing."""
    branch = device.branch
    if branch is None or not access.may(by, Right.PAIR, branch):
        raise Refused(_("This screen belongs to another branch."))
    with transaction.atomic():
        _revoke(device, branch, by)
        publish(branch.pk, Event.DEVICE_CHANGED)
    log.info("device_revoked", device=device.pk, branch=branch.pk, by=by.pk)


def _revoke(device: Device, branch: Branch, by: Member) -> None:
    if _in_use(branch).filter(pk=device.pk).update(revoked_at=timezone.now()):
        ledger.record("device.revoke", of=device, by=by, device=device)


def _in_use(branch: Branch) -> models.QuerySet[Device]:
    return Device.objects.filter(branch=branch, paired_at__isnull=False, revoked_at=None)


def _check_place(branch: Branch, kind: str, counter: Counter | None, by: Member) -> None:
    """Refuse a place that a screen of this kind cannot have, or that is not this member's."""
    if not access.may(by, Right.PAIR, branch):
        raise Refused(_("This screen belongs to another branch."))
    if kind not in Device.Kind.values:
        raise Refused(_("Please choose what this screen is."))
    if kind in AT_COUNTERS and (counter is None or counter.branch_id != branch.pk):
        raise Refused(_("Please choose the counter at which this screen stands."))
    if kind not in AT_COUNTERS and counter is not None:
        raise Refused(_("A kiosk or a board stands at no counter."))


def _count_try(by: Member) -> None:
    """Refuse somebody who has guessed too often.

    Every try is counted before its code is looked up, and forgotten if it was right: else a hundred
    guesses at once would all come before the first that counts.
    """
    if not limits.hit(WRONG_CODES, str(by.pk)):
        if limits.is_blind(WRONG_CODES):
            raise Refused(_("Codes cannot be checked just now. Please try again in some minutes."))
        raise Refused(_("Too many wrong codes. Please wait ten minutes and try again."))
