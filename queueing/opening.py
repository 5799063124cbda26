"""Whether a branch takes visitors in at a moment."""

from __future__ import annotations

import datetime as dt
from typing import Final

from django.utils.translation import gettext_lazy as _

from hall import calendar, rules
from hall.models import Branch

# As of the moment at which somebody wants a ticket.
OUTSIDE_HOURS: Final = rules.yes_no(
    "queueing.issues_outside_hours",
    default=False,
    label=_("issues tickets outside opening hours"),
)


def takes_tickets(branch: Branch, moment: dt.datetime) -> bool:
    """Whether the branch, if it is open to the public at all, issues tickets at this moment."""
    return OUTSIDE_HOURS.at(branch, moment) or calendar.is_open(branch, moment)
