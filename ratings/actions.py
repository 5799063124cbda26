"""Everything that changes a rating: check, write, publish. Arguments are by keyword.

Each raises ``Refused`` with a sentence for whoever asked if the rules do not allow it.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection

from django.db import IntegrityError, transaction
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from complaints import actions as complaints
from complaints.models import Kind, Matter, Source
from hall import calendar
from hall.events import Event, publish
from hall.models import Device, Offering
from hall.refusal import Refused
from queueing.models import State, Ticket
from ratings.models import COMMENT_LIMIT, REASONS, Grade, Rating, Reason, Remark, Via
from staff.models import Member

EXPLAIN_WITHIN = dt.timedelta(minutes=15)


def rate(
    *,
    ticket: Ticket,
    grade: str,
    via: str,
    device: Device | None = None,
    by: Member | None = None,
    now: dt.datetime | None = None,
) -> Rating:
    """The visitor rates the finished visit: once, and nobody else does. Not satisfied opens a
    case in the box, with a first contact due.

    Raises Refused to a member of staff (``by``), before the visit is finished, after the
    branch's days for rating, and if the visit was rated already.
    """
    moment = now or timezone.now()
    if by is not None:
        raise Refused(_("Only the visitor rates the visit. Please sign out first."))
    if grade not in Grade.values:
        raise Refused(_("Please choose one of the three."))
    with transaction.atomic():
        visit = (
            Ticket.objects.select_for_update(of=("self",))
            .select_related("branch", "service", "counter__branch")
            .get(pk=ticket.pk)
        )
        _check_open(visit, moment)
        rating = _insert(visit, Grade(grade), via, device, moment)
        publish(visit.branch_id, Event.RATING_GIVEN, rating=rating.pk)
    return rating


def explain(
    *,
    rating: Rating,
    reasons: Collection[str] = (),
    comment: str = "",
    by: Member | None = None,
    now: dt.datetime | None = None,
) -> Rating:
    """Why the visitor gave the grade, said once and soon after; a case hears of it too."""
    moment = now or timezone.now()
    comment = comment.strip()
    if by is not None:
        raise Refused(_("Only the visitor rates the visit. Please sign out first."))
    if len(comment) > COMMENT_LIMIT:
        raise Refused(
            _("The text is too long: at most %(limit)s characters.") % {"limit": COMMENT_LIMIT}
        )
    with transaction.atomic():
        row = Rating.objects.select_for_update(of=("self",)).get(pk=rating.pk)
        if row.explained_at is not None or moment - row.given_at > EXPLAIN_WITHIN:
            raise Refused(_("Thank you. The reasons for this rating are closed."))
        chosen = [each for each in REASONS[Grade(row.grade)] if each.value in reasons]
        Remark.objects.bulk_create(Remark(rating=row, reason=each) for each in chosen)
        row.comment, row.explained_at = comment, moment
        row.save(update_fields=["comment", "explained_at"])
        if row.matter is not None and (chosen or comment):
            complaints.add_words(matter=row.matter, text=in_words(chosen, comment), now=moment)
        publish(row.branch_id, Event.RATING_GIVEN, rating=row.pk)
    return row


def in_words(reasons: Collection[Reason], comment: str) -> str:
    """Reasons and comment as the case's time line has them."""
    chosen = " · ".join(str(each.label) for each in reasons)
    return "\n".join(part for part in (chosen, comment) if part)


def may_rate(ticket: Ticket, now: dt.datetime) -> bool:
    """Whether the visit may be rated at this moment, if it was not."""
    try:
        _check_open(ticket, now)
    except Refused:
        return False
    return True


def _check_open(ticket: Ticket, moment: dt.datetime) -> None:
    if ticket.state != State.DONE or ticket.closed_by_day_end:
        raise Refused(_("A visit can be rated when it is finished."))
    today = calendar.local_day(ticket.branch, moment)
    if today == ticket.day:
        return
    if today > calendar.add_working_days(ticket.branch, ticket.day, ticket.branch.rating_days):
        raise Refused(_("It is too late to rate this visit."))


def _insert(
    visit: Ticket, grade: Grade, via: str, device: Device | None, moment: dt.datetime
) -> Rating:
    offering = Offering.objects.filter(branch=visit.branch, service=visit.service).first()
    try:
        with transaction.atomic():
            rating = Rating.objects.create(
                ticket=visit,
                branch=visit.branch,
                service=visit.service,
                department=offering.department if offering else None,
                counter=visit.counter,
                member=visit.member,
                grade=grade,
                via=Via(via),
                device=device,
                given_at=moment,
                day=calendar.local_day(visit.branch, moment),
            )
    except IntegrityError as error:
        raise Refused(_("This visit was rated already. Thank you.")) from error
    if grade == Grade.DISSATISFIED:
        rating.matter = _open_case(visit, moment)
        rating.save(update_fields=["matter"])
    return rating


def _open_case(visit: Ticket, moment: dt.datetime) -> Matter:
    """The case that a bad rating opens; it speaks the visitor's language."""
    with translation.override(visit.language):
        text = _("The visitor was not satisfied with visit %(code)s.") % {"code": visit.code}
    return complaints.receive(
        branch=visit.branch,
        kind=Kind.COMPLAINT,
        source=Source.RATING,
        text=text,
        ticket=visit,
        language=visit.language,
        now=moment,
    )
