"""Making the summary of a month."""

from __future__ import annotations

import datetime as dt

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from hall import calendar, ledger
from hall.calendar import Month
from hall.events import Event, publish
from hall.models import Branch
from hall.refusal import Refused
from queueing import actions as queue
from ratings.figures import summary_rows as summaries
from ratings.models import Row, Summary
from staff.models import Member


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
    # A ticket without an outcome would count as nothing in this summary, and change the next one.
    for day in summaries.days_left_open(branch, month):
        queue.close_day(branch=branch, day=day, now=moment)
    rows = summaries.rows(branch, month)
    # By the order alone: the model's own begins with the scope's name, and rows() does not.
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
            # First, so that the second of two makers meets the constraint before it writes a row.
            summary.save(force_insert=True)
            for row in rows:
                row.summary = summary
            Row.objects.bulk_create(rows)
            by, month = summary.made_by or ledger.HALL, summary.first_day
            ledger.record("summary.make", of=summary, by=by, month=month, version=summary.version)
            publish(summary.branch_id, Event.SUMMARY_MADE, summary=summary.pk)
    except IntegrityError:
        twin = Summary.objects.of(summary.branch, summary.month).first()
        # An older version is no twin: then the fault is another one.
        if twin is None or twin.version < summary.version:
            raise
        return twin
    return summary
