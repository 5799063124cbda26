"""What other parts of the hall ask about seats at counters, and what changes there end them."""

from __future__ import annotations

import functools
from collections.abc import Collection
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.urls import reverse

from hall.models import Counter
from queueing import actions, seats
from staff.models import Grant, Member, RoleRight
from staff.rights import Right


def before_sign_out(member: Member) -> str | None:
    """Leave the counter on signing out; the address to settle at while a visitor is there."""
    try:
        actions.leave(by=member)
    except actions.VisitorAtCounter:
        return reverse("queueing:leave") + "?then=sign-out"
    return None


def counter_of(member: Member) -> Counter | None:
    """At which counter the member sits now."""
    sitting = seats.current_sitting(member)
    return sitting.counter if sitting else None


# --- what ends a seat, however it is saved ---


def before_member(
    instance: Member,
    raw: bool = False,
    update_fields: Collection[str] | None = None,
    **_signal: object,
) -> None:
    """Note whether this save moves the member to another branch."""
    instance.is_moving = False
    # Every sign-in saves when it was, and nothing else.
    if raw or instance.pk is None or not {"branch", "branch_id"} & set(update_fields or ["branch"]):
        return
    there = Member.objects.filter(pk=instance.pk)
    instance.is_moving = there.exclude(branch=instance.branch_id).exists()


def after_member(instance: Member, created: bool, raw: bool = False, **_signal: object) -> None:
    """An account that is closed, or a member who works elsewhere now, leaves the counter."""
    if created or raw:
        return
    if instance.is_moving:
        elsewhere = Q(member=instance.pk) & ~Q(branch=instance.branch_id)
        end_soon(where=elsewhere, why="moved")
    elif not instance.is_active:
        end_soon(where=Q(member=instance.pk))


def after_counter(instance: Counter, created: bool, raw: bool = False, **_signal: object) -> None:
    """A counter that is out of use, or stands at another branch."""
    if not created and not raw:
        end_soon(where=Q(counter=instance.pk))


def after_grant(instance: Grant, raw: bool = False, **_signal: object) -> None:
    if instance.revoked_at is not None and not raw:
        end_soon(where=Q(member=instance.member_id))


def after_role_right(instance: RoleRight, **_signal: object) -> None:
    """A role that lost the right to serve."""
    if instance.right == Right.SERVE:
        end_soon()


def end_soon(**which: Any) -> None:
    """Once the change is committed: a seat is not locked while somebody holds what changes. What
    goes wrong then is put right by the worker (``tasks.end_seats``)."""
    transaction.on_commit(functools.partial(actions.end_seats, **which), robust=True)
