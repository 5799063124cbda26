"""Background work on matters. It may run twice, late or never on time without harm."""

from __future__ import annotations

from celery import shared_task

from complaints import actions, owners
from hall.models import Branch


@shared_task
def find_owners() -> int:
    """Give an owner to every open matter without one, as soon as somebody may own it."""
    found = 0
    for branch in Branch.objects.all():
        for matter in owners.ownerless(branch):
            before = matter.owner_id
            found += actions.find_owner(matter=matter).owner_id != before
    return found
