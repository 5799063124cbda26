"""Issuing a ticket, and giving it up."""

from __future__ import annotations

import datetime as dt
import uuid

from django.db import IntegrityError
from django.utils import timezone
from django.utils.translation import gettext as _

from hall import calendar
from hall.events import Event, publish
from hall.languages import known
from hall.models import Offering
from hall.refusal import Refused
from queueing import dispatch, numbering, opening, states
from queueing.actions.locking import changing, one_statement
from queueing.models import Lane, Ticket
from staff.models import Member


def issue(
    *,
    offering: Offering,
    lane: str = Lane.ORDINARY,
    request_id: uuid.UUID | None = None,
    language: str = "",
    by: Member | None = None,
    now: dt.datetime | None = None,
) -> Ticket:
    """Issue a ticket for a service at a branch; the same ``request_id`` gives the same ticket."""
    moment = now or timezone.now()
    branch = offering.branch
    day = calendar.local_day(branch, moment)
    ticket = Ticket(
        branch=branch,
        service=offering.service,
        department_id=offering.department_id,
        day=day,
        prefix=offering.prefix,
        lane=Lane(lane),
        language=known(language),
        issued_at=moment,
        rank_at=moment - dispatch.head_start(branch, lane, moment),
        state_since=moment,
        issued_by=by,
        request_id=request_id or uuid.uuid4(),
    )
    try:
        with one_statement():
            _check_open(offering, moment)
            is_new = numbering.insert(ticket, offering.daily_limit)
    # A second tap gets the ticket of the first, also if the hall has closed meanwhile, or that
    # ticket was the last of the day.
    except (IntegrityError, Refused) as error:
        before = _issued(ticket.request_id)
        if before is None:
            raise error
        return before
    if not is_new:
        return _issued_or_refused(ticket.request_id)
    publish(branch.pk, Event.TICKET_ISSUED, ticket=ticket.pk, counter=None)
    return ticket


def cancel(*, ticket: Ticket, by: Member | None = None, now: dt.datetime | None = None) -> Ticket:
    """Give up the place in line."""
    with changing(ticket) as row:
        states.apply(row, "cancel", at=now or timezone.now(), by=by)
    return row


def _issued(request_id: uuid.UUID | None) -> Ticket | None:
    """The ticket that this request got before."""
    return Ticket.objects.select_related("branch", "service").filter(request_id=request_id).first()


def _issued_or_refused(request_id: uuid.UUID | None) -> Ticket:
    """The ticket of a tap before, also if that was the last of the day; else there is none left.

    Asked by a statement of its own: the one that found the limit reached may have waited for the
    very tap that took the last ticket, and saw the hall as it was before.
    """
    before = _issued(request_id)
    if before is None:
        raise Refused(_("All of today's tickets for this service have been taken."))
    return before


def _check_open(offering: Offering, moment: dt.datetime) -> None:
    branch = offering.branch
    if not (branch.is_active and offering.is_open):
        raise Refused(_("This service takes no tickets now."))
    if not opening.takes_tickets(branch, moment):
        raise Refused(_("The hall is closed now."))
