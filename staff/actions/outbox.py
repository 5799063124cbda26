"""What a person decides about something that did not get out of the hall, or perhaps did."""

from __future__ import annotations

import structlog
from django.utils.translation import gettext as _

from hall.actions import outbox
from hall.models import Parcel
from hall.refusal import Refused
from staff import access
from staff.models import Member
from staff.rights import Right

log = structlog.get_logger(__name__)


def settle_parcel(*, parcel: Parcel, decision: str, by: Member) -> None:
    """It came out, try it again, or let it be. Raises Refused for somebody of another branch, and
    when it is settled already."""
    branch = parcel.branch
    if branch is None or not access.may(by, Right.WATCH, branch):
        raise Refused(_("This belongs to another branch."))
    outbox.decide(parcel=parcel, decision=decision, by=by)
    log.info("parcel_settled", parcel=parcel.pk, decision=decision, by=by.pk)
