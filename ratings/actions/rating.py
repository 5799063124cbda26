"""A visitor rates a visit, and says why."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection

from django.db import IntegrityError, transaction
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from complaints import actions as complaints
from complaints.models import Kind, Matter, Source
from hall import calendar, ledger
from hall.events import Event, publish
from hall.models import Device
from hall.refusal import Refused
from queueing.models import Ticket
from ratings.models import COMMENT_LIMIT, REASONS, Grade, Rating, Reason, Remark, Via
from ratings.rateable import check_open, may_explain
from staff.models import Member


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
        # Locked: a finish undone at this moment would leave a rating of a visit that goes on.
        visit = (
            Ticket.objects.select_for_update(of=("self",))
            .select_related("branch", "service", "counter__branch")
            .get(pk=ticket.pk)
        )
        check_open(visit, moment)
        rating = _insert(visit, Grade(grade), via, device, moment)
        ledger.record("rating.give", of=rating, by=None, at=moment, ticket=visit.pk, grade=grade)
        _announce(rating)
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
        # Locked, because it is said once: pad and phone may send at the same moment.
        row = Rating.objects.select_for_update(of=("self",)).get(pk=rating.pk)
        if not may_explain(row, moment):
            raise Refused(_("Thank you. The reasons for this rating are closed."))
        # Only what this grade is offered: a form may send anything.
        chosen = [each for each in REASONS[Grade(row.grade)] if each.value in reasons]
        Remark.objects.bulk_create(Remark(rating=row, reason=each) for each in chosen)
        row.comment, row.explained_at = comment, moment
        row.save(update_fields=["comment", "explained_at"])
        if row.matter is not None and (chosen or comment):
            complaints.add_words(matter=row.matter, text=in_words(chosen, comment), now=moment)
        ledger.record("rating.explain", of=row, by=None, at=moment, reasons=len(chosen))
        _announce(row)
    return row


def in_words(reasons: Collection[Reason], comment: str) -> str:
    """Reasons and comment as the case's time line has them."""
    chosen = " · ".join(str(each.label) for each in reasons)
    return "\n".join(part for part in (chosen, comment) if part)


def case_text(code: str, language: str) -> str:
    """What a case says that a bad rating opens, in the visitor's language."""
    with translation.override(language):
        return _("The visitor was not satisfied with visit %(code)s.") % {"code": code}


def _announce(rating: Rating) -> None:
    publish(
        rating.branch_id,
        Event.RATING_GIVEN,
        rating=rating.pk,
        ticket=rating.ticket_id,
        counter=rating.counter_id,
    )


def _insert(
    visit: Ticket, grade: Grade, via: str, device: Device | None, moment: dt.datetime
) -> Rating:
    try:
        with transaction.atomic():
            rating = Rating.objects.create(
                ticket=visit,
                branch=visit.branch,
                service=visit.service,
                department_id=visit.department_id,
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
    # In the same transaction: a bad rating without a case would never be answered (好差评).
    if grade == Grade.DISSATISFIED:
        rating.matter = _open_case(visit, moment)
        rating.save(update_fields=["matter"])
    return rating


def _open_case(visit: Ticket, moment: dt.datetime) -> Matter:
    return complaints.receive(
        branch=visit.branch,
        kind=Kind.COMPLAINT,
        source=Source.RATING,
        text=case_text(visit.code, visit.language),
        ticket=visit,
        language=visit.language,
        now=moment,
    )
