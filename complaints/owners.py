"""Who may handle a matter, and who owns a new one."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection

from django.db.models import Count, Exists, OuterRef, Q, QuerySet

from complaints.models import OPEN, Matter, MatterQuerySet
from hall.models import Branch
from staff import access, duty
from staff.models import Member
from staff.rights import Right

HANDLER = "complaint-handler"


def handlers(branch: Branch) -> QuerySet[Member]:
    return access.who_may(Right.HANDLE, branch)


def is_about(matter: Matter, member: Member) -> bool:
    return matter.about.filter(pk=member.pk).exists()


def choose(branch: Branch, day: dt.date, subjects: Collection[int]) -> Member | None:
    """The owner of a new matter: never one of ``subjects`` (ids of whom it is about).

    First the branch's complaint handlers, then the leader on duty, then whoever else may; among
    equals the one with the fewest open matters. None if nobody may handle it.
    """
    # Found before the matter is stored: there is no moment in which it has no owner (S6).
    leader = duty.leader(branch, day)
    specialists = access.with_role(HANDLER).filter(pk=OuterRef("pk"))
    able = (
        handlers(branch)
        .exclude(pk__in=subjects)
        .annotate(
            is_specialist=Exists(specialists),
            load=Count("matters_owned", filter=Q(matters_owned__state__in=OPEN)),
        )
    )

    def rank(member: Member) -> tuple[bool, bool, bool, int, int]:
        return (
            not member.is_specialist,  # type: ignore[attr-defined]
            leader is None or member.pk != leader.pk,
            member.branch_id is None,
            member.load,  # type: ignore[attr-defined]
            member.pk,
        )

    # The last word is the row's id, so that two processes choose the same owner for the same rows.
    return min(able, key=rank, default=None)


def ownerless(branch: Branch) -> MatterQuerySet:
    """Open matters without an owner who may handle them: they left, or there never was one."""
    # Without an owner at all as well: exclude() negates with IS NOT NULL, so that null stays in.
    return Matter.objects.open().filter(branch=branch).exclude(owner__in=handlers(branch))
