"""Housekeeping that belongs to no one part of the hall."""

from celery import shared_task
from django.core.management import call_command


@shared_task
def clear_sessions() -> None:
    """Delete sessions that have run out."""
    call_command("clearsessions")
