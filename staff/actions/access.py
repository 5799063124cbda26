"""Who is given what they may do, and who takes it back; what a role holds."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from hall import ledger
from hall.events import Event, publish
from hall.models import Branch
from hall.refusal import Refused
from staff import access
from staff.models import Grant, Member, Role, RoleRight
from staff.rights import Right


def grant(
    *,
    member: Member,
    role: str = "",
    right: str = "",
    branch: Branch | None,
    reason: str,
    by: Member | None,
    starts_at: dt.datetime | None = None,
    ends_at: dt.datetime | None = None,
    now: dt.datetime | None = None,
) -> Grant:
    """Give a member a role, or a single right, at a branch (None: at all of them).

    ``by`` is None for the installation and its commands alone. Raises Refused as ``check_grant``
    does, and for a role that there is not.
    """
    moment = now or timezone.now()
    wanted = Grant(
        member=member,
        role=_role(role) if role else None,
        right=right,
        branch=branch,
        starts_at=starts_at or moment,
        ends_at=ends_at,
        reason=reason,
        granted_by=by,
        made_at=moment,
    )
    with transaction.atomic():
        # Two who grant the same at once: the second finds the first one's.
        Member.objects.select_for_update(of=("self",)).get(pk=member.pk)
        check_grant(wanted, by=by)
        wanted.save(force_insert=True)
        _note("access.grant", wanted, by)
        _announce(wanted)
    return wanted


def check_grant(wanted: Grant, *, by: Member | None) -> None:
    """Raise Refused for a grant that may not be made.

    Those are: one to oneself, one at a branch or to a member that one does not grant rights at,
    one that says no reason, ends before it begins, or is held already.
    """
    if by is not None:
        _check_granter(by, wanted.member, wanted.branch)
        if not wanted.reason.strip():
            raise Refused(_("Please say why."))
    if (wanted.role is None) == (not wanted.right):
        raise Refused(_("Please choose a role."))
    if wanted.ends_at is not None and wanted.ends_at <= wanted.starts_at:
        raise Refused(_("It would end before it begins."))
    same = Grant.objects.standing(wanted.starts_at).filter(
        member=wanted.member, role=wanted.role, right=wanted.right, branch=wanted.branch
    )
    if same.exists():
        raise Refused(_("%(name)s holds this already.") % {"name": wanted.member.name})


def revoke(*, grant: Grant, by: Member | None, now: dt.datetime | None = None) -> None:
    """Take back what was granted; the row stays. Doing it twice changes nothing."""
    if by is not None:
        _check_granter(by, grant.member, grant.branch)
    with transaction.atomic():
        held = Grant.objects.select_for_update().filter(pk=grant.pk, revoked_at=None).first()
        if held is not None:
            held.revoked_at, held.revoked_by = now or timezone.now(), by
            # By its save: what the right held open elsewhere (a seat) hears of it.
            held.save(update_fields=["revoked_at", "revoked_by"])
            _note("access.revoke", grant, by)
        _announce(grant)


def set_rights(*, role: Role, rights: Collection[str], by: Member) -> None:
    """Say what a role may do. Raises Refused to somebody who would widen what they hold."""
    if not access.may_everywhere(by, Right.ROLES):
        raise Refused(_("You may not change roles."))
    with transaction.atomic():
        # Two who change it at once: the second compares with what the first has left.
        Role.objects.select_for_update().get(pk=role.pk)
        before = set(role.rights.values_list("right", flat=True))
        added = set(rights) - before
        if added and access.with_role(role.slug).filter(pk=by.pk).exists():
            raise Refused(_("Nobody adds to a role that they hold themselves."))
        role.rights.filter(right__in=before - set(rights)).delete()
        RoleRight.objects.bulk_create(RoleRight(role=role, right=each) for each in sorted(added))
        gone = sorted(before - set(rights))
        ledger.record("role.set_rights", of=role, by=by, added=sorted(added), removed=gone)
        publish(None, Event.RIGHTS_CHANGED, role=role.pk)


def _role(slug: str) -> Role:
    found = Role.objects.filter(slug=slug).first()
    if found is None:
        raise Refused(_("There is no such role."))
    return found


def _check_granter(by: Member, member: Member, branch: Branch | None) -> None:
    """Refuse who may not grant to, or take from, this member at this branch."""
    if by.pk == member.pk:
        raise Refused(_("Nobody grants rights to themselves, or takes them back from themselves."))
    for place in {branch, member.branch}:
        if not access.may_at(by, Right.GRANT, place):
            raise Refused(_("You grant no rights there: that is another branch, or all of them."))


def _note(what: str, grant: Grant, by: Member | None) -> None:
    of, role = grant.member_id, grant.role_id
    who = by or ledger.HALL
    ledger.record(what, of=grant, by=who, member=of, role=role, right=grant.right)


def _announce(grant: Grant) -> None:
    grant.member.held = None  # asked anew, if this very object is asked again
    publish(grant.branch_id, Event.RIGHTS_CHANGED, member=grant.member_id)
