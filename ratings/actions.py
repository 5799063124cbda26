"""Everything that changes a rating or makes a summary: check, write, publish. By keyword.

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
from hall.calendar import Month
from hall.events import Event, publish
from hall.models import Branch, Device, Offering
from hall.refusal import Refused
from queueing import actions as queue
from queueing.models import State, Ticket
from ratings import summaries
from ratings.models import (
    COMMENT_LIMIT,
    REASONS,
    Grade,
    Rating,
    Reason,
    Remark,
    Row,
    Summary,
    Via,
)
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
        if not may_explain(row, moment):
            raise Refused(_("Thank you. The reasons for this rating are closed."))
        chosen = [each for each in REASONS[Grade(row.grade)] if each.value in reasons]
        Remark.objects.bulk_create(Remark(rating=row, reason=each) for each in chosen)
        row.comment, row.explained_at = comment, moment
        row.save(update_fields=["comment", "explained_at"])
        if row.matter is not None and (chosen or comment):
            complaints.add_words(matter=row.matter, text=in_words(chosen, comment), now=moment)
        publish(row.branch_id, Event.RATING_GIVEN, rating=row.pk)
    return row


def summarise(
    *,
    branch: Branch,
    month: Month,
    by: Member | None = None,
    now: dt.datetime | None = None,
    correct: bool = False,
    reason: str = "",
) -> Summary:
    """Sum up a branch's month, once: a summary that is there stays, and is returned.

    Days of the month that nobody closed are closed first. ``correct`` adds a new version beside
    the last if the figures have changed since, with a reason. Made by two at once, one is kept;
    killed midway, nothing is. Raises Refused while the month is not over at the branch.
    """
    moment = now or timezone.now()
    if moment < calendar.month_bounds(branch, month)[1]:
        raise Refused(_("%(month)s is not over at %(branch)s.") % _month_of(branch, month))
    if correct and not reason.strip():
        raise Refused(_("Please say why the summary is corrected."))
    before = Summary.objects.of(branch, month).first()
    if before is not None and not correct:
        return before
    for day in summaries.days_left_open(branch, month):
        queue.close_day(branch=branch, day=day, now=moment)
    rows = summaries.rows(branch, month)
    if before is not None and summaries.same_figures(before.rows.order_by("order"), rows):
        return before
    summary = Summary(branch=branch, first_day=month.first, made_at=moment, made_by=by)
    if before is not None:
        summary.version, summary.reason = before.version + 1, reason.strip()
    return _store(summary, rows)


def _month_of(branch: Branch, month: Month) -> dict[str, str]:
    return {"month": str(month), "branch": branch.name}


def _store(summary: Summary, rows: list[Row]) -> Summary:
    """Write the summary with all its rows, or take the one that somebody else wrote meanwhile."""
    try:
        with transaction.atomic():
            summary.save(force_insert=True)
            for row in rows:
                row.summary = summary
            Row.objects.bulk_create(rows)
            publish(summary.branch_id, Event.SUMMARY_MADE, summary=summary.pk)
    except IntegrityError:
        twin = Summary.objects.of(summary.branch, summary.month).first()
        if twin is None or twin.version < summary.version:
            raise
        return twin
    return summary


def in_words(reasons: Collection[Reason], comment: str) -> str:
    """Reasons and comment as the case's time line has them."""
    chosen = " · ".join(str(each.label) for each in reasons)
    return "\n".join(part for part in (chosen, comment) if part)


def case_text(code: str, language: str) -> str:
    """What a case says that a bad rating opens, in the visitor's language."""
    with translation.override(language):
        return _("The visitor was not satisfied with visit %(code)s.") % {"code": code}


def may_rate(ticket: Ticket, now: dt.datetime) -> bool:
    """Whether the visit may be rated at this moment, if it was not."""
    try:
        _check_open(ticket, now)
    except Refused:
        return False
    return True


def may_explain(rating: Rating, now: dt.datetime | None = None) -> bool:
    """Whether reasons for the rating are still taken."""
    moment = now or timezone.now()
    return rating.explained_at is None and moment - rating.given_at <= EXPLAIN_WITHIN


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
    """The case that a bad rating opens."""
    return complaints.receive(
        branch=visit.branch,
        kind=Kind.COMPLAINT,
        source=Source.RATING,
        text=case_text(visit.code, visit.language),
        ticket=visit,
        language=visit.language,
        now=moment,
    )
