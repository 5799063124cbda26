"""Housekeeping that belongs to no one part of the hall."""

import datetime as dt

from celery import shared_task
from django.conf import settings
from django.core.management import call_command
from django.utils import timezone

from hall.actions import delivery
from hall.actions import device as device_actions
from hall.ledger import seals


@shared_task
def clear_sessions() -> None:
    call_command("clearsessions")


@shared_task
def clear_devices() -> None:
    """Delete screens that asked for a pairing code and went away."""
    device_actions.forget_unpaired(timezone.now())


@shared_task
def deliver() -> int:
    """Deliver what is due; two at once, or one killed midway, do no harm."""
    return delivery.deliver_due()


@shared_task
def prune_outbox() -> int:
    return delivery.prune(before=timezone.now() - dt.timedelta(days=settings.HALL_OUTBOX_DAYS))


@shared_task
def seal_ledger() -> int:
    """Chain the rows that the ledger got in the last seconds."""
    return seals.seal()


@shared_task
def seal_late() -> int:
    """Seal what committed so late that the other did not look there any more."""
    return seals.seal(is_thorough=True)
