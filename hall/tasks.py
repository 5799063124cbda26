"""Housekeeping that belongs to no one part of the hall."""

from celery import shared_task
from django.core.management import call_command
from django.utils import timezone

from hall.actions import device as device_actions


@shared_task
def clear_sessions() -> None:
    """Delete sessions that have run out."""
    call_command("clearsessions")


@shared_task
def clear_devices() -> None:
    """Delete screens that asked for a pairing code and went away."""
    device_actions.forget_unpaired(timezone.now())
