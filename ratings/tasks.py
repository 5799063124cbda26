"""Background work on summaries. It may run twice, at once, late or never on time without harm."""

from __future__ import annotations

import datetime as dt

import structlog
from celery import shared_task
from django.utils import timezone

from hall.calendar import Month
from hall.models import Branch
from queueing.states import REOPEN_WITHIN
from ratings import actions
from ratings.figures import summary_rows as summaries

log = structlog.get_logger(__name__)


@shared_task
def summarise_months() -> int:
    """Make every summary that is due: each branch's last month, and earlier ones that lack it.

    Asked every ten minutes instead of at midnight on the 1st: midnight is another moment in each
    branch's zone, and a worker that was down then makes up for it as soon as it is back. Where
    nothing is due it costs two small queries a branch. It waits until no finish of the last
    minute can be undone any more. One branch's fault does not keep the others waiting.
    """
    now = timezone.now()
    made = 0
    for branch in Branch.objects.all():
        for month in summaries.missing(branch, now - REOPEN_WITHIN):
            made += _summarise(branch, month, now)
    return made


def _summarise(branch: Branch, month: Month, now: dt.datetime) -> bool:
    try:
        actions.summarise(branch=branch, month=month, now=now)
    except Exception:
        log.exception("summary_failed", branch=branch.slug, month=str(month))
        return False
    return True
